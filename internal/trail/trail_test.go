package trail_test

import (
	"slices"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/trail"
	"bailiwick/internal/user"
)

// accounts are those whose events a list holds.
func accounts(events []audit.Entry) []ids.Account {
	var out []ids.Account
	for _, e := range events {
		out = append(out, e.Account)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func sorted(all ...ids.Account) []ids.Account { slices.Sort(all); return all }

func (w town) list(by authz.Actor, at ids.Account, q trail.Query) trail.Page {
	w.t.Helper()
	p, err := w.Trail.List(w.t.Context(), by, at, q)
	w.ok(err)
	return p
}

func TestAUD02TheLogEndsAtTheReadersTree(t *testing.T) {
	each(t, func(w town) {
		start := w.Clock.Now().AddDate(-1, 0, 0)
		for name, c := range map[string]struct {
			by   authz.Actor
			at   ids.Account
			q    trail.Query
			want []ids.Account
		}{
			"a reseller and below": {w.nils, w.north, trail.Query{Below: true}, sorted(w.north, w.acme)},
			"the reseller alone":   {w.nils, w.north, trail.Query{}, sorted(w.north)},
			"one client of it":     {w.nils, w.north, trail.Query{Below: true, At: w.acme}, sorted(w.acme)},
			"the client itself":    {w.amara, w.acme, trail.Query{Below: true}, sorted(w.acme)},
			"the platform":         {w.Root, w.Platform, trail.Query{Below: true}, sorted(w.Platform, w.north, w.acme, w.bolt)},
		} {
			if got := accounts(w.list(c.by, c.at, c.q).Events); !slices.Equal(got, c.want) {
				t.Errorf("%s: events of %v, want %v", name, got, c.want)
			}
			news, err := w.Trail.News(t.Context(), c.by, c.at, c.q, start)
			if got := accounts(news); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s, watched: events of %v, %v, want %v", name, got, err, c.want)
			}
		}
		of := func(at ids.Account) ids.Event { return w.list(w.Root, at, trail.Query{}).Events[0].ID }
		if e, err := w.Trail.Get(t.Context(), w.nils, w.north, of(w.acme)); err != nil || e.Account != w.acme || !e.Proven {
			t.Errorf("an event below: %+v, %v", e, err)
		}
		for name, at := range map[string]ids.Account{"beside": w.bolt, "above": w.Platform} {
			if _, err := w.Trail.Get(t.Context(), w.nils, w.north, of(at)); errs.KindOf(err) != errs.NotFound {
				t.Errorf("an event of the account %s: %v", name, err)
			}
		}
		if _, err := w.Trail.List(t.Context(), w.zoe, w.acme, trail.Query{}); errs.CodeOf(err) != "auth.denied" {
			t.Errorf("a plain User reads the log: %v", err)
		}
	})
}

func TestTEN13TheLogTellsNothingOfHowMuchOthersHave(t *testing.T) {
	each(t, func(w town) {
		w.seal()
		before := w.list(w.nils, w.north, trail.Query{Below: true})
		if before.Next != "" {
			t.Fatalf("%d events are more than a page", len(before.Events))
		}
		w.many(w.bolt, 300)
		after := w.list(w.nils, w.north, trail.Query{Below: true})
		if after.Next != "" || len(after.Events) != len(before.Events) {
			t.Errorf("events of others changed the page: %d then, %d now", len(before.Events), len(after.Events))
		}
		beside := w.list(w.Root, w.bolt, trail.Query{}).Events[0]
		for name, q := range map[string]trail.Query{
			"a text": {Text: "Bolt"}, "its target": {Target: beside.TargetID}, "its action": {Action: beside.Action}, "a text and below": {Text: "Nobody", Below: true},
		} {
			got := w.list(w.nils, w.north, q)
			if len(got.Events) != 0 || got.Next != "" {
				t.Errorf("%s that only others have: %+v", name, got)
			}
		}
		first := w.list(w.Root, w.Platform, trail.Query{Below: true})
		if first.Next == "" {
			t.Fatal("the platform's log has one page")
		}
		if _, err := w.Trail.List(t.Context(), w.nils, w.north, trail.Query{Below: true, Cursor: first.Next}); err == nil {
			t.Error("a place in the platform's log is taken by a reseller")
		}
		if _, err := w.Trail.List(t.Context(), w.Root, w.Platform, trail.Query{Cursor: first.Next}); err == nil {
			t.Error("a place in one list is taken by another")
		}
	})
}

func TestTEN05WhoLosesTheRightHearsNothingMore(t *testing.T) {
	each(t, func(w town) {
		ctx, since := t.Context(), w.Clock.Now()
		for name, end := range map[string]func(p apptest.Person){
			"deactivation": func(p apptest.Person) { w.ok(w.Users.Deactivate(ctx, w.Root, w.acme, p.Member)) },
			"a lesser role": func(p apptest.Person) {
				w.ok(w.Users.Edit(ctx, w.Root, w.acme, p.Member, 1, user.Input{Access: apptest.As(authz.Guest)}))
			},
			"removal": func(p apptest.Person) { w.ok(w.Users.Remove(ctx, w.Root, w.acme, p.Member)) },
		} {
			p := w.Member(w.acme, name[:4]+"@acme.example", apptest.As(authz.Admin))
			if news, err := w.Trail.News(ctx, p.Actor, w.acme, trail.Query{}, since); err != nil || len(news) == 0 {
				t.Errorf("before %s: %d events, %v", name, len(news), err)
			}
			end(p)
			if news, err := w.Trail.News(ctx, p.Actor, w.acme, trail.Query{}, since); err == nil {
				t.Errorf("after %s: %d events", name, len(news))
			}
		}
	})
}
