package accounts_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/quota"
)

func TestUsageShowsMetersNumbersAndHowLongTheMonthLasts(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		acme := client(t, w, w.Platform, "Acme")
		amara := w.Member(acme, "amara@acme.example", apptest.As(authz.Owner))
		sub := w.SubAccount(acme, "news")
		limit := []quota.Edit{{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: 1000}}}
		if _, err := w.Quotas.SetLimits(t.Context(), w.Root, acme, quota.Target{}, limit); err != nil {
			t.Fatal(err)
		}
		w.Clock.Set(time.Date(2026, 12, 10, 9, 30, 0, 0, time.UTC))
		for key, n := range map[string]int64{"a": 600, "b": 250} {
			out, err := w.Quotas.Reserve(t.Context(), amara.Actor, []quota.Ask{{Key: key, Account: acme, Sub: sub, Channel: quota.Email, Recipients: n, Parts: 1}})
			if err != nil || out[0].Err != nil || out[0].Outcome.Refused != nil {
				t.Fatal(err, out)
			}
		}
		who := w.SignIn(amara.Email)
		has(t, who.Get(at(acme, "")), http.StatusOK, "Quota use", "85%", `data-tone="warning"`, "Limit reached about 12 Dec", "reaches its monthly limit 19 days early", "View usage")
		has(t, who.Get(at(acme, "/usage")), http.StatusOK, "850 sent in this period", "10 Dec 2026", "Sub-accounts this month", "news")
		has(t, who.Get(at(acme, "/usage?grain=hour")), http.StatusOK, "10 Dec, 09:00")
		has(t, who.Get(at(acme, "/usage?grain=month&subaccount="+string(sub))), http.StatusOK, "Dec 2026", "All of Acme", ">850<")
		has(t, who.Get(at(acme, "/usage?channel=sms")), http.StatusOK, "0 sent in this period", "without a limit")
		has(t, who.Get(at(acme, "/usage?from=2026-12-10&to=2026-12-01")), http.StatusUnprocessableEntity, "Choose a first day that is not after the last.", `value="2026-12-10"`)
		csv := who.Get(at(acme, "/usage/csv?grain=month&from=2026-11-01"))
		has(t, csv, http.StatusOK, "account,channel,month,units,overage_units\n", "Acme,email,2026-11,0,0\n", "Acme,email,2026-12,850,0\n")
		if kind := csv.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") {
			t.Errorf("the file is %s", kind)
		}
		has(t, who.Get(at(acme, "/usage/explain")), http.StatusOK, "Limits, layer by layer", "Override", "Binds", "What your provider may send in all is not shown here.")
		has(t, who.Get(at(acme, "/usage/explain?units=150")), http.StatusOK, "150 can be sent now.")
		has(t, who.Get(at(acme, "/usage/explain?units=151")), http.StatusOK, "151 can’t be sent now.", "1 Jan 2027")
		has(t, who.Get(at(acme, "/usage/explain?units=1001")), http.StatusOK, "So many can never be sent at once.")
		has(t, who.Get(at(acme, "/usage/explain?units=many")), http.StatusUnprocessableEntity, "Write a whole number", `value="many"`)
		if body := who.Get(at(acme, "/usage/explain")).Body; strings.Contains(body, "Halyard") && strings.Contains(body, "Platform") {
			t.Error("a client reads the limits of the platform")
		}
		has(t, w.SignIn(apptest.OwnerEmail).Get(at(acme, "/usage/explain")), http.StatusOK, "Halyard Messaging", "Platform")

		has(t, w.SignIn(apptest.OwnerEmail).Get(at(w.Platform, "/usage")), http.StatusOK, "850 sent in this period")
		guest := w.Member(acme, "gus@acme.example", apptest.As(authz.Guest))
		for _, path := range []string{"/usage", "/usage/csv", "/usage/explain"} {
			if a := w.SignIn(guest.Email).Get(at(acme, path)); a.Status != http.StatusForbidden {
				t.Errorf("a Guest opens %s: %d", path, a.Status)
			}
		}
	})
}
