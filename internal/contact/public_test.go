package contact_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/contact"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
)

// reader is a contact of the department with the links of their messages.
type reader struct {
	id                       ids.Contact
	news, offers             ids.List
	prefers, leaves, confirm string
}

func (d *desk) reader() (r reader) {
	d.Helper()
	r.news, r.offers = d.list(d.Department, contact.ListInput{Name: "News", Public: true}), d.list(d.Department, contact.ListInput{Name: "Offers", Public: true})
	d.list(d.Department, contact.ListInput{Name: "Suppliers"})
	r.id = d.add(d.Department, contact.Input{Email: "eve@example.com", Phone: "+33170189900", Name: "Eve", Language: "fr", Details: []contact.Detail{{Name: "City", Value: "Paris"}}, Lists: []ids.List{r.news}})
	c := d.get(d.Department, r.id).Contact
	after := func(path, prefix string) string {
		d.Helper()
		rest, ok := strings.CutPrefix(path, prefix+"/")
		if !ok {
			d.Fatalf("%s leads elsewhere than %s", path, prefix)
		}
		return rest
	}
	r.prefers, r.confirm = after(d.s.PreferencesLink(c), contact.PreferencesPath), after(d.s.ConfirmLink(c), contact.ConfirmPath)
	base := &url.URL{Scheme: "https", Host: "mail.example"}
	h := d.s.UnsubscribeHeaders(base, c, r.news)
	if len(h) != 2 || h[0].Name != "List-Unsubscribe" || h[1] != (contact.Header{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"}) {
		d.Fatalf("%+v", h)
	}
	r.leaves = strings.TrimSuffix(after(h[0].Value, "<https://mail.example"+contact.UnsubscribePath), ">")
	return r
}

func (d *desk) preferences(r reader) contact.Preferences {
	d.Helper()
	p, err := d.s.Preferences(d.ctx, r.prefers)
	if err != nil {
		d.Fatal(err)
	}
	return p
}

// stops says what is suppressed for the reader: the account and the list.
func (d *desk) stops(r reader) (out []string) {
	d.Helper()
	for _, x := range d.get(d.Department, r.id).Stops {
		out = append(out, x.AccountName+" "+x.ListName+" "+string(x.Reason))
	}
	slices.Sort(out)
	return out
}

// TestINV01AlteredLinksOfContactsAreAnsweredLikeUnknownOnes: a link that was altered, cut or is of another use opens nothing.
func TestINV01AlteredLinksOfContactsAreAnsweredLikeUnknownOnes(t *testing.T) {
	onDesk(t, func(d *desk) {
		r := d.reader()
		other := d.add(d.Customer, contact.Input{Email: "eve@example.com"})
		theirs := strings.TrimPrefix(d.s.PreferencesLink(d.get(d.Customer, other).Contact), contact.PreferencesPath+"/")
		bad := []string{"", "p", r.leaves, r.confirm, r.prefers[:len(r.prefers)-1], r.prefers + "A", "u" + r.prefers[1:], strings.Repeat("a", len(r.prefers)), theirs[:27] + r.prefers[27:], r.prefers[:27] + theirs[27:], strings.ToUpper(r.prefers)}
		for i := range r.prefers {
			b := []byte(r.prefers)
			if b[i]++; b[i] == 'z'+1 {
				b[i] = '0'
			}
			bad = append(bad, string(b))
		}
		for _, link := range bad {
			_, err := d.s.Preferences(d.ctx, link)
			d.wants(err, contact.LinkDead)
			d.wants(d.s.ChangePreferences(d.ctx, link, contact.Preferred{}), contact.LinkDead)
			d.wants(d.s.StopAll(d.ctx, link), contact.LinkDead)
			d.wants(d.s.Resume(d.ctx, link), contact.LinkDead)
		}
		for _, link := range []string{r.prefers, r.confirm, r.leaves[:53] + r.leaves[27:], r.leaves[:27] + r.leaves[53:]} {
			_, err := d.s.Unsubscription(d.ctx, link)
			d.wants(err, contact.LinkDead)
			d.wants(d.s.Unsubscribe(d.ctx, link), contact.LinkDead)
		}
		d.wants(d.s.Confirm(d.ctx, r.prefers), contact.LinkDead)

		// A new address kills what lies in the old mailbox, but for unsubscribing.
		d.wants(d.s.Edit(d.ctx, d.Owner.Actor, d.Department, r.id, contact.Input{Email: "new@example.com", Lists: []ids.List{r.news}, Version: 1}), "")
		_, err := d.s.Preferences(d.ctx, r.prefers)
		d.wants(err, contact.LinkDead)
		d.wants(d.s.Confirm(d.ctx, r.confirm), contact.LinkDead)
		d.wants(d.s.Unsubscribe(d.ctx, r.leaves), "")
		d.wants(d.s.Remove(d.ctx, d.Owner.Actor, d.Department, r.id), "")
		altered := []byte(r.leaves)
		altered[len(altered)-2] ^= 1
		d.wants(d.s.Unsubscribe(d.ctx, string(altered)), contact.LinkDead)
	})
}

// TestWhatContactsSeeAndChange: each setting of their pages has its effect there.
func TestWhatContactsSeeAndChange(t *testing.T) {
	onDesk(t, func(d *desk) {
		r := d.reader()
		p := d.preferences(r)
		want := map[contact.Part]string{contact.PartName: "Eve", contact.PartEmail: "eve@example.com", contact.PartLanguage: "fr"}
		if diff := cmp.Diff(want, p.Values); diff != "" || p.Details != nil || p.Address != "e•••@e•••.com" {
			d.Errorf("%+v\n%s", p, diff)
		}
		all := contact.Preferred{Name: "Eva", Phone: "+33170189911", Language: "ar", Details: []contact.Detail{{Name: "City", Value: "Lyon"}, {Name: "More", Value: "x"}}, Lists: []ids.List{r.news}}
		d.wants(d.s.ChangePreferences(d.ctx, r.prefers, all), "")
		c := d.get(d.Department, r.id)
		if c.Name != "Eva" || c.Language != "ar" || c.Phone != "+33170189900" || c.Details[0].Value != "Paris" {
			d.Errorf("what may not be changed was changed, or the other way round: %+v", c.Contact)
		}
		d.set(d.Department, "contact.visible", []string{"name", "phone", "details"})
		d.set(d.Department, "contact.changeable", []string{"phone", "details", "language"})
		p = d.preferences(r)
		if diff := cmp.Diff([]contact.Part{contact.PartPhone, contact.PartDetails}, p.Changeable); diff != "" || len(p.Values) != 2 || len(p.Details) != 1 {
			d.Errorf("%+v\n%s", p, diff)
		}
		all.Name, all.Language = "Other", "en"
		d.wants(d.s.ChangePreferences(d.ctx, r.prefers, all), "")
		c = d.get(d.Department, r.id)
		if c.Name != "Eva" || c.Language != "ar" || c.Phone != "+33170189911" || len(c.Details) != 1 || c.Details[0].Value != "Lyon" {
			d.Errorf("%+v", c.Contact)
		}
		all.Phone = "12"
		d.wants(d.s.ChangePreferences(d.ctx, r.prefers, all), "contact.phone")

		d.set(d.Department, "contact.lists_shown", false)
		if p = d.preferences(r); p.Lists != nil {
			d.Errorf("lists are shown: %+v", p.Lists)
		}
		all.Phone, all.Lists = "", nil
		d.wants(d.s.ChangePreferences(d.ctx, r.prefers, all), "")
		if c = d.get(d.Department, r.id); len(c.Lists) != 1 {
			d.Error("a list that was not shown was left")
		}
	})
}

func TestContactsJoinAndLeavePublicLists(t *testing.T) {
	onDesk(t, func(d *desk) {
		r := d.reader()
		var names []string
		for _, l := range d.preferences(r).Lists {
			names = append(names, l.Name+" "+string(l.State))
		}
		if diff := cmp.Diff([]string{"News active", "Offers "}, names); diff != "" {
			d.Error(diff)
		}
		d.wants(d.s.ChangePreferences(d.ctx, r.prefers, contact.Preferred{Name: "Eve", Language: "fr", Lists: []ids.List{r.offers}}), "")
		c := d.get(d.Department, r.id)
		if len(c.Lists) != 1 || c.Lists[0].Name != "Offers" || !slices.Equal(d.stops(r), []string{"Marketing News unsubscribed"}) {
			d.Errorf("%+v %v", c.Lists, d.stops(r))
		}
		// Nobody puts them back but they themselves.
		err := d.s.Edit(d.ctx, d.Owner.Actor, d.Department, r.id, contact.Input{Email: "eve@example.com", Lists: []ids.List{r.news}, Version: c.Version})
		d.wants(err, "contact.has_left")
		d.wants(d.s.ChangePreferences(d.ctx, r.prefers, contact.Preferred{Name: "Eve", Language: "fr", Lists: []ids.List{r.offers, r.news}}), "")
		if c = d.get(d.Department, r.id); len(c.Lists) != 2 || len(c.Stops) != 0 {
			d.Errorf("%+v", c)
		}
	})
}

// TestUnsubscribingCoversWhatTheAccountSays: looking changes nothing, doing it twice is doing it once.
func TestUnsubscribingCoversWhatTheAccountSays(t *testing.T) {
	for covers, want := range map[contact.Coverage][]string{
		contact.OfList: {"Marketing News unsubscribed"}, contact.OfDepartment: {"Marketing  unsubscribed"}, contact.OfCustomer: {"Acme  unsubscribed"},
	} {
		t.Run(string(covers), func(t *testing.T) {
			onDesk(t, func(d *desk) {
				r := d.reader()
				d.set(d.Customer, "contact.unsubscribe", covers)
				for range 2 {
					u, err := d.s.Unsubscription(d.ctx, r.leaves)
					d.wants(err, "")
					if u.Covers != covers || u.Done || u.AccountName != "Marketing" || len(d.stops(r)) != 0 {
						d.Errorf("%+v", u)
					}
				}
				for range 2 {
					d.wants(d.s.Unsubscribe(d.ctx, r.leaves), "")
					if diff := cmp.Diff(want, d.stops(r)); diff != "" {
						d.Error(diff)
					}
				}
				u, err := d.s.Unsubscription(d.ctx, r.leaves)
				d.wants(err, "")
				if on := len(d.get(d.Department, r.id).Lists); !u.Done || (on == 0) != (covers == contact.OfList) {
					d.Errorf("%+v, on %d lists", u, on)
				}
				if p := d.preferences(r); p.Stopped != (covers != contact.OfList) {
					d.Errorf("%+v", p)
				}
				d.wants(d.s.Resume(d.ctx, r.prefers), "")
				if p := d.preferences(r); p.Stopped {
					d.Error("messages are not resumed")
				}
				d.wants(d.s.StopAll(d.ctx, r.prefers), "")
				if !d.preferences(r).Stopped {
					d.Error("messages are not stopped")
				}
			})
		})
	}
}

func TestAListThatIsGoneStandsForAll(t *testing.T) {
	onDesk(t, func(d *desk) {
		r := d.reader()
		d.wants(d.s.RemoveList(d.ctx, d.Owner.Actor, d.Department, r.news), "")
		d.wants(d.s.Unsubscribe(d.ctx, r.leaves), "")
		if diff := cmp.Diff([]string{"Marketing  unsubscribed"}, d.stops(r)); diff != "" {
			d.Error(diff)
		}
	})
}

// TestContactsConfirmBeforeTheyAreOnAList where the account asks for it.
func TestContactsConfirmBeforeTheyAreOnAList(t *testing.T) {
	onDesk(t, func(d *desk) {
		r := d.reader()
		d.wants(d.s.Unsubscribe(d.ctx, r.leaves), "")
		d.set(d.Customer, "contact.confirm", true)
		states := func() (out []string) {
			for _, l := range d.get(d.Department, r.id).Lists {
				out = append(out, l.Name+" "+string(l.State))
			}
			return out
		}
		mails := func() (out []notify.Mail) {
			for _, m := range d.Mails() {
				if m.Template == notify.SubscriptionConfirm {
					out = append(out, m)
				}
			}
			return out
		}
		d.wants(d.s.ChangePreferences(d.ctx, r.prefers, contact.Preferred{Name: "Eve", Language: "fr", Lists: []ids.List{r.news, r.offers}}), "")
		if diff := cmp.Diff([]string{"News pending", "Offers pending"}, states()); diff != "" {
			d.Error(diff)
		}
		sent := mails()
		if len(sent) != 1 || sent[0].To != "eve@example.com" || sent[0].Language != "fr" || sent[0].Link.Reveal() != contact.ConfirmPath+"/"+r.confirm {
			d.Fatalf("one mail confirms all that waits: %+v", sent)
		}
		if len(d.stops(r)) != 1 {
			d.Errorf("what they left stays left until they confirm: %v", d.stops(r))
		}
		c, err := d.s.Confirmation(d.ctx, r.confirm)
		d.wants(err, "")
		if !slices.Equal(c.Lists, []string{"News", "Offers"}) || len(states()) != 2 {
			d.Errorf("%+v", c)
		}
		d.wants(d.s.AskAgain(d.ctx, d.Owner.Actor, d.Department, r.id), "contact.asked_lately")
		d.at.Advance(time.Hour)
		d.wants(d.s.AskAgain(d.ctx, d.Owner.Actor, d.Department, r.id), "")
		if n := len(mails()); n != 2 {
			d.Errorf("%d mails", n)
		}
		for range 2 {
			d.wants(d.s.Confirm(d.ctx, r.confirm), "")
		}
		if diff := cmp.Diff([]string{"News active", "Offers active"}, states()); diff != "" || len(d.stops(r)) != 0 {
			d.Errorf("%v %s", d.stops(r), diff)
		}
		d.wants(d.s.AskAgain(d.ctx, d.Owner.Actor, d.Department, r.id), "contact.nothing_waits")

		// Who is put on a list by a user is asked, too.
		ann, err := d.s.Create(d.ctx, d.Owner.Actor, d.Department, contact.Input{Email: "ann@example.com", Lists: []ids.List{r.news}})
		d.wants(err, "")
		if got := d.get(d.Department, ann).Lists; len(got) != 1 || got[0].State != contact.Pending || len(mails()) != 3 {
			d.Errorf("%+v, %d mails", got, len(mails()))
		}
	})
}

// TestARemovedContactStillUnsubscribes uses the link of a message that came before the contact was removed: the address is heard, until
// it is forgotten, and the links that show details are dead.
func TestARemovedContactStillUnsubscribes(t *testing.T) {
	onDesk(t, func(d *desk) {
		r := d.reader()
		d.set(d.Customer, "contact.unsubscribe", contact.OfDepartment)
		d.wants(d.s.Remove(d.ctx, d.Root.Actor, d.Department, r.id), "")
		for _, link := range []string{r.prefers, r.confirm} {
			_, err := d.s.Preferences(d.ctx, link)
			d.wants(err, contact.LinkDead)
			_, err = d.s.Confirmation(d.ctx, link)
			d.wants(err, contact.LinkDead)
		}
		u, err := d.s.Unsubscription(d.ctx, r.leaves)
		d.wants(err, "")
		if u.Done || u.AccountName != "Marketing" {
			d.Errorf("%+v", u)
		}
		d.wants(d.s.Unsubscribe(d.ctx, r.leaves), "")
		again := d.add(d.Department, contact.Input{Email: "eve@example.com"})
		if stops := d.get(d.Department, again).Stops; len(stops) != 1 || stops[0].Reason != contact.Unsubscribed {
			d.Errorf("suppressed: %+v", stops)
		}
		d.at.Advance(contact.KeepRemoved - time.Hour)
		d.wants(contact.Forget(d.ctx, d.s), "")
		_, err = d.s.Unsubscription(d.ctx, r.leaves)
		d.wants(err, "")
		d.at.Advance(2 * time.Hour)
		d.wants(contact.Forget(d.ctx, d.s), "")
		_, err = d.s.Unsubscription(d.ctx, r.leaves)
		d.wants(err, contact.LinkDead)
	})
}
