package quota

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/op"
)

// The audit actions of credits.
const (
	ActionCreditGranted = "quota.credit_granted"
	ActionCreditVoided  = "quota.credit_voided"
)

// Standings of a credit.
const (
	CreditNext    = "next"    // it is drawn on as soon as the month is used up
	CreditWaiting = "waiting" // others end before it
	CreditUsed    = "used"
	CreditExpired = "expired"
	CreditVoid    = "void"
)

// Granted is a credit with what became of it.
type Granted struct {
	ID        ids.Credit
	Channel   Channel
	Units     int64
	Used      int64 // without what nodes hold ready
	State     string
	Expires   time.Time
	LastDay   string // YYYY-MM-DD in the account's zone on which it can be drawn on for the last time
	Reason    string
	Reference string // "" without one
	At        time.Time
	By        string // "" when it was granted from an account that the reader does not see
	VoidedAt  time.Time
	VoidedBy  string
	Void      string // why

	from, voidedFrom ids.Account
	asked            string // the last day as it was asked for, "" for a moment
}

// Left is what can still be drawn: of a credit that has ended, nothing.
func (g Granted) Left() int64 {
	if g.State == CreditNext || g.State == CreditWaiting {
		return max(0, g.Units-g.Used)
	}
	return 0
}

// CreditPageSize is how many credits a page has.
const CreditPageSize = 50

// CreditPage is one page of the credits of a client.
type CreditPage struct {
	Credits []Granted
	Next    ids.Credit // where the next page begins, "" for the end
	Left    map[Channel]int64
	CanEdit bool // the reader may grant and void
}

// Credits lists the credits of a client, the newest first. after is CreditPage.Next of the page before.
func (s *Service) Credits(ctx context.Context, by authz.Actor, client ids.Account, after ids.Credit) (CreditPage, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, client)
	if err != nil {
		return CreditPage{}, err
	}
	if sc.Kind() != "customer" {
		return CreditPage{}, errs.NoSuch("credit")
	}
	all, err := creditList(ctx, q, sc, after, CreditPageSize+1)
	if err != nil {
		return CreditPage{}, err
	}
	out := CreditPage{Credits: all, Left: map[Channel]int64{}, CanEdit: sc.HeldAbove(authz.QuotasEdit)}
	if len(all) > CreditPageSize {
		out.Credits = all[:CreditPageSize]
		out.Next = out.Credits[CreditPageSize-1].ID
	}
	return out, s.stand(ctx, q, sc, &out)
}

// Credit returns one credit of a client.
func (s *Service) Credit(ctx context.Context, by authz.Actor, client ids.Account, id ids.Credit) (Granted, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, client)
	if err != nil {
		return Granted{}, err
	}
	g, err := oneCredit(ctx, q, sc, id)
	if err != nil {
		return Granted{}, err
	}
	p := CreditPage{Credits: []Granted{g}, Left: map[Channel]int64{}}
	err = s.stand(ctx, q, sc, &p)
	return p.Credits[0], err
}

// stand says of credits how much of them is used, and which one is next.
func (s *Service) stand(ctx context.Context, q db.Queryer, sc authz.Scope, p *CreditPage) error {
	if err := s.engine.Fold(ctx); err != nil {
		return err
	}
	keys := []counted{{string(sc.Account()), Email}, {string(sc.Account()), SMS}}
	now := s.engine.clock()
	purses, err := pursesOf(ctx, q, keys, now)
	if err != nil {
		return err
	}
	cal, err := s.engine.Calendar(ctx, q, sc.Account())
	if err != nil {
		return err
	}
	next := map[ids.Credit]bool{}
	used := map[ids.Credit]int64{}
	for k, purse := range purses {
		p.Left[k.channel] = CreditLeft(purse.credits, now.UnixMilli())
		first := true
		for _, c := range purse.credits {
			used[c.ID] = c.Used
			if c.left(now.UnixMilli()) > 0 {
				next[c.ID], first = first, false
			}
		}
	}
	for i := range p.Credits {
		g := &p.Credits[i]
		if n, live := used[g.ID]; live {
			g.Used = n
		}
		g.LastDay = lastDay(g.Expires, cal.Zone)
		if !sc.Sees(g.from) {
			g.By = ""
		}
		if !sc.Sees(g.voidedFrom) {
			g.VoidedBy = ""
		}
		switch {
		case !g.VoidedAt.IsZero():
			g.State = CreditVoid
		case !now.Before(g.Expires):
			g.State = CreditExpired
		case g.Used >= g.Units:
			g.State = CreditUsed
		case next[g.ID]:
			g.State = CreditNext
		default:
			g.State = CreditWaiting
		}
	}
	return nil
}

