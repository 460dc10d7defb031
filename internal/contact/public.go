package contact

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// askAgain is how long the program waits before it mails a contact for confirmation once more. One mail confirms all
// that waits.
const askAgain = time.Hour

// acting is who changes something through a link: the contact, with what links are good for.
func acting(on ids.Account) authz.Actor {
	return jobs.Actor("contact", on, authz.ContactsView, authz.ContactsEdit, authz.ContactsViewFull, authz.SuppressionsEdit)
}

// Guest is a contact on a page of their own, as far as the page needs to know them.
type Guest struct {
	Account     ids.Account
	AccountName string
	Language    string // the contact's, else the account's; "" for none
	Address     string // masked
}

func (s *Service) guest(ctx context.Context, q db.Queryer, c Contact, sc authz.Scope) (Guest, error) {
	g := Guest{Account: c.Account, AccountName: sc.Name(), Language: c.Language, Address: maskAddress(c.address)}
	if g.Language != "" {
		return g, nil
	}
	rules, err := s.Known.By(ctx, q, c.Account)
	if err != nil {
		return g, err
	}
	g.Language, err = setting.In(rules, account.Language)
	return g, err
}

// PublicList is a list as contacts see it.
type PublicList struct {
	ID          ids.List
	Name        string
	Description string
	State       State // "" when the contact is not on it
}

// Preferences is what a contact sees on their page.
type Preferences struct {
	Guest
	Visible    []Part
	Changeable []Part // of the visible
	Values     map[Part]string
	Details    []Detail
	Lists      []PublicList
	Stopped    bool // nothing is sent to the contact, because they asked for it
}

// Sees reports whether the contact sees a part.
func (p Preferences) Sees(part Part) bool { return slices.Contains(p.Visible, part) }

// Changes reports whether the contact may change a part.
func (p Preferences) Changes(part Part) bool { return slices.Contains(p.Changeable, part) }

// Preferences opens the page of the contact whose link it is.
func (s *Service) Preferences(ctx context.Context, link string) (out Preferences, err error) {
	c, sc, err := s.enter(ctx, link, toPrefer)
	if err != nil {
		return out, err
	}
	return s.preferences(ctx, s.DB, sc, c)
}

// enter opens a link and checks what it is good for on the contact's account.
func (s *Service) enter(ctx context.Context, link string, u use) (Contact, authz.Scope, error) {
	c, _, err := s.open(ctx, s.DB, link, u)
	if err != nil {
		return c, authz.Scope{}, err
	}
	_, sc, err := s.Ops.Read(ctx, acting(c.Account), authz.ContactsView, c.Account)
	return c, sc, err
}

func (s *Service) preferences(ctx context.Context, q db.Queryer, sc authz.Scope, c Contact) (out Preferences, err error) {
	out.Values = map[Part]string{PartName: c.Name, PartEmail: c.Email, PartPhone: c.Phone, PartLanguage: c.Language}
	if out.Guest, err = s.guest(ctx, q, c, sc); err != nil {
		return out, err
	}
	rules, err := s.Known.By(ctx, q, c.Account)
	if err != nil {
		return out, err
	}
	shown, may, err := partsOf(rules)
	if err != nil {
		return out, err
	}
	out.Visible, out.Changeable = shown, may
	for part := range out.Values {
		if !out.Sees(part) {
			delete(out.Values, part)
		}
	}
	if out.Sees(PartDetails) {
		out.Details = c.Details
	}
	if out.Lists, err = publicLists(ctx, q, sc, rules, c); err != nil {
		return out, err
	}
	stops, err := stopsOf(ctx, q, sc, c.address)
	out.Stopped = slices.ContainsFunc(stops, func(x Suppression) bool { return x.List == "" && x.Reason == Unsubscribed })
	return out, err
}

// partsOf are the parts that contacts see, and those of them that they change.
func partsOf(rules *setting.InForce) (shown, may []Part, err error) {
	see, err := setting.In(rules, visible)
	if err != nil {
		return nil, nil, err
	}
	change, err := setting.In(rules, changeable)
	for _, v := range see {
		shown = append(shown, Part(v))
		if slices.Contains(change, v) {
			may = append(may, Part(v))
		}
	}
	return shown, may, err
}

// publicLists are the lists that a contact sees; none where the account shows none.
func publicLists(ctx context.Context, q db.Queryer, sc authz.Scope, rules *setting.InForce, c Contact) ([]PublicList, error) {
	show, err := setting.In(rules, listsShown)
	if err != nil || !show {
		return nil, err
	}
	all, err := lists(ctx, q, sc)
	if err != nil {
		return nil, err
	}
	on, err := subscriptionsOf(ctx, q, sc, c.ID)
	if err != nil {
		return nil, err
	}
	var out []PublicList
	for _, l := range all {
		if !l.Public {
			continue
		}
		p := PublicList{ID: l.ID, Name: l.Name, Description: l.Description}
		if i := slices.IndexFunc(on, func(x Subscription) bool { return x.List == l.ID }); i >= 0 {
			p.State = on[i].State
		}
		out = append(out, p)
	}
	return out, nil
}

