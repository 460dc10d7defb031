package module_test

import (
	"testing"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/module"
	"bailiwick/internal/role"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

func campaigns() module.Input {
	return module.Input{Key: "campaigns", Name: "Campaigns", Icon: "megaphone", Link: "/campaigns", Actions: []module.Action{{Key: "view", Name: "View"}, {Key: "send", Name: "Send campaigns"}}}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if errs.CodeOf(err) != code {
		t.Errorf("got %v, want %q", err, code)
	}
}

func TestAModuleIsGivenUsedAndTakenAway(t *testing.T) {
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		mods, roles := module.NewService(w.Op, d), role.NewService(w.Op)
		ctx, ticked := t.Context(), authz.SetOf("campaigns.send", "locations.view")
		_, err := roles.Create(ctx, w.Owner.Actor, w.Customer, role.Input{Name: "Too early", Perms: ticked})
		wantCode(t, err, "module.perm_unknown")
		wantCode(t, mods.Add(ctx, w.Seller.Actor, w.Reseller, campaigns()), "module.platform_only")
		wantCode(t, mods.Add(ctx, w.Root.Actor, w.Platform, campaigns()), "")
		wantCode(t, mods.Add(ctx, w.Root.Actor, w.Platform, campaigns()), "module.key_taken")
		_, err = roles.Create(ctx, w.Owner.Actor, w.Customer, role.Input{Name: "Senders", Perms: ticked})
		wantCode(t, err, "")
		m := w.Member(w.Customer, "sender@acme.example", user.Access{Role: authz.User, Perms: ticked, AllSubs: true})
		uses, err := mods.Uses(ctx, w.Root.Actor, w.Platform, "campaigns")
		if err != nil || len(uses) != 2 {
			t.Errorf("%+v, %v", uses, err)
		}
		less := campaigns()
		less.Actions = less.Actions[:1]
		wantCode(t, mods.Edit(ctx, w.Root.Actor, w.Platform, "campaigns", 1, less), "module.action_in_use")
		wantCode(t, mods.Remove(ctx, w.Root.Actor, w.Platform, "campaigns", false), "module.in_use")
		wantCode(t, mods.Remove(ctx, w.Root.Actor, w.Platform, "campaigns", true), "")
		got, err := w.Users.Get(ctx, w.Owner.Actor, w.Customer, m.Member)
		if err != nil || got.Perms != authz.SetOf("locations.view") {
			t.Errorf("%v, %v", got.Perms.List(), err)
		}
		if unknown, err := module.Unknown(ctx, d, ticked); err != nil || len(unknown) != 1 {
			t.Errorf("%v, %v", unknown, err)
		}
	})
}

func TestAModuleIsWhatOthersCanAskFor(t *testing.T) {
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		mods := module.NewService(w.Op, d)
		for name, change := range map[string]func(*module.Input){
			"a built-in key":       func(in *module.Input) { in.Key = "clients" },
			"a key in capitals":    func(in *module.Input) { in.Key = "Campaigns" },
			"no name":              func(in *module.Input) { in.Name = " " },
			"another icon":         func(in *module.Input) { in.Icon = "skull" },
			"a script":             func(in *module.Input) { in.Link = "javascript:alert(1)" },
			"a host without https": func(in *module.Input) { in.Link = "//evil.example" },
			"plain http":           func(in *module.Input) { in.Link = "http://a.example" },
			"no actions":           func(in *module.Input) { in.Actions = nil },
			"an action twice":      func(in *module.Input) { in.Actions = append(in.Actions, in.Actions[0]) },
			"a bad action":         func(in *module.Input) { in.Actions[0].Key = "a.b" },
		} {
			in := campaigns()
			change(&in)
			if err := mods.Add(t.Context(), w.Root.Actor, w.Platform, in); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
