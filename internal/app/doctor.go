package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/certs"
	"bailiwick/internal/contact"
	"bailiwick/internal/db"
	"bailiwick/internal/usage"
)

// Finding is one thing that was looked at. An empty Remedy means that all is well.
type Finding struct {
	What   string
	Remedy string
}

// Doctor looks at what operators get wrong or must not overlook.
func (a *App) Doctor(ctx context.Context) []Finding {
	return []Finding{
		a.lookAtDatabase(ctx),
		a.lookAtSearch(ctx),
		a.lookAtLists(ctx),
		a.lookAtCounts(ctx),
		a.lookAtSums(ctx),
		a.lookAtKeyFile(),
		a.lookAtKeys(ctx),
		a.lookAtMail(),
		a.lookAtBaseURL(),
		a.lookAtCertificate(),
		a.lookAtMetrics(),
		a.lookAtClock(ctx),
		a.lookAtDisk(),
		a.lookAtJobs(ctx),
		a.lookAtLog(ctx),
		a.lookAtSetup(ctx),
	}
}

func (a *App) lookAtDatabase(ctx context.Context) Finding {
	if err := a.DB.Ping(ctx); err != nil {
		return Finding{"Database", err.Error()}
	}
	n, err := a.DB.Pending(ctx)
	switch {
	case err != nil:
		return Finding{"Database schema", err.Error()}
	case n > 0:
		return Finding{"Database schema", fmt.Sprintf("Run bailiwick migrate: %d migrations are waiting.", n)}
	}
	return Finding{What: "Database answers and its schema is up to date."}
}

// lookAtSearch says how PostgreSQL is given what the migration could not make with the rights of its role.
func (a *App) lookAtSearch(ctx context.Context) Finding {
	ok, err := db.CanFindInside(ctx, a.DB, "client_search")
	switch {
	case err != nil:
		return Finding{"Search", err.Error()}
	case !ok:
		return Finding{"Search finds only the beginnings of words", "As the owner of the database, run CREATE EXTENSION pg_trgm and then CREATE INDEX client_search_trgm_idx ON client_search USING gin (text gin_trgm_ops): the role of Bailiwick may not create the extension."}
	}
	return Finding{What: "Search finds words and what stands inside of them."}
}

// lookAtLists compares the rows from which lists of clients start with the accounts.
func (a *App) lookAtLists(ctx context.Context) Finding {
	found, err := account.CheckLists(ctx, a.DB)
	switch {
	case err != nil:
		return Finding{"Lists of clients", err.Error()}
	case !found.Sound():
		return Finding{fmt.Sprintf("Lists of clients: %d clients are listed wrongly, and %d rows are nobody's", len(found.Wrong), found.Strays),
			"Run bailiwick doctor --repair: it writes their rows anew from the accounts, beside the running program."}
	}
	return Finding{What: fmt.Sprintf("The lists of %d clients say what the accounts say.", found.Clients)}
}

// lookAtCounts compares how many contacts accounts have with the number that limits are held to.
func (a *App) lookAtCounts(ctx context.Context) Finding {
	wrong, err := contact.CheckCounts(ctx, a.DB)
	switch {
	case err != nil:
		return Finding{"Numbers of contacts", err.Error()}
	case len(wrong) > 0:
		return Finding{fmt.Sprintf("Numbers of contacts: %d accounts have another number than the one that is kept for them", len(wrong)),
			"Run bailiwick doctor --repair: it counts them anew, beside the running program."}
	}
	return Finding{What: "The kept numbers of contacts are how many there are."}
}

// lookAtSums compares what was sent in days and months with the hours and days that are kept.
func (a *App) lookAtSums(ctx context.Context) Finding {
	wrong, err := usage.CheckSums(ctx, a.DB)
	switch {
	case err != nil:
		return Finding{"Sums of what was sent", err.Error()}
	case len(wrong) > 0:
		return Finding{fmt.Sprintf("Sums of what was sent: %d days and months are not what their hours and days are together", len(wrong)),
			"Run bailiwick doctor --repair: it adds them up anew, beside the running program."}
	}
	return Finding{What: "The sums of what was sent are those of their hours and days."}
}