// Grant is a credit that somebody wants to give.
type Grant struct {
	Channel   Channel
	Units     int64
	Expires   time.Time // a moment, or zero for the end of LastDay
	LastDay   string    // YYYY-MM-DD in the client's zone
	Reason    string
	Reference string // the giver's own name for it: given twice, it is granted once; "" none
}

const (
	longestReason   = 200
	mostOpenCredits = 200 // of a channel, that have not ended
)

// tidy brings what was asked for into the form in which it is kept.
func (g Grant) tidy() Grant {
	g.Reason, g.Reference, g.LastDay = strings.TrimSpace(g.Reason), strings.TrimSpace(g.Reference), strings.TrimSpace(g.LastDay)
	g.Expires = g.Expires.Truncate(time.Minute).UTC()
	return g
}

// check reports what is no credit, and sets when it ends.
func (g Grant) check(now time.Time, zone *time.Location) (Grant, error) {
	var c errs.Collector
	if !slices.Contains(Channels(), g.Channel) {
		c.Add("channel", "quota.channel_unknown", "Name a channel: email or sms.")
	}
	if g.Units < 1 || g.Units > MostAmount {
		c.Add("units", "credit.units", "Write a number from 1 to {most}.", "most", int64(MostAmount))
	}
	switch {
	case g.LastDay == "" && g.Expires.IsZero():
		c.Add("last_day", "credit.end_missing", "Choose the last day on which the credit can be used.")
	case g.LastDay != "":
		end, err := EndOfDay("last_day", g.LastDay, zone, now)
		if err := c.Merge(err); err != nil {
			return g, err
		}
		g.Expires = end
	case !g.Expires.After(now) || g.Expires.Year() > 9990:
		c.Add("expires_at", "credit.end_past", "Choose a later moment. The credit would have ended already.")
	}
	g.Expires = g.Expires.Truncate(time.Minute).UTC()
	for _, typed := range [][2]string{{"reason", g.Reason}, {"reference", g.Reference}} {
		c.Line(typed[0], typed[1], longestReason)
	}
	return g, c.Err()
}

// same reports whether a credit that was granted is what somebody asks for again, over or not, and in whatever zone the account is now.
func (g Grant) same(old Granted, zone *time.Location) bool {
	if g.Channel != old.Channel || g.Units != old.Units {
		return false
	}
	switch {
	case g.LastDay == "":
		return g.Expires.Equal(old.Expires)
	case old.asked != "":
		return g.LastDay == old.asked
	}
	return g.LastDay == lastDay(old.Expires, zone)
}

type loggedCredit struct {
	Channel   string `audit:"show"`
	Units     int64  `audit:"show"`
	Expires   string `audit:"show"`
	Reason    string `audit:"show"`
	Reference string `audit:"show"`
}

func (g Granted) logged() loggedCredit {
	return loggedCredit{string(g.Channel), g.Units, g.Expires.Format(time.RFC3339), g.Reason, g.Reference}
}

