package apikey_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/jobs"
	"bailiwick/internal/notify"
	"bailiwick/internal/notify/notifytest"
)

const day = 24 * time.Hour

// until makes a key that ends after a while.
func (w *world) until(name string, life time.Duration) apikey.Created {
	w.t.Helper()
	k, err := w.Create(w.t.Context(), w.Owner.Actor, w.Customer, apikey.Input{Name: name, Scopes: authz.SetOf(authz.UsersView), Expires: w.clock.Now().Add(life)})
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// reminded runs the work of an hour, twice, and returns the reminders that it queued: "Billing 7".
func (w *world) reminded() (out []string) {
	w.t.Helper()
	before := len(notifytest.Waiting(w.t, w.DB, w.Mail))
	for range 2 {
		list := jobs.NewWorkers()
		apikey.RegisterJobs(list, w.Service)
		if err := jobs.NewRunner(w.DB, slog.New(slog.DiscardHandler), list).Drain(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, m := range notifytest.Waiting(w.t, w.DB, w.Mail)[before:] {
		if m.Template != notify.KeyExpiring || m.To != w.Owner.Email || m.Account != w.Customer {
			w.t.Errorf("%+v", m)
			continue
		}
		data := map[string]any{}
		for i := 0; i+1 < len(m.Data); i += 2 {
			data[m.Data[i].(string)] = m.Data[i+1]
		}
		if data["account"] != "Acme" {
			w.t.Errorf("the mail names the account %v", data["account"])
		}
		out = append(out, fmt.Sprint(data["key"], " ", data["count"]))
	}
	return out
}

func TestTheOwnerOfAKeyIsToldAWeekAndADayBeforeItEnds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		start := w.clock.Now()
		w.until("Billing", 30*day)
		w.until("Report", 10*day)
		w.key(w.Owner.Actor, w.Customer, authz.UsersView) // never ends
		w.until("Short", 3*day)                           // whoever chose it knows
		w.until("Today", day/2)
		revoked := w.until("Revoked", 30*day)
		if err := w.Revoke(t.Context(), w.Owner.Actor, w.Customer, revoked.ID); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for hour := 0; hour <= 31*24; hour += 12 {
			w.clock.Set(start.Add(time.Duration(hour) * time.Hour))
			if told := w.reminded(); len(told) > 0 {
				got[w.clock.Now().Sub(start).String()] = strings.Join(told, ", ")
			}
		}
		want := map[string]string{"48h0m0s": "Short 1", "72h0m0s": "Report 7", "216h0m0s": "Report 1", "552h0m0s": "Billing 7", "696h0m0s": "Billing 1"}
		for at, told := range want {
			if got[at] != told {
				t.Errorf("after %s: %q, want %q", at, got[at], told)
			}
		}
		if len(got) != len(want) {
			t.Errorf("told %v", got)
		}
	})
}

func TestNobodyIsToldOfAKeyThatDoesNotWorkAnyway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.until("Billing", 10*day)
		w.Exec("UPDATE memberships SET deactivated_at = 1 WHERE id = ?", w.Owner.Member)
		w.clock.Advance(5 * day)
		if told := w.reminded(); len(told) > 0 {
			t.Errorf("somebody who is deactivated was told: %v", told)
		}
		w.Exec("UPDATE memberships SET deactivated_at = NULL WHERE id = ?", w.Owner.Member)
		w.clock.Advance(2 * time.Hour)
		if told := w.reminded(); strings.Join(told, ", ") != "Billing 7" {
			t.Errorf("after they are back: %v", told)
		}
		w.clock.Advance(6 * day)
		if told := w.reminded(); len(told) > 0 {
			t.Errorf("told of a key that has ended: %v", told)
		}
	})
}

func TestAKeyEndsSoonInItsLastWeek(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for left, want := range map[time.Duration]bool{-1: false, 0: false, 1: true, 7 * day: true, 7*day + 1: false} {
		if got := (apikey.Key{Expires: now.Add(left)}).Soon(now); got != want {
			t.Errorf("with %s left: %t", left, got)
		}
	}
	if (apikey.Key{}).Soon(now) {
		t.Error("a key that never ends ends soon")
	}
}
