package usage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/notice"
	"bailiwick/internal/notify"
	"bailiwick/internal/quota"
	"bailiwick/internal/secret"
)

const (
	watchEvery  = 20 * time.Second
	watchAtOnce = 400
	keepAlerts  = 70 * 24 * time.Hour // longer than any of their periods

	near = 80 // percent
	full = 100
)

// Watcher looks at all that send: it tells people once for each period that a limit is nearly used or used up, and keeps the shares
// that the list of clients is sorted and filtered by.
type Watcher struct {
	db     *db.DB
	engine *quota.Engine
	mail   *notify.Mailer
}

// NewWatcher makes a Watcher.
func NewWatcher(d *db.DB, e *quota.Engine, m *notify.Mailer) *Watcher { return &Watcher{d, e, m} }

// Watch looks at all that have sent within this hour and the last, and at shares whose month is over.
func (w *Watcher) Watch(ctx context.Context) error {
	this := w.engine.Now().Unix() / 3600
	var failed []error
	for _, next := range []func(after string) ([]string, error){
		func(after string) ([]string, error) { return sentIn(ctx, w.db, this-1, after, watchAtOnce) },
		func(after string) ([]string, error) { return sentIn(ctx, w.db, this, after, watchAtOnce) },
		func(after string) ([]string, error) { return leased(ctx, w.db, after, watchAtOnce) },
		func(after string) ([]string, error) {
			return overdue(ctx, w.db, w.engine.Now().UnixMilli(), after, watchAtOnce)
		},
	} {
		failed = append(failed, jobs.Pages(ctx, watchAtOnce, next, func(subjects []string) error { return w.look(ctx, subjects) }))
	}
	return errors.Join(failed...)
}

// look sees how some subjects stand.
func (w *Watcher) look(ctx context.Context, subjects []string) error {
	all, err := w.engine.Gauges(ctx, w.db, subjects)
	if err != nil || len(all) == 0 {
		return err
	}
	told, err := alertsOf(ctx, w.db, subjects)
	if err != nil {
		return err
	}
	var failed []error
	for _, g := range all {
		for _, window := range quota.Windows() {
			for _, a := range due(g, window) {
				if told[a] || told[a.full()] {
					continue
				}
				err := w.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return w.tell(ctx, tx, g, a) })
				if err != nil {
					failed = append(failed, fmt.Errorf("tell of a limit of %s: %w", g.Subject, err))
				}
			}
		}
	}
	return errors.Join(append(failed, w.note(ctx, all))...)
}

// alert is what people are told of once.
type alert struct {
	subject string
	channel quota.Channel
	period  string
	began   int64
	percent int64
}

// full is the alert of the same limit that it is used up.
func (a alert) full() alert {
	a.percent = full
	return a
}

// due are the alerts that a gauge is worth. Of a limit that is used up, that it was nearly is not told any more.
func due(g quota.Gauge, window quota.Window) []alert {
	a := alert{g.Subject, g.Channel, window.String(), g.Began(window), near}
	switch share := g.Share(window); {
	case share < near:
		return nil
	case share >= full:
		a.percent = full
	}
	return []alert{a}
}

// tell tells of an alert, unless another node has.
func (w *Watcher) tell(ctx context.Context, tx *db.Tx, g quota.Gauge, a alert) error {
	fresh, err := markTold(ctx, tx, a)
	if err != nil || !fresh {
		return err
	}
	for _, n := range notices(g, a) {
		if err := notice.Tell(ctx, tx, n); err != nil {
			return err
		}
	}
	return w.write(ctx, tx, g, a)
}

// notices are those of the bell: for the account, for the one above about its client or department, or for one person.
func notices(g quota.Gauge, a alert) []notice.New {
	n := notice.New{Kind: notice.QuotaNear, Account: g.Account, Facts: map[string]string{"limit": string(a.channel) + "_" + a.period, "of": ""}}
	if a.percent == full {
		n.Kind = notice.QuotaReached
	} else {
		n.Facts["percent"] = fmt.Sprint(near)
	}
	switch g.Kind {
	case quota.Member:
		n.Person, n.Kind = g.Person, map[notice.Kind]notice.Kind{notice.QuotaNear: notice.OwnQuotaNear, notice.QuotaReached: notice.OwnQuotaReached}[n.Kind]
		delete(n.Facts, "of")
		return []notice.New{n}
	case quota.SubAccount:
		n.Facts["of"], n.Target = g.Name, g.Subject
		return []notice.New{n}
	}
	if g.Parent == "" {
		return []notice.New{n}
	}
	above := n
	above.Account, above.Facts = g.Parent, map[string]string{}
	for k, v := range n.Facts {
		above.Facts[k] = v
	}
	above.Facts["of"], above.Target = g.Name, g.Subject
	return []notice.New{n, above}
}

// write mails the Owners of the account and the admins of the one above, or the person whose limit it is; who wants no such mails is
// left out when they are sent. Of a limit per hour, which may be near all day long, a mail comes once a day, whatever the bell tells.
func (w *Watcher) write(ctx context.Context, tx *db.Tx, g quota.Gauge, a alert) error {
	if a.period == quota.Hour.String() {
		if mailed, err := toldSince(ctx, tx, a, g.Moment.DayBegan); err != nil || mailed {
			return err
		}
	}
	people, err := readers(ctx, tx, g)
	if err != nil {
		return err
	}
	template, link := notify.QuotaNear, "/a/"+string(g.Account)+"/usage"
	if a.percent == full {
		template = notify.QuotaReached
	}
	switch g.Kind {
	case quota.SubAccount:
		link += "?subaccount=" + g.Subject
	case quota.Member:
		link = "/me"
	}
	window, _ := quota.ParseWindow(a.period) // it was made of one
	var mails []notify.Mail
	for _, p := range people {
		mails = append(mails, notify.Mail{To: p.email, Name: p.name, Template: template, Language: p.language, Account: g.Account, At: p.at, Link: secret.Wrap(link),
			Data: []any{"name", g.Name, "percent", near, "used", g.Used[window], "most", g.Most(window), "limit", notify.Word("notices.limit_" + string(a.channel) + "_" + a.period)}})
	}
	return w.mail.Queue(ctx, tx, mails...)
}

// reader is somebody whom a mail goes to, and the account of whose people they are.
type reader struct {
	email, name, language string
	at                    ids.Account
}

// note keeps how much of its month each client has used, where that has become another.
func (w *Watcher) note(ctx context.Context, all []quota.Gauge) error {
	shares := map[ids.Account]share{}
	for _, g := range all {
		if g.Kind == "customer" {
			s := shares[g.Account]
			shares[g.Account] = share{max(s.percent, g.Share(quota.Month)), g.Moment.MonthEnds}
		}
	}
	if len(shares) == 0 {
		return nil
	}
	known, err := sharesOf(ctx, w.db, shares)
	if err != nil {
		return err
	}
	for id, s := range shares {
		if known[id] == s {
			delete(shares, id)
		}
	}
	if len(shares) == 0 {
		return nil
	}
	return w.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return setShares(ctx, tx, shares) })
}

// share is how much of its month a client has used, and when that ends.
type share struct{ percent, ends int64 }

// Forget deletes alerts whose period is long over.
func (w *Watcher) Forget(ctx context.Context) error {
	for n := int64(forgetChunk); n == forgetChunk; {
		err := w.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = forgetAlerts(ctx, tx, tx.Now().Add(-keepAlerts).UnixMilli())
			return err
		})
		if err != nil {
			return fmt.Errorf("forget what was told of limits: %w", err)
		}
	}
	return nil
}
