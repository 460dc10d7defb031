package contact

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
)

// Reason is why nothing is sent to an address.
type Reason string

// The reasons.
const (
	Unsubscribed Reason = "unsubscribed" // by the contact
	Bounced      Reason = "bounced"
	Complained   Reason = "complained"
	Manual       Reason = "manual" // by a user
)

// Reasons lists the reasons in their order.
func Reasons() []Reason { return []Reason{Unsubscribed, Bounced, Complained, Manual} }

// Suppression is an address to which nothing is sent by an account and all below it.
type Suppression struct {
	ID          ids.Suppressed
	Account     ids.Account
	AccountName string
	List        ids.List // "" for everything
	ListName    string
	Address     string // a folded email or a phone
	Reason      Reason
	At          time.Time
}

type loggedStop struct {
	Reason string `audit:"show"`
	List   string `audit:"show"`
}

func (s Suppression) event(action string) audit.Event {
	return audit.Event{Action: action, TargetType: "suppression", TargetID: string(s.ID), Target: maskAddress(s.Address)}
}

// SuppressionQuery chooses suppressions.
type SuppressionQuery struct {
	Search string // the beginning of an address; all of it where addresses are masked for the viewer
	Reason Reason // "" for all
	Cursor string
}

// SuppressionPage is one page of suppressions.
type SuppressionPage struct {
	Suppressions []Suppression
	Next         string
	Masked       Mask
}

// Suppressions lists the suppressions of an account, the newest first; those that are searched, by address.
func (s *Service) Suppressions(ctx context.Context, by authz.Actor, account ids.Account, in SuppressionQuery) (SuppressionPage, error) {
	return s.suppressionsAs(ctx, by, authz.SuppressionsView, account, in)
}

// ExportSuppressions is Suppressions for whoever may take the list along.
func (s *Service) ExportSuppressions(ctx context.Context, by authz.Actor, account ids.Account, in SuppressionQuery) (SuppressionPage, error) {
	return s.suppressionsAs(ctx, by, authz.SuppressionsExport, account, in)
}

func (s *Service) suppressionsAs(ctx context.Context, by authz.Actor, p authz.Perm, account ids.Account, in SuppressionQuery) (SuppressionPage, error) {
	q, sc, m, err := s.read(ctx, by, p, account)
	if err != nil {
		return SuppressionPage{}, err
	}
	bind := page.Binding{Actor: by.ID(), Root: string(account), Query: "suppressions " + string(m) + " " + string(in.Reason) + " " + in.Search}
	var after []any
	if in.Cursor != "" {
		c, err := s.Cursors.Open(bind, in.Cursor, 2)
		if err != nil {
			return SuppressionPage{}, err
		}
		after = db.Args(c.Key...)
	}
	found, err := stops(ctx, q, sc, in, m, after, page.Size+1)
	if err != nil {
		return SuppressionPage{}, err
	}
	out := SuppressionPage{Masked: m}
	if len(found) > page.Size {
		found = found[:page.Size]
		edge := found[page.Size-1]
		out.Next = s.Cursors.Seal(bind, page.Cursor{Key: []string{edge.Address, string(edge.ID)}})
	}
	for _, x := range found {
		out.Suppressions = append(out.Suppressions, m.onStop(x))
	}
	return out, nil
}

// SuppressInput is what is typed about a suppression.
type SuppressInput struct {
	Address string
	List    ids.List // "" for everything
	Reason  Reason   // Manual unless given
}

func (in SuppressInput) clean() (SuppressInput, error) {
	typed := norm.NFC.String(strings.TrimSpace(in.Address))
	if in.Reason == "" {
		in.Reason = Manual
	}
	var c errs.Collector
	if err := oneOf(Reasons()...)(in.Reason); err != nil {
		c.Add("reason", "setting.not_offered", "Choose one of what is offered.")
	}
	if in.Address = cleanPhone(typed); in.Address == "" {
		a, err := mail.ParseAddress(typed)
		if err != nil || a.Address != typed || len(typed) > longestEmail {
			c.Add("address", "suppression.address", "Write an address like name@example.com, or a phone number.")
		}
		in.Address = ids.Fold(typed)
	}
	return in, c.Err()
}

// Suppress stops what an account sends to an address.
func (s *Service) Suppress(ctx context.Context, by authz.Actor, account ids.Account, in SuppressInput) (id ids.Suppressed, err error) {
	err = s.write(ctx, by, authz.SuppressionsEdit, account, func(ctx context.Context, w *op.W) error {
		in, err := in.clean()
		if err != nil {
			return err
		}
		if in.List != "" {
			if _, err := loadList(ctx, w.Tx(), w.Scope(), in.List); err != nil {
				return err
			}
		}
		made, err := suppress(ctx, w, in)
		if errors.Is(err, db.ErrUnique) {
			e := errs.Field("address", "suppression.exists", "Leave this out. Nothing is sent to it already.")
			e.Kind = errs.Conflict
			return e
		}
		id = made.ID
		return err
	})
	return id, err
}

// suppress records a suppression, and takes the contact who has the address off the list or off all lists.
func suppress(ctx context.Context, w *op.W, in SuppressInput) (Suppression, error) {
	x := Suppression{ID: ids.NewSuppressed(w.Tx().Now()), Account: w.Scope().Account(), List: in.List, Address: in.Address, Reason: in.Reason, At: w.Tx().Now()}
	if err := insertStop(ctx, w.Tx(), w.Scope(), x); err != nil {
		return x, err
	}
	if in.List != "" {
		if err := takeOff(ctx, w.Tx(), w.Scope(), in.Address, in.List); err != nil {
			return x, err
		}
	}
	e := x.event("suppression.added")
	name := ""
	if in.List != "" {
		l, err := oneList(ctx, w.Tx(), w.Scope(), in.List)
		if err != nil {
			return x, err
		}
		name = l.Name
	}
	e.After = loggedStop{string(x.Reason), name}
	w.Audit(e)
	return x, nil
}

// Lift lets an account send to an address again.
func (s *Service) Lift(ctx context.Context, by authz.Actor, account ids.Account, id ids.Suppressed) error {
	return s.write(ctx, by, authz.SuppressionsEdit, account, func(ctx context.Context, w *op.W) error {
		x, err := oneStop(ctx, w.Tx(), w.Scope(), id)
		if errors.Is(err, db.ErrNoRows) {
			return errs.NoSuch("suppression")
		}
		if err != nil {
			return err
		}
		if err := removeStop(ctx, w.Tx(), w.Scope(), id); err != nil {
			return err
		}
		e := x.event("suppression.lifted")
		e.Before = loggedStop{string(x.Reason), x.ListName}
		w.Audit(e)
		return nil
	})
}
