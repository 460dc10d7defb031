package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
)

func (w *world) move(by authz.Actor, id, to ids.Account) error {
	return w.moveWith(by, id, account.MoveInput{To: to})
}

func (w *world) moveWith(by authz.Actor, id ids.Account, in account.MoveInput) error {
	_, err := w.accounts.Move(w.t.Context(), by, id, in)
	return err
}

// treeIsTrue compares the closure table with the parents.
func (w *world) treeIsTrue() {
	w.t.Helper()
	pairs := func(query string) map[string]int {
		out := map[string]int{}
		rows, err := db.All(w.t.Context(), w.db, func(r db.Row) (p struct {
			above, below string
			depth        int
		}, err error) {
			err = r.Scan(&p.above, &p.below, &p.depth)
			return p, err
		}, query)
		w.ok(err)
		for _, p := range rows {
			out[p.above+" "+p.below] = p.depth
		}
		return out
	}
	stored := pairs(`SELECT ancestor_id, descendant_id, depth FROM account_tree`)
	walked := pairs(`WITH RECURSIVE up (above, below, depth) AS (SELECT id, id, 0 FROM accounts UNION ALL SELECT a.parent_id, u.below, u.depth + 1 FROM up u JOIN accounts a ON a.id = u.above WHERE a.parent_id IS NOT NULL)
		SELECT above, below, depth FROM up`)
	if d := cmp.Diff(walked, stored); d != "" {
		w.t.Errorf("the tree (-parents +stored):\n%s", d)
	}
	lists := pairs(`SELECT ancestor_id, customer_id, 0 FROM client_list`)
	want := pairs(`SELECT t.ancestor_id, t.descendant_id, 0 FROM account_tree t JOIN accounts a ON a.id = t.descendant_id WHERE a.kind = 'customer'`)
	if d := cmp.Diff(want, lists); d != "" {
		w.t.Errorf("the list of clients (-tree +stored):\n%s", d)
	}
	searched := pairs(`SELECT ancestor_id || ' ' || word, customer_id, 0 FROM client_words`)
	want = pairs(`SELECT t.ancestor_id || ' ' || w.word, w.customer_id, 0 FROM client_words w JOIN account_tree t ON t.descendant_id = w.customer_id WHERE w.ancestor_id = w.customer_id`)
	if d := cmp.Diff(want, searched); d != "" {
		w.t.Errorf("the words of clients (-their own, at each above +stored):\n%s", d)
	}
}

func TestMovingTakesEverythingAlong(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		deep := w.reseller(north, "Deep")
		c := w.client(deep, "Acme")
		w.department(w.department(c, "Sales"), "Online")
		other := w.client(south, "Other")
		w.ok(w.move(w.operator, deep, south))
		w.treeIsTrue()
		if got := names(w.list(w.operator, south, account.Query{Search: "acme"})); !cmp.Equal(got, []string{"Acme"}) {
			w.t.Errorf("found at the new place: %v", got)
		}
		if got := names(w.list(w.operator, north, account.Query{})); len(got) != 0 {
			w.t.Errorf("left at the old place: %v", got)
		}
		w.refused(w.move(w.operator, south, deep), "account.move_cycle")
		w.refused(w.move(w.operator, south, south), "account.move_cycle")
		w.refused(w.move(w.operator, c, other), "account.kind_order")
		w.refused(w.move(w.operator, w.root, south), "account.kind_order")
		d := w.department(other, "Sales")
		w.refused(w.move(w.operator, d, c), "account.move_obstacles") // there is a Sales already
		w.ok(w.accounts.Update(w.t.Context(), w.operator, d, account.UpdateInput{Version: 1, Fields: account.Fields{Name: "Support"}}))
		w.person("Uma", d, authz.User)
		w.ok(w.move(w.operator, d, c))
		if row := w.list(w.operator, south, account.Query{Search: "acme"}).Rows[0]; row.Users != 1 {
			w.t.Errorf("users of the new client: %d, want 1", row.Users)
		}
		w.treeIsTrue()
	})
}

