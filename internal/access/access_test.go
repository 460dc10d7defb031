package access_test

import (
	"slices"
	"strings"
	"testing"

	"bailiwick/internal/access"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/module"
)

// town is a platform with a reseller, two customers and the people in them.
type town struct {
	*apptest.World
	t                    *testing.T
	north, acme, bolt    ids.Account
	amara, nils, zoe, ed apptest.Person // the Owners of acme and of north, a User of acme, the Owner of bolt
}

func each(t *testing.T, fn func(w town)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		o := town{World: w, t: t}
		o.north = w.Reseller(w.Platform, "North")
		o.acme = w.Client(o.north, "Acme")
		o.bolt = w.Client(w.Platform, "Bolt")
		o.amara = w.Member(o.acme, "amara@acme.example", apptest.As(authz.Owner))
		o.nils = w.Member(o.north, "nils@north.example", apptest.As(authz.Owner))
		o.zoe = w.Member(o.acme, "zoe@acme.example", apptest.As(authz.User, authz.LocationsView))
		o.ed = w.Member(o.bolt, "ed@bolt.example", apptest.As(authz.Owner))
		fn(o)
	})
}

// may asks one question.
func (w town) may(by authz.Actor, q access.Question) bool {
	w.t.Helper()
	got, err := w.Access.Check(w.t.Context(), by, []access.Question{q})
	if err != nil || len(got) != 1 {
		w.t.Fatalf("%+v: %v, %v", q, got, err)
	}
	return got[0]
}

// TestTheAnswerIsWhatTheRestOfTheProgramWouldDo asks about everything on every account, and holds each answer against the
// door that all services go through.
func TestTheAnswerIsWhatTheRestOfTheProgramWouldDo(t *testing.T) {
	each(t, func(w town) {
		w.Hold(w.bolt)
		yes, no := 0, 0
		for name, by := range map[string]authz.Actor{"Root": w.Root, "Nils": w.nils.Actor, "Amara": w.amara.Actor, "Zoe": w.zoe.Actor, "Ed": w.ed.Actor} {
			for _, at := range []ids.Account{w.Platform, w.north, w.acme, w.bolt} {
				var asked []access.Question
				for _, p := range authz.Everything().List() {
					asked = append(asked, access.Question{Account: at, Perm: p})
				}
				got, err := w.Access.Check(t.Context(), by, asked)
				if err != nil {
					t.Fatal(err)
				}
				for i, q := range asked {
					_, _, err := w.Ops.Read(t.Context(), by, q.Perm, at)
					if got[i] != (err == nil) {
						t.Errorf("%s, %s on %s: answered %t, and the door says %v", name, q.Perm, at, got[i], err)
					}
					if got[i] {
						yes++
					} else {
						no++
					}
				}
			}
		}
		if yes < 100 || no < 100 {
			t.Errorf("%d times yes, %d times no", yes, no)
		}
	})
}

func TestTEN13AnswersAboutOthersEndWhereTheAskerSeesNobody(t *testing.T) {
	each(t, func(w town) {
		about := func(who apptest.Person, at ids.Account, p authz.Perm) access.Question {
			return access.Question{Account: at, Perm: p, User: who.User()}
		}
		for name, c := range map[string]struct {
			by   authz.Actor
			q    access.Question
			want bool
		}{
			"what one's own User may":                        {w.amara.Actor, about(w.zoe, w.acme, authz.LocationsView), true},
			"what they may not":                              {w.amara.Actor, about(w.zoe, w.acme, authz.UsersView), false},
			"what a client's Owner may, seen from above":     {w.nils.Actor, about(w.amara, w.acme, authz.UsersView), true},
			"what those above may, of whom nothing is seen":  {w.amara.Actor, about(w.nils, w.acme, authz.UsersView), false},
			"the same, asked by the platform":                {w.Root, about(w.nils, w.acme, authz.UsersView), true},
			"what a User hears, who does not see the people": {w.zoe.Actor, about(w.amara, w.acme, authz.UsersView), false},
			"what others may on their own account":           {w.nils.Actor, about(w.ed, w.bolt, authz.AccountView), false},
			"about oneself, by name":                         {w.zoe.Actor, about(w.zoe, w.acme, authz.LocationsView), true},
		} {
			if got := w.may(c.by, c.q); got != c.want {
				t.Errorf("%s: %t", name, got)
			}
		}
		nobody := access.Question{Account: ids.NewAccount(w.Clock.Now()), Perm: authz.AccountView}
		if w.may(w.nils.Actor, nobody) || w.may(w.nils.Actor, access.Question{Account: w.bolt, Perm: authz.AccountView}) {
			t.Error("an account that is not there and one that is not seen are answered with yes")
		}
	})
}

