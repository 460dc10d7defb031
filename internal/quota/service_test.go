package quota_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
)

// market is a platform with a reseller of two clients, and who runs them.
type market struct {
	*apptest.World
	t                 *testing.T
	north, acme, bolt ids.Account
	nils, amara       apptest.Person // the Owners of north and of acme
}

func each(t *testing.T, fn func(w market)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		m := market{World: w, t: t}
		m.north = w.Reseller(w.Platform, "North")
		m.acme = w.Client(m.north, "Acme")
		m.bolt = w.Client(m.north, "Bolt")
		m.nils = w.Member(m.north, "nils@north.example", apptest.As(authz.Owner))
		m.amara = w.Member(m.acme, "amara@acme.example", apptest.As(authz.Owner))
		fn(m)
	})
}

func day(n int64) quota.Edit {
	return quota.Edit{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: n}}
}

func (w market) set(by authz.Actor, on ids.Account, t quota.Target, edits ...quota.Edit) error {
	w.t.Helper()
	_, err := w.Quotas.SetLimits(w.t.Context(), by, on, t, edits)
	return err
}

func (w market) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w market) refused(what string, err error, code string) {
	w.t.Helper()
	if errs.CodeOf(err) != code {
		w.t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// send reserves for n recipients, and says whether that was allowed.
func (w market) send(by authz.Actor, on ids.Account, key string, n int64) quota.Told {
	w.t.Helper()
	out, err := w.Quotas.Reserve(w.t.Context(), by, []quota.Ask{{Key: key, Account: on, Channel: quota.Email, Recipients: n, Parts: 1}})
	if err != nil || out[0].Err != nil {
		w.t.Fatal(err, out)
	}
	return out[0]
}

func TestNobodyRaisesALimitAboveTheirOwn(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.Root, w.north, quota.Target{}, day(1000)))
		w.refused("one's own", w.set(w.nils.Actor, w.north, quota.Target{}, day(5000)), "quota.parents_field")
		w.refused("a client's Owner", w.set(w.amara.Actor, w.acme, quota.Target{}, day(10)), "quota.parents_field")
		w.refused("more than the reseller has", w.set(w.nils.Actor, w.acme, quota.Target{}, day(1001)), "quota.above_parent")
		w.refused("no limit, where the reseller has one", w.set(w.nils.Actor, w.acme, quota.Target{}, day(quota.Unlimited)), "quota.above_parent")
		past := day(10)
		past.Ends = w.Clock.Now()
		w.refused("a limit that has ended", w.set(w.nils.Actor, w.acme, quota.Target{}, past), "package.until_past")
		w.must(w.set(w.Root, w.Platform, quota.Target{}, day(5000)))
		var said *errs.Error
		if err := w.set(w.Root, w.acme, quota.Target{}, day(6000)); !errors.As(err, &said) || said.Text() != "Write at most 1000, or remove the limit to draw on the account above. The account above has no more for this." {
			t.Errorf("of two limits above, the lowest is not named: %v", err)
		}
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, day(700)))
		w.refused("more than is left", w.set(w.nils.Actor, w.bolt, quota.Target{}, day(301)), "quota.handed_out")
		w.must(w.set(w.nils.Actor, w.bolt, quota.Target{}, day(300)))
		sub := quota.Target{Sub: w.SubAccount(w.acme, "news")}
		w.refused("a sub-account above its client", w.set(w.amara.Actor, w.acme, sub, day(701)), "quota.above_parent")
		w.must(w.set(w.amara.Actor, w.acme, sub, day(700)))
		w.must(w.set(w.amara.Actor, w.acme, quota.Target{Member: w.amara.Member}, day(50)))
		w.refused("a person of another account", w.set(w.amara.Actor, w.acme, quota.Target{Member: w.nils.Member}, day(5)), "user.not_found")
		w.refused("a sub-account of another", w.set(w.nils.Actor, w.bolt, sub, day(5)), "subaccount.not_found")

		for name, e := range map[string]quota.Edit{
			"quota.amount_range": {Channel: quota.Email, Limit: quota.Limit{Amount: -2}},
			"quota.cap_range":    {Channel: quota.Email, Limit: quota.Limit{Amount: 5, Action: quota.Overage, Cap: 4}},
			"quota.cap_unused":   {Channel: quota.Email, Limit: quota.Limit{Amount: 5, Cap: 4}},
			"quota.paced_over":   {Channel: quota.Email, Limit: quota.Limit{Amount: 5, Action: quota.Overage, Cap: 6, Paced: true}},
		} {
			w.refused(name, w.set(w.Root, w.acme, quota.Target{}, e), name)
		}
		if n := w.Count("quota_limits"); n != 6 {
			t.Errorf("%d limits are set", n)
		}
	})
}

