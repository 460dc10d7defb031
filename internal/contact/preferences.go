package contact

import (
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

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
