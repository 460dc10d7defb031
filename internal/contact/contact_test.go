package contact_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/contact"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
	"bailiwick/internal/tuning"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

// desk is a small world with contacts and their settings.
type desk struct {
	*usertest.World
	*testing.T
	ctx    context.Context
	at     *clock.Fake
	s      *contact.Service
	tune   *tuning.Service
	masked usertest.Person // may do everything with contacts but see their details
}

func keys() []setting.Any {
	return slices.Concat(contact.Pages(), contact.Consent(), contact.Privacy())
}

// onDesk runs fn on both databases.
func onDesk(t *testing.T, fn func(d *desk)) {
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		known, err := setting.NewKnown(d, change.New(d, at.Now, slog.New(slog.DiscardHandler)), keys())
		if err != nil {
			t.Fatal(err)
		}
		box, err := secret.NewBox(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		tune, err := tuning.NewService(w.Op, []tuning.Group{{Tab: tuning.Contacts, Name: "contacts", Keys: keys()}})
		if err != nil {
			t.Fatal(err)
		}
		s := contact.NewService(contact.Deps{DB: d, Ops: w.Op, Known: known, Cursors: page.NewSealer(box), Mail: w.Mail, Box: box})
		defer counted(t, w)
		fn(&desk{World: w, T: t, ctx: t.Context(), at: at, s: s, tune: tune,
			masked: w.Member(w.Customer, "clerk@acme.example", user.Access{Role: authz.User, AllSubs: true, Perms: authz.SetOf(authz.ContactsView, authz.ContactsEdit, authz.ContactsExport, authz.ContactsImport, authz.SuppressionsView, authz.SuppressionsEdit)})})
	})
}

// counted checks that the counts by which a package is held are those of the contacts that are there, whatever was done with them.
func counted(t *testing.T, w *usertest.World) {
	t.Helper()
	if n := w.Count(`accounts a WHERE (SELECT count(*) FROM contacts c WHERE c.account_id = a.id) <> (SELECT COALESCE(SUM(k.n), 0) FROM contact_counts k WHERE k.account_id = a.id)`); n != 0 {
		t.Errorf("the contacts of %d accounts are counted wrongly", n)
	}
}

func (d *desk) wants(err error, code string) {
	d.Helper()
	if errs.CodeOf(err) != code || code == "" && err != nil {
		d.Errorf("got %v, want %q", err, code)
	}
}

func (d *desk) set(account ids.Account, name string, value any) {
	d.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		d.Fatal(err)
	}
	p, err := d.tune.View(d.ctx, d.Root.Actor, account, tuning.Contacts)
	if err == nil {
		err = d.tune.Save(d.ctx, d.Root.Actor, account, tuning.Contacts, p.Version, map[string]tuning.Edit{name: {Value: body}})
	}
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) add(account ids.Account, in contact.Input) ids.Contact {
	d.Helper()
	id, err := d.s.Create(d.ctx, d.Root.Actor, account, in)
	if err != nil {
		d.Fatal(err)
	}
	return id
}

func (d *desk) list(account ids.Account, in contact.ListInput) ids.List {
	d.Helper()
	id, err := d.s.AddList(d.ctx, d.Root.Actor, account, in)
	if err != nil {
		d.Fatal(err)
	}
	return id
}

func (d *desk) get(account ids.Account, id ids.Contact) contact.Record {
	d.Helper()
	c, err := d.s.Get(d.ctx, d.Root.Actor, account, id)
	if err != nil {
		d.Fatal(err)
	}
	return c
}

// titles are what the contacts of a search are called, page by page.
func (d *desk) titles(by authz.Actor, in contact.Query) (out []string) {
	d.Helper()
	for {
		p, err := d.s.Find(d.ctx, by, d.Customer, in)
		if err != nil {
			d.Fatal(err)
		}
		for _, c := range p.Contacts {
			out = append(out, c.Title())
		}
		if in.Cursor = p.Next; p.Next == "" {
			return out
		}
	}
}

