package app

import (
	"context"
	"fmt"
	"net"
	"os"
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
		a.lookAtKeyFile(),
		a.lookAtMail(),
		a.lookAtBaseURL(),
		a.lookAtJobs(ctx),
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

func (a *App) loopback() bool {
	host, _, err := net.SplitHostPort(a.cfg.Listen)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func (a *App) lookAtBaseURL() Finding {
	if a.cfg.BaseURL.Scheme != "https" && !a.loopback() {
		return Finding{"Address of the portal", "Put HTTPS in front and set base_url to https://...: passwords travel in the clear."}
	}
	return Finding{What: "Links in mails begin with " + a.cfg.BaseURL.String() + "."}
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