func TestTEN04MovingNeedsRightsAtBothPlaces(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		c := w.client(north, "Acme")
		admin := w.person("Adam", north, authz.Admin)
		w.refused(w.move(admin, c, south), "account.not_found")
		w.join(admin.User(), south, authz.Guest)
		w.refused(w.move(admin, c, south), "auth.denied")
		own := w.person("Olga", c, authz.Owner)
		w.refused(w.move(own, c, south), "account.move_denied")
		w.exec(`UPDATE memberships SET role = 'admin' WHERE user_id = ? AND account_id = ?`, admin.User(), south)
		w.ok(w.move(admin, c, south))
		w.treeIsTrue()
	})
}

func TestESC02MovingNeverWidensTheMover(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		c := w.client(north, "Acme")
		role := w.group(north, "Movers", authz.ClientsView, authz.ClientsMove)
		mover := w.person("Mo", north, authz.Role(role))
		w.join(mover.User(), south, authz.Admin)
		w.refused(w.move(mover, c, south), "account.move_widens")
	})
}

func (w *world) group(at ids.Account, name string, perms ...authz.Perm) ids.Role {
	id := ids.NewRole(w.clock.Now())
	w.exec(`INSERT INTO roles (id, account_id, name, name_fold, description, perms, created_at, updated_at) VALUES (?, ?, ?, ?, '', ?, 0, 0)`, id, at, name, ids.Fold(name), authz.SetOf(perms...).Encode())
	return id
}

func TestAMoveAsksWhatReplacesARoleGroupThatStaysBehind(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		c := w.client(north, "Acme")
		group := w.group(north, "Editors", "contacts.view", "contacts.edit", authz.UsersView)
		wide := w.group(south, "Wide", "contacts.view", "contacts.export")
		narrow := w.group(south, "Narrow", "contacts.view")
		w.group(c, "Own", authz.UsersView)
		uma := w.person("Uma", c, authz.Role(group))
		p, err := w.accounts.PreviewMove(w.t.Context(), w.operator, c, south)
		w.ok(err)
		if len(p.Stranded) != 1 || p.Stranded[0].Group != group || p.Stranded[0].Members != 1 {
			w.t.Fatalf("stranded %+v, want Editors with one member", p.Stranded)
		}
		choices := map[authz.Role]bool{}
		for _, r := range p.Stranded[0].Choices {
			choices[r.Role] = true
		}
		if want := (map[authz.Role]bool{authz.User: true, authz.Guest: true, authz.Role(narrow): true}); !cmp.Equal(choices, want) {
			w.t.Errorf("choices %v, want those that hold nothing more", choices)
		}
		w.refused(w.move(w.operator, c, south), "account.move_role")
		w.refused(w.moveWith(w.operator, c, account.MoveInput{To: south, Roles: map[ids.Role]authz.Role{group: authz.Role(wide)}}), "account.move_role")
		w.ok(w.moveWith(w.operator, c, account.MoveInput{To: south, Roles: map[ids.Role]authz.Role{group: authz.User}}))
		sc := w.scope(uma, c)
		if sc.Has(authz.UsersView) || !sc.Has("contacts.edit") {
			w.t.Errorf("afterwards Uma holds %v, want what of the group a User may hold", sc.Perms().Names())
		}
	})
}

func (w *world) scope(by authz.Actor, on ids.Account) (sc authz.Scope) {
	w.t.Helper()
	sc, err := (&authz.Checker{}).See(w.t.Context(), w.db, by, on)
	w.ok(err)
	return sc
}

func TestAMoveIsRefusedWhileAReferenceIsTakenThere(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		ref := []account.Ref{{Source: "whmcs", Reference: "7"}}
		made := func(parent ids.Account) ids.Account {
			a, err := w.accounts.Create(w.t.Context(), w.operator, parent, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: "Acme", Refs: ref}})
			w.ok(err)
			return a.ID
		}
		c, taken := made(north), made(south)
		w.refused(w.move(w.operator, c, south), "account.move_obstacles")
		w.ok(w.accounts.Update(w.t.Context(), w.operator, taken, account.UpdateInput{Version: 1, NoEnd: true, Fields: account.Fields{Name: "Acme"}}))
		w.ok(w.move(w.operator, c, south))
		_, err := w.accounts.Create(w.t.Context(), w.operator, south, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: "New", Refs: ref}})
		w.refused(err, "account.ref_taken")
		made(north) // free again where it came from
	})
}

