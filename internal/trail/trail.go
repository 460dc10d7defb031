// Package trail is the audit log as people read it: lists of an account and of everything below it, one event in full,
// exports, and how long events are kept.
package trail

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
)

// Service is the operations on the audit log.
type Service struct {
	op      *op.Runner
	cursors *page.Sealer
	now     clock.Clock
	texts   *i18n.Catalogue
}

// NewService makes a Service.
func NewService(r *op.Runner, c *page.Sealer, now clock.Clock, texts *i18n.Catalogue) *Service {
	return &Service{r, c, now, texts}
}

// Query is what is asked of the log.
type Query struct {
	Within  string      // how far back: "day", "week", "month", "year", "" is all
	From    string      // or from this day, YYYY-MM-DD in UTC
	To      string      // to this day, itself in it
	Noun    string      // what it is about: "account"
	Action  string      // "account.created"
	Actor   string      // an id
	Target  string      // an id
	At      ids.Account // the log of one account below, alone
	Address string
	Text    string
	Refused bool
	Below   bool
	Cursor  string
	Limit   int // page.Size when 0
}

// withins are the spans that Within names.
var withins = map[string]time.Duration{"day": 24 * time.Hour, "week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour, "year": 365 * 24 * time.Hour}

// Withins lists the spans from the shortest.
func Withins() []string { return []string{"day", "week", "month", "year"} }

const longText = 200

// Page is one page of the log.
type Page struct {
	Events []audit.Entry
	Next   string // cursor; "" at the end of the log
}

// List returns a page of the account's log, newest first. A search ends early rather than read the whole log: then the
// page is short and has a next one.
func (s *Service) List(ctx context.Context, by authz.Actor, account ids.Account, in Query) (Page, error) {
	q, sc, f, err := s.reading(ctx, by, authz.AuditView, account, in)
	if err != nil {
		return Page{}, err
	}
	bind := page.Binding{Actor: by.ID(), Root: string(account), Query: in.text()}
	if in.Cursor != "" {
		c, err := s.cursors.Open(bind, in.Cursor, 2)
		if err != nil {
			return Page{}, err
		}
		at, err := strconv.ParseInt(c.Key[0], 10, 64)
		if err != nil {
			return Page{}, errs.NoSuch("page")
		}
		f.After = audit.Cursor{At: at, ID: ids.Event(c.Key[1])}
	}
	events, next, err := audit.List(ctx, q, sc, f)
	if err != nil {
		return Page{}, err
	}
	out := Page{Events: events}
	if next != (audit.Cursor{}) {
		out.Next = s.cursors.Seal(bind, page.Cursor{Key: []string{strconv.FormatInt(next.At, 10), string(next.ID)}})
	}
	return out, nil
}

// text is the query without its cursor, for the binding of cursors.
func (in Query) text() string {
	in.Cursor, in.Limit = "", 0
	return fmt.Sprintf("audit %q", fmt.Sprint(in))
}

// reading makes the filter, where the actor has the permission.
func (s *Service) reading(ctx context.Context, by authz.Actor, p authz.Perm, account ids.Account, in Query) (db.Queryer, authz.Scope, audit.Filter, error) {
	q, sc, err := s.scope(ctx, by, p, account, in.At)
	if err != nil {
		return nil, sc, audit.Filter{}, err
	}
	f, err := s.filter(in)
	return q, sc, f, err
}

// scope checks the permission on the account, and on one at or below it whose log alone is read, "" for none.
func (s *Service) scope(ctx context.Context, by authz.Actor, p authz.Perm, account, at ids.Account) (db.Queryer, authz.Scope, error) {
	q, sc, err := s.op.Read(ctx, by, p, account)
	if err != nil || at == "" || at == account {
		return q, sc, err
	}
	if _, sc, err = s.op.Read(ctx, by, p, at); err != nil {
		return nil, sc, err
	}
	if !slices.Contains(sc.Chain(), account) {
		return nil, sc, errs.NoSuch("account")
	}
	return q, sc, nil
}

func (s *Service) filter(in Query) (audit.Filter, error) {
	f := audit.Filter{
		Limit: in.Limit, Target: in.Target, Actor: in.Actor, Action: in.Action, Noun: in.Noun, Address: strings.TrimSpace(in.Address),
		Refused: in.Refused, Below: in.Below && in.At == "", Text: in.Text,
	}
	if f.Limit <= 0 {
		f.Limit = page.Size
	}
	if len(f.Text) > longText {
		f.Text = strings.ToValidUTF8(f.Text[:longText], "")
	}
	if in.Within != "" {
		span, ok := withins[in.Within]
		if !ok {
			return f, errs.New(errs.Invalid, "audit.within_unknown", "Choose one of the spans of time.")
		}
		f.From = s.now().Add(-span)
	}
	var err error
	if in.From != "" {
		if f.From, err = time.Parse(time.DateOnly, in.From); err != nil {
			return f, errs.Field("from", "audit.day_unreadable", "Write the day as year, month and day, like 2026-11-18.")
		}
	}
	if in.To != "" {
		if f.To, err = time.Parse(time.DateOnly, in.To); err != nil {
			return f, errs.Field("to", "audit.day_unreadable", "Write the day as year, month and day, like 2026-11-18.")
		}
		f.To = f.To.AddDate(0, 0, 1)
	}
	return f, nil
}

// Event is one event in full, with its place in the chain of its account.
type Event struct {
	audit.Entry
	audit.Place
}

// Get returns one event of the account's log, or of the log of an account below.
func (s *Service) Get(ctx context.Context, by authz.Actor, account ids.Account, id ids.Event) (Event, error) {
	q, sc, err := s.op.Read(ctx, by, authz.AuditView, account)
	if err != nil {
		return Event{}, err
	}
	e, at, err := audit.Find(ctx, q, sc, id)
	return Event{e, at}, err
}

// News returns what was recorded since an instant, oldest first, at most a hundred. It is asked again and again by
// those who watch the log, and checks their rights each time. Events are told in the order of their instants, and one may
// be committed after a younger one: whoever asks looks back a little and leaves out what they have.
func (s *Service) News(ctx context.Context, by authz.Actor, account ids.Account, in Query, since time.Time) ([]audit.Entry, error) {
	q, sc, f, err := s.reading(ctx, by, authz.AuditView, account, in)
	if err != nil {
		return nil, err
	}
	if since.After(f.From) {
		f.From = since
	}
	f.Limit = newsLimit
	events, _, err := audit.List(ctx, q, sc, f)
	slices.Reverse(events)
	return events, err
}

const newsLimit = 100