// Preferred is what a contact sent from their page. What they may not change is passed over.
type Preferred struct {
	Name     string
	Phone    string
	Language string
	Details  []Detail
	Lists    []ids.List // of those shown, the ones to be on
}

// ChangePreferences saves what a contact sent from their page.
func (s *Service) ChangePreferences(ctx context.Context, link string, in Preferred) error {
	c, _, err := s.enter(ctx, link, toPrefer)
	if err != nil {
		return err
	}
	return s.write(ctx, acting(c.Account), authz.ContactsEdit, c.Account, func(ctx context.Context, w *op.W) error {
		c, _, err := s.open(ctx, w.Tx(), link, toPrefer) // it may have changed meanwhile
		if err != nil {
			return err
		}
		p, err := s.preferences(ctx, w.Tx(), w.Scope(), c)
		if err != nil {
			return err
		}
		moved, err := s.chooseLists(ctx, w, c, p.Lists, in.Lists)
		if err != nil {
			return err
		}
		typed, err := p.taken(c, in).clean()
		if err != nil {
			return err
		}
		upd := c
		upd.Phone, upd.Name, upd.Language, upd.Details = typed.Phone, typed.Name, typed.Language, typed.Details
		if upd = upd.addressed(); same(c, upd) {
			if !moved {
				return w.Unchanged()
			}
			return nil
		}
		upd.Version, upd.UpdatedAt = c.Version+1, w.Tx().Now()
		if err := update(ctx, w.Tx(), w.Scope(), upd); err != nil {
			return err
		}
		e := upd.event("contact.changed_own")
		e.Before, e.After = c.logged(nil), upd.logged(nil)
		w.Audit(e)
		return nil
	})
}

// taken is the contact with what they may change as they sent it. A phone by which alone they are known stays.
func (p Preferences) taken(c Contact, in Preferred) Input {
	out := Input{Email: c.Email, Phone: c.Phone, Name: c.Name, Language: c.Language, Details: c.Details}
	if p.Changes(PartName) {
		out.Name = in.Name
	}
	if p.Changes(PartPhone) && c.Email != "" {
		out.Phone = in.Phone
	}
	if p.Changes(PartLanguage) {
		out.Language = in.Language
	}
	if p.Changes(PartDetails) { // their names are the account's
		out.Details = slices.Clone(c.Details)
		for i := range out.Details {
			if j := slices.IndexFunc(in.Details, func(d Detail) bool { return d.Name == out.Details[i].Name }); j >= 0 {
				out.Details[i].Value = in.Details[j].Value
			}
		}
	}
	return out
}

// chooseLists has a contact join and leave the lists that they see.
func (s *Service) chooseLists(ctx context.Context, w *op.W, c Contact, shown []PublicList, wanted []ids.List) (moved bool, err error) {
	for _, l := range shown {
		want := slices.Contains(wanted, l.ID)
		switch {
		case want && l.State == "":
			if err := s.join(ctx, w, c, List{ID: l.ID, Name: l.Name}); err != nil {
				return moved, err
			}
		case !want && l.State != "":
			if err := leave(ctx, w, c, l.ID); err != nil {
				return moved, err
			}
		default:
			continue
		}
		moved = true
	}
	return moved, nil
}

// join puts a contact on a list by their own wish. Where they have to confirm, what they left stays left until then.
func (s *Service) join(ctx context.Context, w *op.W, c Contact, l List) error {
	asks, err := s.asks(ctx, w)
	if err != nil {
		return err
	}
	if !asks {
		if err := forgive(ctx, w.Tx(), w.Scope(), c.address, l.ID); err != nil {
			return err
		}
	}
	if err := s.subscribe(ctx, w, c, l); err != nil {
		return err
	}
	e := c.event("contact.joined")
	e.After = joined{l.Name}
	w.Audit(e)
	return nil
}

// joined is what the log says of a list that a contact joins.
type joined struct {
	List string `audit:"show"`
}

// leave takes a contact off a list by their own wish.
func leave(ctx context.Context, w *op.W, c Contact, list ids.List) error {
	stopped, err := stopStands(ctx, w.Tx(), w.Scope(), c.address, list)
	if err != nil {
		return err
	}
	if !stopped {
		_, err := suppress(ctx, w, SuppressInput{Address: c.address, List: list, Reason: Unsubscribed})
		return err
	}
	if err := unsubscribe(ctx, w.Tx(), w.Scope(), c.ID, list); err != nil {
		return err
	}
	w.Audit(c.event("contact.left"))
	return nil
}