// TestNumbersThatAreWrongAreFoundAndCountedAnew damages the kept numbers of contacts of two accounts.
func TestNumbersThatAreWrongAreFoundAndCountedAnew(t *testing.T) {
	onDesk(t, func(d *desk) {
		for _, email := range []string{"ada@acme.example", "bo@acme.example", "cy@acme.example"} {
			d.add(d.Customer, contact.Input{Email: email})
		}
		for name, damage := range map[string]string{
			"too many":       `UPDATE contact_counts SET n = n + 1 WHERE account_id = '` + string(d.Customer) + `' AND part = (SELECT MIN(part) FROM contact_counts)`,
			"none":           `DELETE FROM contact_counts`,
			"without any":    `INSERT INTO contact_counts (account_id, part, n) VALUES ('` + string(d.Other) + `', 3, 7)`,
			"in another one": `UPDATE contact_counts SET account_id = '` + string(d.Other) + `'`,
		} {
			d.Exec(damage)
			wrong, err := contact.CheckCounts(d.ctx, d.DB)
			if want := map[string]int{"in another one": 2}[name]; err != nil || len(wrong) != max(want, 1) {
				d.Errorf("%s: %v, %v", name, wrong, err)
			}
			d.wants(contact.MendCounts(d.ctx, d.DB, wrong), "")
			counted(t, d.World)
			if wrong, err := contact.CheckCounts(d.ctx, d.DB); err != nil || len(wrong) != 0 {
				d.Errorf("%s, mended: %v, %v", name, wrong, err)
			}
		}
	})
}