func TestAnAccountHandsOutMoreThanItHasOnlyWhenToldTo(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.Root, w.north, quota.Target{}, day(1000)))
		w.Exec(`INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, ?, '150', 0)`, w.north, quota.Oversell.Name)
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, day(900)))
		w.must(w.set(w.nils.Actor, w.bolt, quota.Target{}, day(600)))
		w.refused("beyond that", w.set(w.nils.Actor, w.bolt, quota.Target{}, day(601)), "quota.handed_out")
		bo := w.Member(w.bolt, "bo@bolt.example", apptest.As(authz.Owner))
		if got := w.send(w.amara.Actor, w.acme, "a", 900); got.Outcome.Refused != nil {
			t.Errorf("%+v", got.Outcome.Refused)
		}
		if got := w.send(bo.Actor, w.bolt, "b", 200); got.Outcome.Refused == nil || !got.Hidden {
			t.Errorf("the reseller's own limit does not bind: %+v", got)
		}
	})
}

func TestALimitBelowWhatIsUsedIsTakenAndSaid(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.nils.Actor, w.acme, quota.Target{}, day(100)))
		w.send(w.amara.Actor, w.acme, "a", 60)
		all, err := w.Quotas.SetLimits(t.Context(), w.nils.Actor, w.acme, quota.Target{}, []quota.Edit{day(50)})
		if err != nil || len(all) != 1 || !all[0].Below() || all[0].Used < 60 {
			t.Fatalf("%+v, %v", all, err)
		}
		if got := w.send(w.amara.Actor, w.acme, "b", 1); got.Outcome.Refused == nil || got.Outcome.Refused.Binding.Limit.Amount != 50 || got.Hidden {
			t.Errorf("%+v", got)
		}
		again, err := w.Quotas.SetLimits(t.Context(), w.nils.Actor, w.acme, quota.Target{}, []quota.Edit{day(50)})
		if events := w.Count("audit_events WHERE action = ?", quota.ActionLimits); err != nil || len(again) != 1 || events != 2 {
			t.Errorf("the same limit again: %v, %d events", err, events)
		}
	})
}

func TestALimitEndsOnItsDate(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.Root, w.acme, quota.Target{}, quota.Edit{Channel: quota.Email, Window: quota.Day, Limit: quota.Limit{Amount: 0}, Ends: w.Clock.Now().Add(time.Hour)}))
		if got := w.send(w.amara.Actor, w.acme, "a", 1); got.Outcome.Refused == nil {
			t.Error("it is not in force")
		}
		w.Clock.Advance(time.Hour)
		if got := w.send(w.amara.Actor, w.acme, "a", 1); got.Outcome.Refused != nil {
			t.Errorf("it did not end: %+v", got.Outcome.Refused)
		}
	})
}

func TestWhatIsAboveTheSightOfTheAskerIsNotTold(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.Root, w.north, quota.Target{}, day(10)))
		w.send(w.amara.Actor, w.acme, "a", 4)
		x, err := w.Quotas.Explain(t.Context(), w.amara.Actor, w.acme, quota.Question{Channel: quota.Email, Units: 7})
		if err != nil || x.Decision.Allowed || len(x.Layers) != 3 || x.Layers[0].Hidden || !x.Layers[1].Hidden || !x.Layers[2].Hidden {
			t.Fatalf("%+v, %v", x, err)
		}
		if x.Layers[0].Used[quota.Day] != 4 || x.Decision.Binding.Layer != 1 || x.Decision.OpensAt == 0 {
			t.Errorf("%+v", x)
		}
		seen, err := w.Quotas.Explain(t.Context(), w.nils.Actor, w.acme, quota.Question{Channel: quota.Email, Units: 6})
		if err != nil || !seen.Decision.Allowed || seen.Layers[1].Hidden || seen.Layers[1].Used[quota.Day] != 4 {
			t.Errorf("%+v, %v", seen, err)
		}
	})
}

func TestASuspendedSubAccountAndAHeldAccountSendNothing(t *testing.T) {
	each(t, func(w market) {
		sub := w.SubAccount(w.acme, "news")
		ask := func(key string) error {
			out, err := w.Quotas.Reserve(t.Context(), w.amara.Actor, []quota.Ask{{Key: key, Account: w.acme, Sub: sub, Channel: quota.SMS, Recipients: 2, Parts: 3}})
			w.must(err)
			if out[0].Err == nil && out[0].Outcome.Reserve.Units != 6 {
				t.Errorf("%+v", out[0].Outcome)
			}
			return out[0].Err
		}
		w.must(ask("a"))
		w.must(w.Subs.Suspend(t.Context(), w.amara.Actor, w.acme, sub))
		w.refused("a suspended sub-account", ask("b"), "quota.subaccount_suspended")
		w.must(w.Subs.Resume(t.Context(), w.amara.Actor, w.acme, sub))
		w.must(ask("c"))
		w.Hold(w.acme)
		if err := ask("d"); errs.KindOf(err) != errs.Denied {
			t.Errorf("a held account sends: %v", err)
		}
	})
}