func TestAnswersFollowWhatIsTakenAwayAtOnce(t *testing.T) {
	each(t, func(w town) {
		ctx := t.Context()
		mine := access.Question{Account: w.acme, Perm: authz.LocationsView}
		hers := access.Question{Account: w.acme, Perm: authz.LocationsView, User: w.zoe.User()}
		if !w.may(w.zoe.Actor, mine) || !w.may(w.amara.Actor, hers) {
			t.Fatal("she may not look at locations")
		}
		w.ok(w.Users.Deactivate(ctx, w.amara.Actor, w.acme, w.zoe.Member))
		if w.may(w.zoe.Actor, mine) || w.may(w.amara.Actor, hers) {
			t.Error("somebody who is deactivated still may")
		}
		w.ok(w.Users.Reactivate(ctx, w.amara.Actor, w.acme, w.zoe.Member))
		if !w.may(w.zoe.Actor, mine) {
			t.Error("somebody who is back may not")
		}
		edit := access.Question{Account: w.acme, Perm: authz.LocationsEdit}
		if !w.may(w.amara.Actor, edit) {
			t.Fatal("the Owner may not edit locations")
		}
		w.Hold(w.acme)
		if w.may(w.amara.Actor, edit) {
			t.Error("an account that is held is edited")
		}
	})
}

func TestAModulesPermissionIsAnsweredWhileTheModuleIsThere(t *testing.T) {
	each(t, func(w town) {
		ctx := t.Context()
		send := access.Question{Account: w.acme, Perm: "campaigns.send"}
		unknown := func() {
			t.Helper()
			if w.may(w.amara.Actor, send) {
				t.Error("a permission of no module is held")
			}
			if _, err := w.Access.Explain(ctx, w.amara.Actor, send); errs.CodeOf(err) != "access.permission_unknown" {
				t.Errorf("explained: %v", err)
			}
		}
		unknown()
		w.ok(w.Modules.Add(ctx, w.Root, w.Platform, module.Input{Key: "campaigns", Name: "Campaigns", Icon: "megaphone", Actions: []module.Action{{Key: "send", Name: "Send"}}}))
		ticked := w.Member(w.acme, "sender@acme.example", apptest.As(authz.User, "campaigns.send"))
		for name, c := range map[string]struct {
			by   authz.Actor
			want bool
		}{"the Owner": {w.amara.Actor, true}, "who has it ticked": {ticked.Actor, true}, "who has not": {w.zoe.Actor, false}, "a stranger": {w.ed.Actor, false}} {
			if got := w.may(c.by, send); got != c.want {
				t.Errorf("%s: %t", name, got)
			}
		}
		if x, err := w.Access.Explain(ctx, ticked.Actor, send); err != nil || !x.Allowed {
			t.Errorf("%+v, %v", x, err)
		}
		w.ok(w.Modules.Remove(ctx, w.Root, w.Platform, "campaigns", true))
		unknown()
		if w.may(ticked.Actor, send) {
			t.Error("a permission outlived its module")
		}
	})
}

func TestAnExplanationNamesNoAccountAboveTheReadersSight(t *testing.T) {
	each(t, func(w town) {
		ctx := t.Context()
		x, err := w.Access.Explain(ctx, w.nils.Actor, access.Question{Account: w.acme, Perm: authz.UsersView, User: w.amara.User()})
		if err != nil || !x.Allowed || len(x.Steps) == 0 {
			t.Fatalf("%+v, %v", x, err)
		}
		w.Hold(w.north)
		x, err = w.Access.Explain(ctx, w.amara.Actor, access.Question{Account: w.acme, Perm: authz.LocationsEdit})
		if err != nil || x.Allowed {
			t.Fatalf("an account below one that is held is edited: %+v, %v", x, err)
		}
		for _, s := range x.Steps {
			if slices.Contains([]ids.Account{w.north, w.Platform}, s.Account) || strings.Contains(s.Name, "North") {
				t.Errorf("the Owner of a client is told of those above: %+v", s)
			}
		}
		for name, c := range map[string]struct {
			by   authz.Actor
			q    access.Question
			code string
		}{
			"of somebody above":           {w.amara.Actor, access.Question{Account: w.acme, Perm: authz.UsersView, User: w.nils.User()}, "user.not_found"},
			"of a stranger":               {w.amara.Actor, access.Question{Account: w.acme, Perm: authz.UsersView, User: w.ed.User()}, "user.not_found"},
			"of nobody":                   {w.amara.Actor, access.Question{Account: w.acme, Perm: authz.UsersView, User: ids.NewUser(w.Clock.Now())}, "user.not_found"},
			"on an account of others":     {w.amara.Actor, access.Question{Account: w.bolt, Perm: authz.UsersView}, "account.not_found"},
			"of a permission of nobody":   {w.amara.Actor, access.Question{Account: w.acme, Perm: "everything"}, "access.permission_unknown"},
			"of another's one subaccount": {w.amara.Actor, access.Question{Account: w.acme, Perm: authz.SubAccountsView, SubAccount: "sub_x", User: w.zoe.User()}, "access.subaccount_of_other"},
		} {
			if _, err := w.Access.Explain(ctx, c.by, c.q); errs.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
	})
}

func (w town) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