// Grant gives units to a client that were paid for in advance. It is one of the parent's fields. The same reference again grants
// nothing, and returns the credit that it stands for.
func (s *Service) Grant(ctx context.Context, by authz.Actor, client ids.Account, in Grant) (id ids.Credit, err error) {
	err = s.op.Write(ctx, by, authz.QuotasEdit, client, func(ctx context.Context, w *op.W) error {
		if err := mayGrant(w.Scope()); err != nil {
			return err
		}
		cal, err := s.engine.Calendar(ctx, w.Tx(), client)
		if err != nil {
			return err
		}
		g := in.tidy()
		if g.Reference != "" {
			switch old, err := creditByReference(ctx, w.Tx(), w.Scope(), g.Reference); {
			case err == nil && g.same(old, cal.Zone):
				id = old.ID
				return w.Unchanged()
			case err == nil:
				return errs.Field("reference", "credit.reference_other", "Choose another reference. This one stands for a credit of {units} that was granted before.", "units", old.Units)
			case !errors.Is(err, db.ErrNoRows):
				return err
			}
		}
		if g, err = g.check(w.Tx().Now(), cal.Zone); err != nil {
			return err
		}
		if n, err := openCredits(ctx, w.Tx(), w.Scope(), g.Channel, w.Tx().Ms()); err != nil || n >= mostOpenCredits {
			if err == nil {
				err = errs.New(errs.Conflict, "credit.too_many", "Void some credits first, or wait until some have ended. A client has at most {most} at a time.", "most", mostOpenCredits)
			}
			return err
		}
		made := Granted{ID: ids.NewCredit(w.Tx().Now()), Channel: g.Channel, Units: g.Units, Expires: g.Expires, Reason: g.Reason, Reference: g.Reference, By: w.By().Name(), asked: g.LastDay}
		if made.from, err = heldFrom(ctx, w); err != nil {
			return err
		}
		if err := insertCredit(ctx, w.Tx(), w.Scope(), made); err != nil {
			return err
		}
		id = made.ID
		w.Made(op.Result{Type: "credit", ID: string(id), Name: w.Scope().Name()})
		w.Audit(audit.Event{Action: ActionCreditGranted, TargetType: "account", TargetID: string(client), Target: w.Scope().Name(), After: made.logged()})
		return made.tell(ctx, w, notice.CreditGranted, cal.Zone)
	})
	return id, err
}

// Void has a credit give nothing more. What was drawn of it stays drawn.
func (s *Service) Void(ctx context.Context, by authz.Actor, client ids.Account, id ids.Credit, reason string) error {
	return s.op.Write(ctx, by, authz.QuotasEdit, client, func(ctx context.Context, w *op.W) error {
		if err := mayGrant(w.Scope()); err != nil {
			return err
		}
		g, err := oneCredit(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		reason = strings.TrimSpace(reason)
		var c errs.Collector
		c.Line("reason", reason, longestReason)
		switch {
		case !g.VoidedAt.IsZero():
			return w.Unchanged()
		case !w.Tx().Now().Before(g.Expires):
			return errs.New(errs.Conflict, "credit.ended", "Leave it as it is. The credit has ended, and gives nothing more.")
		case reason == "":
			return errs.Field("reason", "credit.reason_missing", "Write why the credit is voided. The client sees it.")
		case c.Err() != nil:
			return c.Err()
		}
		from, err := heldFrom(ctx, w)
		if err != nil {
			return err
		}
		if err := voidCredit(ctx, w.Tx(), w.Scope(), id, w.By().Name(), from, reason); err != nil {
			return err
		}
		before := g.logged()
		after := before
		after.Reason = reason
		w.Audit(audit.Event{Action: ActionCreditVoided, TargetType: "account", TargetID: string(client), Target: w.Scope().Name(), Before: before, After: after})
		cal, err := s.engine.Calendar(ctx, w.Tx(), client)
		if err != nil {
			return err
		}
		return g.tell(ctx, w, notice.CreditVoided, cal.Zone)
	})
}

// tell tells the people of the client by the bell what became of a credit.
func (g Granted) tell(ctx context.Context, w *op.W, kind notice.Kind, zone *time.Location) error {
	return notice.Tell(ctx, w.Tx(), notice.New{Kind: kind, Account: w.Scope().Account(), By: w.By(),
		Facts: map[string]string{"channel": string(g.Channel), "units": strconv.FormatInt(g.Units, 10), "date": lastDay(g.Expires, zone)}})
}

func mayGrant(sc authz.Scope) error {
	switch {
	case sc.Kind() != "customer":
		return errs.New(errs.Invalid, "credit.place", "Choose a client. Only clients have credits.")
	case !sc.HeldAbove(authz.QuotasEdit):
		return errs.New(errs.Denied, "credit.parents_field", "Ask your provider for credits. They are granted by the account above.")
	}
	return nil
}

// heldFrom is the highest account on which the actor may change quotas: who does not see it is not told who granted a credit.
func heldFrom(ctx context.Context, w *op.W) (ids.Account, error) {
	for _, id := range w.Scope().Chain() {
		err := w.On(ctx, authz.QuotasEdit, id, func(context.Context, *op.W) error { return nil })
		switch errs.KindOf(err) {
		case errs.Denied, errs.NotFound:
			continue
		}
		return id, err
	}
	return w.Scope().Account(), nil
}