func TestOverTheAPI(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.Root, w.acme, quota.Target{}, day(10)))
		key := w.Everything(w.amara.Actor, w.acme)
		body := func(name string) string {
			return `{"key": "` + name + `", "account": "` + string(w.acme) + `", "channel": "email", "recipients": 4}`
		}
		first := key.Post("/quota/reserve", body("m1")).Want(200)
		if !strings.Contains(first.Body, `"allowed":true`) || !strings.Contains(first.Body, `"units":4`) {
			t.Error(first.Body)
		}
		if again := key.Post("/quota/reserve", body("m1")).Want(200); again.ID() != first.ID() || !strings.Contains(again.Body, `"replayed":true`) {
			t.Error(again.Body)
		}
		many := key.Post("/quota/reserve", `{"reserves": [`+body("m2")+`, `+body("m3")+`, `+strings.Replace(body("m4"), string(w.acme), string(w.bolt), 1)+`]}`).Want(200)
		for _, want := range []string{`"limit":10`, `"used":`, `"opens_at":`, `"layer":"customer"`, `"account.not_found"`} {
			if !strings.Contains(many.Body, want) {
				t.Errorf("%s is not in %s", want, many.Body)
			}
		}
		if n := strings.Count(many.Body, `"allowed":true`); n != 1 {
			t.Errorf("%d of the two were allowed: %s", n, many.Body)
		}
		key.Post("/quota/release", `{"id": "`+first.ID()+`"}`).Want(200)
		if got := key.Post("/quota/commit", `{"id": "`+first.ID()+`"}`).Want(409); got.Code() != "quota.reserve_settled" {
			t.Error(got.Body)
		}
		key.Post("/quota/reserve", body("m5")).Want(200)
		got := key.Get("/quota/explain?account=" + string(w.acme) + "&units=3").Want(200)
		for _, want := range []string{`"allowed":false`, `"layer":"user"`, `"layer":"customer"`, `"layer":"provider"`, `"remaining":2`, `"used":8`, `"binds":true`} {
			if !strings.Contains(got.Body, want) {
				t.Errorf("%s is not in %s", want, got.Body)
			}
		}
		other := w.Everything(w.nils.Actor, w.north)
		if got := other.Post("/quota/release", `{"ids": ["`+first.ID()+`"]}`).Want(200); !strings.Contains(got.Body, `"reserve.not_found"`) {
			t.Error(got.Body)
		}
	})
}

func TestProblemsOfTheAPINameThePlaceOfALimit(t *testing.T) {
	each(t, func(w market) {
		w.must(w.set(w.Root, w.north, quota.Target{}, day(1000)))
		key := w.Everything(w.nils.Actor, w.north)
		for _, c := range []struct{ path, body, at string }{
			{"/accounts/" + string(w.acme) + "/limits", `{"limits": [{"channel": "sms", "window": "day", "limit": 1}, {"channel": "email", "window": "day", "limit": 1001}]}`, "body.limits[1].limit"},
			{"/accounts/" + string(w.acme) + "/limits", `{"limits": [{"channel": "email", "window": "day", "limit": 5, "action": "overage", "cap": 4}]}`, "body.limits[0].cap"},
			{"/accounts/" + string(w.acme) + "/limits", `{"limits": [{"channel": "email", "window": "day", "limit": 5, "last_day": "2020-01-01"}]}`, "body.limits[0].last_day"},
			{"/accounts/" + string(w.acme) + "/limits", `{"limits": [{"channel": "email", "window": "day", "limit": 5}], "remove": [{"channel": "email", "window": "day"}]}`, "body.remove[0]"},
			{"/accounts/" + string(w.north) + "/packages", `{"name": "P", "sending": [{"channel": "email", "window": "day", "limit": 1001}]}`, "body.sending[0].limit"},
			{"/accounts/" + string(w.north) + "/packages", `{"name": "P", "limits": [{"limit": "users", "amount": 1}, {"limit": "users", "amount": 2}]}`, "body.limits[1]"},
			{"/accounts/" + string(w.north) + "/roles", `{"name": "R", "permissions": [], "sending": [{"channel": "email", "window": "day", "limit": 5, "paced": true, "action": "overage", "cap": 9}]}`, "body.sending[0].paced"},
		} {
			var said struct{ Errors []struct{ Location string } }
			key.Post(c.path, c.body).Want(422).Into(&said)
			if len(said.Errors) != 1 || said.Errors[0].Location != c.at {
				t.Errorf("%s: the problem is at %v, want %s", c.body, said.Errors, c.at)
			}
		}
		made := key.Post("/accounts/"+string(w.north)+"/packages", `{"name": "Small", "sending": [{"channel": "email", "window": "day", "limit": 5}]}`).Want(201)
		if got := key.Get("/accounts/" + string(w.north) + "/packages/" + made.ID()).Want(200); !strings.Contains(got.Body, `"all_modules":true`) {
			t.Errorf("a package of which nothing is said withholds modules: %s", got.Body)
		}
	})
}