func TestContactsAreMadeChangedFoundAndRemoved(t *testing.T) {
	onDesk(t, func(d *desk) {
		ctx, owner := d.ctx, d.Owner.Actor
		news := d.list(d.Customer, contact.ListInput{Name: "News", Public: true})
		_, err := d.s.AddList(ctx, owner, d.Customer, contact.ListInput{Name: "NEWS"})
		d.wants(err, "contact_list.name_taken")
		theirs, err := d.s.AddList(ctx, d.OtherOwner.Actor, d.Other, contact.ListInput{Name: "News"})
		d.wants(err, "")

		marie := d.add(d.Customer, contact.Input{Email: "Marie@Acme.example", Phone: "+33 (1) 70-18.99 00", Name: " Marie  Durand ", Language: "fr", Details: []contact.Detail{{Name: "City", Value: "Paris"}}, Lists: []ids.List{news}})
		c := d.get(d.Customer, marie)
		if diff := cmp.Diff([]any{"Marie@Acme.example", "+33170189900", "Marie Durand", "fr", []contact.Detail{{Name: "City", Value: "Paris"}}}, []any{c.Email, c.Phone, c.Name, c.Language, c.Details}); diff != "" {
			d.Error(diff)
		}
		if len(c.Lists) != 1 || c.Lists[0].State != contact.Active {
			d.Errorf("lists: %+v", c.Lists)
		}
		d.add(d.Customer, contact.Input{Phone: "0170 189901"})
		d.add(d.Customer, contact.Input{Email: "zoe@acme.example"})

		for _, bad := range []struct {
			in   contact.Input
			code string
		}{
			{contact.Input{}, "contact.address_missing"},
			{contact.Input{Email: "MARIE@acme.example"}, "contact.address_taken"},
			{contact.Input{Email: "nobody"}, "input.email"},
			{contact.Input{Email: "a@b.example", Phone: "12"}, "contact.phone"},
			{contact.Input{Email: "a@b.example", Phone: "call me"}, "contact.phone"},
			{contact.Input{Email: "a@b.example", Language: "klingonese-x"}, "account.language_unknown"},
			{contact.Input{Email: "a•••@b•••.example"}, "contact.masked"},
			{contact.Input{Email: "a@b.example", Details: []contact.Detail{{Value: "x"}}}, "contact.detail_nameless"},
			{contact.Input{Email: "a@b.example", Details: []contact.Detail{{Name: "x", Value: "1"}, {Name: "X", Value: "2"}}}, "contact.detail_twice"},
			{contact.Input{Email: "a@b.example", Lists: []ids.List{theirs}}, "contact_list.unknown"},
		} {
			_, err := d.s.Create(ctx, owner, d.Customer, bad.in)
			d.wants(err, bad.code)
		}
		_, err = d.s.Create(ctx, d.Seller.Actor, d.Reseller, contact.Input{Email: "a@b.example"})
		d.wants(err, "page.not_found")

		for search, want := range map[string][]string{
			"": {"0170189901", "Marie Durand", "zoe@acme.example"}, "mar": {"Marie Durand"}, "marie@": {"Marie Durand"}, "+33 1 70": {"Marie Durand"}, "017": {"0170189901"}, "durand": nil, "z": {"zoe@acme.example"}, "%": nil,
		} {
			if diff := cmp.Diff(want, d.titles(owner, contact.Query{Search: search, Size: 1})); diff != "" {
				d.Errorf("search %q:\n%s", search, diff)
			}
		}
		if diff := cmp.Diff([]string{"Marie Durand"}, d.titles(owner, contact.Query{List: news})); diff != "" {
			d.Error(diff)
		}
		if got := d.titles(owner, contact.Query{List: news, Search: "z"}); got != nil {
			d.Errorf("on the list: %v", got)
		}

		in := contact.Input{Email: "marie@acme.example", Name: "Marie Petit", Version: c.Version}
		d.wants(d.s.Edit(ctx, owner, d.Customer, marie, in), "")
		d.wants(d.s.Edit(ctx, owner, d.Customer, marie, in), "contact.stale")
		if c = d.get(d.Customer, marie); c.Name != "Marie Petit" || c.Phone != "" || len(c.Lists) != 0 || len(c.Details) != 0 {
			d.Errorf("after the edit: %+v", c)
		}
		in.Version = c.Version
		d.wants(d.s.Edit(ctx, owner, d.Customer, marie, in), "") // nothing differs
		if d.get(d.Customer, marie).Version != c.Version {
			d.Error("a save that changes nothing counts as a version")
		}

		// TEN01: another customer's contacts and lists do not exist.
		_, err = d.s.Get(ctx, d.OtherOwner.Actor, d.Other, marie)
		d.wants(err, "contact.not_found")
		d.wants(d.s.Remove(ctx, d.OtherOwner.Actor, d.Other, marie), "contact.not_found")
		d.wants(d.s.RemoveList(ctx, d.OtherOwner.Actor, d.Other, news), "contact_list.not_found")

		d.wants(d.s.Remove(ctx, owner, d.Customer, marie), "")
		_, err = d.s.Get(ctx, owner, d.Customer, marie)
		d.wants(err, "contact.not_found")
		d.wants(d.s.RemoveList(ctx, owner, d.Customer, news), "")
	})
}