// TestMovesInParallelLeaveATree moves two resellers below each other at the same time: one of them wins.
func TestMovesInParallelLeaveATree(t *testing.T) {
	each(t, func(w *world) {
		a, b := w.reseller(w.root, "A"), w.reseller(w.root, "B")
		done := make(chan error, 2)
		go func() { done <- w.move(w.operator, a, b) }()
		go func() { done <- w.move(w.operator, b, a) }()
		won := 0
		for range 2 {
			switch err := <-done; {
			case err == nil:
				won++
			case errs.CodeOf(err) != "account.move_cycle":
				w.t.Errorf("the other move: %v", err)
			}
		}
		if won != 1 {
			w.t.Errorf("%d moves went through, want 1", won)
		}
		w.treeIsTrue()
	})
}

func TestThePreviewNamesTheSettingsThatAMoveChanges(t *testing.T) {
	each(t, func(w *world) {
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		client := w.client(north, "Acme")
		set := func(at ids.Account, name string, locked bool) {
			w.exec(`INSERT INTO settings (account_id, name, value, locked, updated_at) VALUES (?, ?, '9', ?, 0)`, at, name, locked)
		}
		set(w.root, "account.retention_days", true) // reaches both places
		set(north, "session.idle_minutes", true)
		set(north, "account.grace_days", false) // the client has its own
		set(client, "account.grace_days", false)
		set(south, "invite.valid_days", false)
		p, err := w.accounts.PreviewMove(w.t.Context(), w.operator, client, south)
		w.ok(err)
		want := []account.MovedSetting{
			{Name: "session.idle_minutes", Account: "North", Locked: true},
			{Name: "invite.valid_days", Account: "South", Gained: true},
		}
		if d := cmp.Diff(want, p.Settings); d != "" {
			w.t.Errorf("settings (-want +got):\n%s", d)
		}
	})
}

func TestAMoveReplacesPackagesThatDoNotReachTheNewPlace(t *testing.T) {
	each(t, func(w *world) {
		plans := plan.NewService(op.NewRunner(w.db, &authz.Checker{}), w.clock.Now, account.TimeZone)
		sold := func(at ids.Account, in plan.Input) ids.Package {
			id, err := plans.Create(w.t.Context(), w.operator, at, in)
			w.ok(err)
			return id
		}
		north, south := w.reseller(w.root, "North"), w.reseller(w.root, "South")
		acme := w.client(north, "Acme")
		old := sold(north, plan.Input{Name: "Old", Modules: authz.ModuleSet("locations")})
		less := sold(south, plan.Input{Name: "Less"})
		more := sold(south, plan.Input{Name: "More", Modules: authz.ModuleSet("locations", "audit")})
		w.ok(w.accounts.Assign(w.t.Context(), w.operator, acme, old))
		p, err := w.accounts.PreviewMove(w.t.Context(), w.operator, acme, south)
		if err != nil || len(p.Packages) != 1 || p.Packages[0].Package != old || p.Packages[0].Clients != 1 || len(p.Packages[0].Choices) != 1 || p.Packages[0].Choices[0].ID != less {
			w.t.Fatalf("%+v, %v", p.Packages, err)
		}
		w.refused(w.move(w.operator, acme, south), "account.move_package")
		for _, to := range []ids.Package{more, "", old} {
			w.refused(w.moveWith(w.operator, acme, account.MoveInput{To: south, Packages: map[ids.Package]ids.Package{old: to}}), "account.move_package")
		}
		w.ok(w.moveWith(w.operator, acme, account.MoveInput{To: south, Packages: map[ids.Package]ids.Package{old: less}}))
		if got := w.get(w.operator, acme); got.PackageName != "Less" {
			w.t.Errorf("it has the package %q", got.PackageName)
		}
		if l := w.list(w.operator, south, account.Query{Package: less}); len(l.Rows) != 1 {
			w.t.Errorf("the list of the new place has %+v", l.Rows)
		}
	})
}