// Unsubscription is what the page shows on which a contact unsubscribes.
type Unsubscription struct {
	Guest
	Covers   Coverage
	List     string // the name, when it is the list
	Customer string // the name, when it is the customer
	Done     bool   // nothing of it is sent any more
}

// Unsubscription opens the page on which the contact whose link it is unsubscribes. It changes nothing.
func (s *Service) Unsubscription(ctx context.Context, link string) (out Unsubscription, err error) {
	c, l, err := s.open(ctx, s.DB, link, toUnsubscribe)
	if err != nil {
		return out, err
	}
	q, sc, err := s.Ops.Read(ctx, acting(c.Account), authz.ContactsView, c.Account)
	if err != nil {
		return out, err
	}
	if out.Guest, err = s.guest(ctx, q, c, sc); err != nil {
		return out, err
	}
	list, err := s.covered(ctx, q, sc, l.list, &out)
	if err != nil {
		return out, err
	}
	at := sc
	if out.Covers == OfCustomer {
		customer, err := customerOf(ctx, q, sc)
		if err != nil {
			return out, err
		}
		if _, at, err = s.Ops.Read(ctx, acting(customer), authz.SuppressionsEdit, customer); err != nil {
			return out, err
		}
		out.Customer = at.Name()
	}
	out.Done, err = stopStands(ctx, q, at, c.address, list)
	return out, err
}

// covered finds what unsubscribing covers. A list that is gone stands for all that the account sends.
func (s *Service) covered(ctx context.Context, q db.Queryer, sc authz.Scope, list ids.List, out *Unsubscription) (ids.List, error) {
	rules, err := s.Known.By(ctx, q, sc.Account())
	if err != nil {
		return "", err
	}
	if out.Covers, err = setting.In(rules, coverage); err != nil {
		return "", err
	}
	if out.Covers != OfList {
		return "", nil
	}
	if list != "" {
		found, err := loadList(ctx, q, sc, list)
		if err == nil {
			out.List = found.Name
			return list, nil
		}
		if errs.KindOf(err) != errs.NotFound {
			return "", err
		}
	}
	out.Covers = OfDepartment
	return "", nil
}

// Unsubscribe stops what the account's rule says for the contact whose link it is. Doing it twice is doing it once.
func (s *Service) Unsubscribe(ctx context.Context, link string) error {
	c, l, err := s.open(ctx, s.DB, link, toUnsubscribe)
	if err != nil {
		return err
	}
	return s.stop(ctx, c, l.list, "")
}

// StopAll stops everything that is sent to the contact whose page it is: of the account, or of its customer where
// unsubscribing covers all of it.
func (s *Service) StopAll(ctx context.Context, link string) error {
	c, _, err := s.open(ctx, s.DB, link, toPrefer)
	if err != nil {
		return err
	}
	return s.stop(ctx, c, "", OfDepartment)
}

// stop suppresses the contact's address, for no less than atLeast.
func (s *Service) stop(ctx context.Context, c Contact, list ids.List, atLeast Coverage) error {
	q, sc, err := s.Ops.Read(ctx, acting(c.Account), authz.ContactsView, c.Account)
	if err != nil {
		return err
	}
	var what Unsubscription
	if list, err = s.covered(ctx, q, sc, list, &what); err != nil {
		return err
	}
	if what.Covers == OfList && atLeast != "" {
		what.Covers, list = atLeast, ""
	}
	at := c.Account
	if what.Covers == OfCustomer {
		if at, err = customerOf(ctx, q, sc); err != nil {
			return err
		}
	}
	return s.write(ctx, acting(at), authz.SuppressionsEdit, at, func(ctx context.Context, w *op.W) error {
		stopped, err := stopStands(ctx, w.Tx(), w.Scope(), c.address, list)
		if err != nil {
			return err
		}
		if stopped {
			return w.Unchanged()
		}
		_, err = suppress(ctx, w, SuppressInput{Address: c.address, List: list, Reason: Unsubscribed})
		return err
	})
}

// Resume undoes what the contact whose page it is has stopped themselves: lists that they left stay left.
func (s *Service) Resume(ctx context.Context, link string) error {
	c, sc, err := s.enter(ctx, link, toPrefer)
	if err != nil {
		return err
	}
	stops, err := stopsOf(ctx, s.DB, sc, c.address)
	if err != nil {
		return err
	}
	for _, x := range stops {
		if x.List != "" || x.Reason != Unsubscribed {
			continue
		}
		err := s.write(ctx, acting(x.Account), authz.SuppressionsEdit, x.Account, func(ctx context.Context, w *op.W) error {
			if err := forgive(ctx, w.Tx(), w.Scope(), c.address, ""); err != nil {
				return err
			}
			e := x.event("suppression.lifted_own")
			e.Before = loggedStop{Reason: string(x.Reason)}
			w.Audit(e)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

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