// TestDetailsAreMaskedForWhoMayNotSeeThem: neither lists nor searches nor errors tell more than an exact address does.
func TestDetailsAreMaskedForWhoMayNotSeeThem(t *testing.T) {
	onDesk(t, func(d *desk) {
		ctx, clerk := d.ctx, d.masked.Actor
		id := d.add(d.Customer, contact.Input{Email: "anna.berg@example.com", Phone: "+33170189900", Name: "Anna Berg", Details: []contact.Detail{{Name: "City", Value: "Paris"}}})
		stop, err := d.s.Suppress(ctx, d.Owner.Actor, d.Customer, contact.SuppressInput{Address: "Carl@Example.com"})
		d.wants(err, "")

		got, err := d.s.Get(ctx, clerk, d.Customer, id)
		d.wants(err, "")
		if diff := cmp.Diff([]any{"a•••@e•••.com", "•••00", "A••• B•••", []contact.Detail{{Name: "City", Value: "•••"}}}, []any{got.Email, got.Phone, got.Name, got.Details}); diff != "" {
			d.Error(diff)
		}
		p, err := d.s.Find(ctx, clerk, d.Customer, contact.Query{})
		if text := strings.ToLower(toText(d.T, p)); err != nil || strings.Contains(text, "anna") || strings.Contains(text, "berg") || strings.Contains(text, "paris") || strings.Contains(text, "170189") {
			d.Errorf("the list tells %s (%v)", text, err)
		}
		for search, found := range map[string]int{"anna": 0, "a": 0, "anna.berg@example": 0, "ANNA.BERG@example.com": 1, "+331701899": 0, "+33 170 189 900": 1} {
			if n := len(d.titles(clerk, contact.Query{Search: search})); n != found {
				d.Errorf("search %q finds %d", search, n)
			}
		}
		stops, err := d.s.Suppressions(ctx, clerk, d.Customer, contact.SuppressionQuery{})
		if err != nil || len(stops.Suppressions) != 1 || stops.Suppressions[0].Address != "c•••@e•••.com" {
			d.Errorf("%+v, %v", stops, err)
		}
		for search, found := range map[string]int{"carl": 0, "carl@example.com": 1} {
			if stops, err = d.s.Suppressions(ctx, clerk, d.Customer, contact.SuppressionQuery{Search: search}); err != nil || len(stops.Suppressions) != found {
				d.Errorf("search %q finds %+v, %v", search, stops, err)
			}
		}

		// What was masked in the form stays, what was typed replaces it.
		d.wants(d.s.Edit(ctx, clerk, d.Customer, id, contact.Input{Phone: "+33170189911", Language: "fr", Version: 1}), "")
		c := d.get(d.Customer, id)
		if c.Email != "anna.berg@example.com" || c.Name != "Anna Berg" || c.Phone != "+33170189911" || len(c.Details) != 1 {
			d.Errorf("%+v", c.Contact)
		}

		d.set(d.Customer, "contact.masking", "addresses")
		if got, err = d.s.Get(ctx, clerk, d.Customer, id); err != nil || got.Name != "Anna Berg" || got.Email != "a•••@e•••.com" {
			d.Errorf("names are shown: %+v, %v", got.Contact, err)
		}
		if n := d.titles(clerk, contact.Query{Search: "anna b"}); len(n) != 1 {
			d.Errorf("a name that is shown is not found by its beginning: %v", n)
		}
		d.set(d.Customer, "contact.masking", "nothing")
		if got, err = d.s.Get(ctx, clerk, d.Customer, id); err != nil || got.Email != "anna.berg@example.com" {
			d.Errorf("nothing is masked: %+v, %v", got.Contact, err)
		}
		// Nobody unmasks details for themselves.
		boss := d.Member(d.Customer, "boss@acme.example", user.Access{Role: authz.Role(d.Role(d.Customer, "Settings", authz.SettingsView, authz.SettingsEdit)), AllSubs: true})
		view, err := d.tune.View(ctx, boss.Actor, d.Customer, tuning.Contacts)
		d.wants(err, "")
		d.wants(d.tune.Save(ctx, boss.Actor, d.Customer, tuning.Contacts, view.Version, map[string]tuning.Edit{"contact.masking": {Inherit: true}}), "auth.denied")
		d.wants(d.s.Lift(ctx, clerk, d.Customer, stop), "")

		// The log has no address and no name.
		all, err := db.All(ctx, d.DB, db.Value[string], "SELECT target || ' ' || changes FROM audit_personal")
		text := strings.ToLower(strings.Join(all, "\n"))
		if err != nil || strings.Contains(text, "anna") || strings.Contains(text, "carl@") || !strings.Contains(text, "a•••@e•••.com") {
			d.Errorf("the log tells %s (%v)", text, err)
		}
	})
}