// Repair writes anew what follows from other data and does not agree with it.
func (a *App) Repair(ctx context.Context) error {
	for _, mend := range []func(context.Context) error{a.repairLists, a.repairCounts, a.repairSums} {
		if err := mend(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) repairLists(ctx context.Context) error {
	found, err := account.CheckLists(ctx, a.DB)
	if err != nil || found.Sound() {
		return err
	}
	return account.MendLists(ctx, a.DB, found)
}

func (a *App) repairCounts(ctx context.Context) error {
	wrong, err := contact.CheckCounts(ctx, a.DB)
	if err != nil {
		return err
	}
	return contact.MendCounts(ctx, a.DB, wrong)
}

// repairSums looks again once days were mended, for the months that had agreed with them.
func (a *App) repairSums(ctx context.Context) error {
	for range 2 {
		wrong, err := usage.CheckSums(ctx, a.DB)
		if err != nil {
			return err
		}
		if err := usage.MendSums(ctx, a.DB, wrong); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) lookAtKeyFile() Finding {
	info, err := os.Stat(a.cfg.KeyFile())
	switch {
	case err != nil:
		return Finding{"Master key", err.Error()}
	case info.Mode().Perm()&0o077 != 0:
		return Finding{"Master key", "Run chmod 600 " + a.cfg.KeyFile() + ": others on this machine can read it."}
	}
	return Finding{What: "Master key is readable by its owner alone. Back it up apart from the archives: they do not hold it."}
}

// lookAtKeys finds what was sealed with a key that is gone, and keys that only what was signed with them still needs.
func (a *App) lookAtKeys(ctx context.Context) Finding {
	all, err := a.MasterKeys.Keys(ctx)
	if err != nil {
		return Finding{"Master keys", err.Error()}
	}
	var missing, behind, idle []string
	for _, k := range all {
		switch id := k.ID.String(); {
		case !k.InFile:
			missing = append(missing, fmt.Sprintf("%s (%d)", id, k.Values()))
		case k.Newest:
		case k.Values() > 0 || k.Servers > 0:
			behind = append(behind, id)
		default:
			idle = append(idle, id)
		}
	}
	switch {
	case len(missing) > 0:
		return Finding{"Master keys: stored values were sealed with keys that are not in " + a.cfg.KeyFile(),
			"Put back the key file that holds them. They cannot be read without. Keys, and how many values: " + strings.Join(missing, ", ") + "."}
	case len(behind) > 0:
		return Finding{What: "Older master keys still seal something: " + strings.Join(behind, ", ") + ". A server that was told of the newest seals it anew within hours."}
	case len(idle) > 0:
		return Finding{What: "Nothing stored needs these master keys any more: " + strings.Join(idle, ", ") + ". bailiwick admin drop-key takes them out of the file, and links in mails from before die."}
	}
	return Finding{What: "Everything stored is sealed with the master key in use."}
}

func (a *App) lookAtMail() Finding {
	if a.cfg.MailOff {
		return Finding{What: "Mail is off: links are shown once to who makes them, and nobody is reminded of anything."}
	}
	if !a.cfg.CapturesMail() {
		return Finding{What: "Mail goes to " + a.cfg.SMTP.Host + "."}
	}
	if a.loopback() {
		return Finding{What: "Mail is captured, not sent, and shown to the platform's Owner."}
	}
	return Finding{"Mail is captured, not sent", "Set smtp.host: others than this machine can reach the portal, and one-time links lie in the captured mail."}
}

func (a *App) loopback() bool { return onLoopback(a.cfg.Listen) }

func onLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func (a *App) lookAtBaseURL() Finding {
	if a.cfg.BaseURL.Scheme != "https" && !a.loopback() {
		return Finding{"Address of the portal", "Put HTTPS in front and set base_url to https://...: passwords travel in the clear."}
	}
	return Finding{What: "Links in mails begin with " + a.cfg.BaseURL.String() + "."}
}

// soon is how long before its end a certificate from files should be replaced.
const soon = 14 * 24 * time.Hour

func (a *App) lookAtCertificate() Finding {
	t := a.cfg.TLS
	switch {
	case t.ACME:
		return Finding{What: "The certificate comes from " + t.Directory + " and is kept in " + a.cfg.Certificates() + "."}
	case t.Cert == "" && a.cfg.BaseURL.Scheme == "https" && len(a.cfg.TrustedProxies) == 0:
		return Finding{"HTTPS in front", "Set trusted_proxies to the address of the proxy: it hides people's own addresses, and many who guess passwords count as one."}
	case t.Cert == "":
		return Finding{What: "HTTPS is left to what stands in front."}
	}
	f, err := certs.FromFiles(t.Cert, t.Key, a.log)
	if err != nil {
		return Finding{"Certificate", err.Error()}
	}
	leaf, host := f.Leaf(), a.cfg.BaseURL.Hostname()
	if err := leaf.VerifyHostname(host); err != nil {
		return Finding{"Certificate", "Get a certificate for " + host + ", or correct base_url: " + err.Error() + "."}
	}
	if a.clock().Add(soon).After(leaf.NotAfter) {
		return Finding{"Certificate", "Replace " + t.Cert + ": it is good until " + leaf.NotAfter.Format(time.DateOnly) + "."}
	}
	return Finding{What: "The certificate is for " + host + " and good until " + leaf.NotAfter.Format(time.DateOnly) + "."}
}

func (a *App) lookAtMetrics() Finding {
	l := a.cfg.Metrics.Listen
	switch {
	case l == "":
		return Finding{What: "Metrics are off. Set metrics.listen to have them."}
	case !onLoopback(l):
		return Finding{"Metrics", "See that only your monitoring reaches " + l + ", or listen on 127.0.0.1: it asks nobody who they are."}
	}
	return Finding{What: "Metrics are on " + l + "."}
}

// lookAtClock compares with PostgreSQL's clock: nodes whose clocks differ disagree on what has ended.
func (a *App) lookAtClock(ctx context.Context) Finding {
	skew, err := a.DB.ClockSkew(ctx)
	switch {
	case err != nil:
		return Finding{"Clock", err.Error()}
	case skew.Abs() > worstSkew:
		return Finding{"Clock", fmt.Sprintf("Set this machine's clock by NTP: it and the database's differ by %s, so links and sessions end too early or too late.", skew.Abs().Round(time.Millisecond))}
	}
	return Finding{What: "The clock agrees with the database's."}
}

// What is bad enough to be mended.
const (
	worstSkew  = 2 * time.Second
	leastRoom  = 1 << 30 // bytes
	sealWithin = 10 * time.Second
)

func (a *App) lookAtDisk() Finding {
	room, err := free(a.cfg.Data)
	switch {
	case err != nil:
		return Finding{"Disk", err.Error()}
	case room < leastRoom:
		return Finding{"Disk", fmt.Sprintf("Make room: %d MB are left for %s. A full disk stops all changes.", room>>20, a.cfg.Data)}
	}
	return Finding{What: fmt.Sprintf("%d GB are left on the disk of %s.", room>>30, a.cfg.Data)}
}

// lookAtLog finds events that nobody seals: a moment ago is usual while the program runs.
func (a *App) lookAtLog(ctx context.Context) Finding {
	n, oldest, err := a.Log.Backlog(ctx)
	switch {
	case err != nil:
		return Finding{"Event log", err.Error()}
	case oldest > sealWithin:
		return Finding{"Event log", fmt.Sprintf("Run bailiwick serve: %d events wait to be sealed, the oldest for %s. Until then nobody could prove that one was changed.", n, oldest.Round(time.Second))}
	}
	return Finding{What: "Every event is sealed."}
}

func (a *App) lookAtJobs(ctx context.Context) Finding {
	waiting, err := a.Jobs.Waiting(ctx)
	dead := 0
	for _, w := range waiting {
		if w.State == "dead" {
			dead += w.Jobs
		}
	}
	switch {
	case err != nil:
		return Finding{"Background jobs", err.Error()}
	case dead > 0:
		return Finding{"Background jobs", fmt.Sprintf("Look in the log: %d jobs gave up. Mails among them were not sent.", dead)}
	}
	return Finding{What: "No background job has given up."}
}

func (a *App) lookAtSetup(ctx context.Context) Finding {
	done, err := a.Brands.Named(ctx)
	switch {
	case err != nil:
		return Finding{"Set-up", err.Error()}
	case !done:
		return Finding{"Set-up", "Run bailiwick serve and open the set-up link it prints: the platform has no name and no Owner yet."}
	}
	return Finding{What: "The platform is set up."}
}
