package contact

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// askAgain is how long the program waits before it mails a contact for confirmation once more. One mail confirms all
// that waits.
const askAgain = time.Hour

// Confirmation is what waits for the contact whose link it is to confirm.
type Confirmation struct {
	Guest
	Lists       []string
	Preferences string // the path of the contact's own page
}

// Confirmation opens the page on which a contact confirms. It changes nothing.
func (s *Service) Confirmation(ctx context.Context, link string) (out Confirmation, err error) {
	c, sc, err := s.enter(ctx, link, toConfirm)
	if err != nil {
		return out, err
	}
	if out.Guest, err = s.guest(ctx, s.DB, c, sc); err != nil {
		return out, err
	}
	out.Preferences = s.PreferencesLink(c)
	on, err := subscriptionsOf(ctx, s.DB, sc, c.ID)
	for _, x := range on {
		if x.State == Pending {
			out.Lists = append(out.Lists, x.Name)
		}
	}
	return out, err
}

// Confirm puts the contact whose link it is on the lists that wait for them.
func (s *Service) Confirm(ctx context.Context, link string) error {
	c, _, err := s.open(ctx, s.DB, link, toConfirm)
	if err != nil {
		return err
	}
	return s.write(ctx, acting(c.Account), authz.ContactsEdit, c.Account, func(ctx context.Context, w *op.W) error {
		on, err := subscriptionsOf(ctx, w.Tx(), w.Scope(), c.ID)
		if err != nil {
			return err
		}
		var names []string
		for _, x := range on {
			if x.State != Pending {
				continue
			}
			if err := forgive(ctx, w.Tx(), w.Scope(), c.address, x.List); err != nil {
				return err
			}
			if err := subscribeAs(ctx, w.Tx(), w.Scope(), c.ID, x.List, Active); err != nil {
				return err
			}
			names = append(names, x.Name)
		}
		if len(names) == 0 {
			return w.Unchanged()
		}
		e := c.event("contact.confirmed")
		e.After = confirmed{names}
		w.Audit(e)
		return nil
	})
}

// confirmed is what the log says of the lists that a contact confirmed.
type confirmed struct {
	Lists []string `audit:"show"`
}

// asks reports whether contacts have to confirm before they are on a list.
func (s *Service) asks(ctx context.Context, w *op.W) (bool, error) {
	rules, err := s.Known.By(ctx, w.Tx(), w.Scope().Account())
	if err != nil {
		return false, err
	}
	return setting.In(rules, doubleOptIn)
}

// askToConfirm mails a contact a link that confirms all that waits, unless one was sent lately.
func (s *Service) askToConfirm(ctx context.Context, w *op.W, c Contact, l List) error {
	if c.Email == "" {
		return nil
	}
	due, err := noteAsked(ctx, w.Tx(), w.Scope(), c.ID, w.Tx().Now().Add(-askAgain))
	if err != nil || !due {
		return err
	}
	return s.Mail.Queue(ctx, w.Tx(), notify.Mail{To: c.Email, Name: c.Name, Template: notify.SubscriptionConfirm, Language: c.Language, Account: c.Account,
		Link: secret.Wrap(s.ConfirmLink(c)), Data: []any{"account", w.Scope().Name(), "list", l.Name}})
}

// AskAgain mails a contact who has not confirmed once more.
func (s *Service) AskAgain(ctx context.Context, by authz.Actor, account ids.Account, id ids.Contact) error {
	return s.write(ctx, by, authz.ContactsEdit, account, func(ctx context.Context, w *op.W) error {
		if !s.Mail.Sends() {
			return errs.New(errs.Conflict, "contact.mail_off", "Wait until the operator switches mail on. It is off, and only a mail can ask the contact.")
		}
		c, err := load(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		on, err := subscriptionsOf(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(on, func(x Subscription) bool { return x.State == Pending })
		if i < 0 || c.Email == "" {
			return errs.New(errs.Invalid, "contact.nothing_waits", "Put the contact on a list first. None waits for a confirmation by mail.")
		}
		asked, err := askedAt(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if w.Tx().Now().Sub(asked) < askAgain {
			return errs.New(errs.Conflict, "contact.asked_lately", "Wait an hour between two mails. The contact was asked a short while ago.")
		}
		w.Audit(audit.Event{Action: "contact.asked", TargetType: "contact", TargetID: string(id), Target: maskAddress(c.address)})
		return s.askToConfirm(ctx, w, c, List{ID: on[i].List, Name: on[i].Name})
	})
}