func toText(t *testing.T, v any) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestSuppressionsStandForTheirAccountAndBelow(t *testing.T) {
	onDesk(t, func(d *desk) {
		ctx, owner := d.ctx, d.Owner.Actor
		id := d.add(d.Department, contact.Input{Email: "eve@example.com"})
		news := d.list(d.Department, contact.ListInput{Name: "News"})
		d.wants(d.s.Edit(ctx, owner, d.Department, id, contact.Input{Email: "eve@example.com", Lists: []ids.List{news}, Version: 1}), "")
		_, err := d.s.Suppress(ctx, owner, d.Customer, contact.SuppressInput{Address: " EVE@example.com "})
		d.wants(err, "")
		d.at.Advance(time.Second) // they stand in the order of their ids
		_, err = d.s.Suppress(ctx, owner, d.Customer, contact.SuppressInput{Address: "eve@example.com"})
		d.wants(err, "suppression.exists")
		_, err = d.s.Suppress(ctx, owner, d.Customer, contact.SuppressInput{Address: "eve@example.com", List: news})
		d.wants(err, "contact_list.not_found") // it is the department's
		_, err = d.s.Suppress(ctx, owner, d.Department, contact.SuppressInput{Address: "eve@example.com", List: news})
		d.wants(err, "")
		for _, bad := range []string{"", "eve", "12"} {
			_, err = d.s.Suppress(ctx, owner, d.Customer, contact.SuppressInput{Address: bad})
			d.wants(err, "suppression.address")
		}
		c := d.get(d.Department, id)
		if len(c.Stops) != 2 || c.Stops[0].AccountName != "Acme" || c.Stops[1].ListName != "News" || len(c.Lists) != 0 {
			d.Errorf("%+v", c)
		}
		for range 60 {
			_, err = d.s.Suppress(ctx, owner, d.Customer, contact.SuppressInput{Address: strings.ToLower(string(ids.NewView(d.at.Now()))) + "@example.com"})
			d.wants(err, "")
			d.at.Advance(time.Second)
		}
		var n int
		for q := (contact.SuppressionQuery{}); ; {
			p, err := d.s.Suppressions(ctx, owner, d.Customer, q)
			d.wants(err, "")
			n += len(p.Suppressions)
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if n != 61 {
			d.Errorf("%d suppressions", n)
		}
		p, err := d.s.Suppressions(ctx, owner, d.Customer, contact.SuppressionQuery{Search: "ev", Reason: contact.Manual})
		if err != nil || len(p.Suppressions) != 1 {
			d.Errorf("%+v, %v", p, err)
		}
		d.wants(d.s.Lift(ctx, d.OtherOwner.Actor, d.Other, p.Suppressions[0].ID), "suppression.not_found")
		d.wants(d.s.Lift(ctx, owner, d.Customer, p.Suppressions[0].ID), "")
	})
}

func TestAnImportTellsWhichContactsFindNoRoom(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.add(d.Customer, contact.Input{Email: "old@example.com"})
		d.add(d.Department, contact.Input{Email: "old@example.com"})
		d.Exec(`INSERT INTO package_overrides (account_id, term, amount) VALUES (?, 'contacts', 3)`, d.Customer)
		var in []contact.Incoming
		for _, email := range []string{"nobody", "a@example.com", "old@example.com", "b@example.com"} {
			in = append(in, contact.Incoming{Has: []string{"email", "name"}, Input: contact.Input{Email: email, Name: "New"}})
		}
		fates, err := d.s.CheckImport(d.ctx, d.Owner.Actor, d.Department, in, account.Importing{Update: true})
		d.wants(err, "")
		var got []string
		for _, f := range fates {
			got = append(got, errs.CodeOf(f.Err))
		}
		if diff := cmp.Diff([]string{"input.email", "", "", "cap.contacts_reached"}, got); diff != "" {
			d.Error(diff)
		}
		d.wants(d.Op.Write(d.ctx, d.Owner.Actor, authz.ContactsImport, d.Department, func(ctx context.Context, w *op.W) error {
			_, err := d.s.ImportIn(ctx, w, in, account.Importing{Update: true})
			return err
		}), "")
		if n := d.Count("contacts"); n != 3 {
			d.Errorf("%d contacts, with 3 in the package", n)
		}
		_, err = d.s.Create(d.ctx, d.Owner.Actor, d.Customer, contact.Input{Email: "c@example.com"})
		d.wants(err, "cap.contacts_reached")
	})
}

func TestContactsAreImported(t *testing.T) {
	onDesk(t, func(d *desk) {
		ctx, owner := d.ctx, d.Owner.Actor
		d.list(d.Customer, contact.ListInput{Name: "News"})
		d.add(d.Customer, contact.Input{Email: "old@example.com", Name: "Old"})
		row := func(email, name string, lists ...string) contact.Incoming {
			return contact.Incoming{Has: []string{"email", "name"}, ListNames: lists, Input: contact.Input{Email: email, Name: name}}
		}
		in := []contact.Incoming{row("new@example.com", "New", "news"), row("OLD@example.com", "Old"), row("old2@example.com", "", "Nothing"), row("nobody", ""), row("NEW@example.com", "Again")}
		codes := func(fates []contact.Fate) (out []string) {
			for _, f := range fates {
				switch {
				case f.Err != nil:
					out = append(out, errs.CodeOf(f.Err))
				case f.Same:
					out = append(out, "same")
				case f.Exists:
					out = append(out, "update")
				default:
					out = append(out, "new")
				}
			}
			return out
		}
		fates, err := d.s.CheckImport(ctx, owner, d.Customer, in, account.Importing{})
		d.wants(err, "")
		if diff := cmp.Diff([]string{"new", "import.contact_exists", "import.list_unknown", "input.email", "import.contact_twice"}, codes(fates)); diff != "" {
			d.Error(diff)
		}
		in = []contact.Incoming{row("new@example.com", "New", "news"), row("old@example.com", "Older")}
		for want := range slices.Values([][]string{{"new", "update"}, {"same", "same"}}) {
			err = d.Op.Write(ctx, owner, authz.ContactsImport, d.Customer, func(ctx context.Context, w *op.W) error {
				fates, err := d.s.ImportIn(ctx, w, in, account.Importing{Update: true})
				if diff := cmp.Diff(want, codes(fates)); diff != "" {
					d.Error(diff)
				}
				if err == nil && want[0] == "same" {
					return w.Unchanged()
				}
				return err
			})
			d.wants(err, "")
		}
		if got := d.titles(owner, contact.Query{}); !slices.Equal(got, []string{"New", "Older"}) {
			d.Errorf("%v", got)
		}
		stops := []contact.IncomingStop{{Address: "a@example.com", Reason: "Bounced"}, {Address: "a@example.com", ListName: "news"}, {Address: "a@example.com"}, {Address: "x"}, {Address: "b@example.com", Reason: "mood"}}
		found, err := d.s.CheckSuppressions(ctx, owner, d.Customer, stops)
		d.wants(err, "")
		var got []string
		for _, f := range found {
			got = append(got, map[bool]string{true: "same"}[f.Same]+errs.CodeOf(f.Err))
		}
		if diff := cmp.Diff([]string{"", "", "same", "suppression.address", "setting.not_offered"}, got); diff != "" {
			d.Error(diff)
		}
		d.wants(d.Op.Write(ctx, owner, authz.SuppressionsImport, d.Customer, func(ctx context.Context, w *op.W) error {
			_, err := d.s.ImportSuppressionsIn(ctx, w, stops)
			return err
		}), "")
		if p, err := d.s.Suppressions(ctx, owner, d.Customer, contact.SuppressionQuery{}); err != nil || len(p.Suppressions) != 2 {
			d.Errorf("%+v, %v", p, err)
		}
	})
}
