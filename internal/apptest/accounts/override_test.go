package accounts_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
)

// TestAClientIsChosenForALimitOfItsOwn goes from the packages to the limits of a client, as who may set them and as who may not.
func TestAClientIsChosenForALimitOfItsOwn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		sold := reseller(t, w, "Northwind")
		acme := client(t, w, sold, "Acme")
		bolt := client(t, w, w.Platform, "Bolt")
		who := w.SignIn(apptest.OwnerEmail)
		has(t, who.Get(at(w.Platform, "/packages")), http.StatusOK, at(w.Platform, "/packages/override"))
		has(t, who.Get(at(w.Platform, "/packages/override")), http.StatusOK, at(acme, "/quotas#sending"), at(bolt, "/quotas#sending"))
		if found := who.Get(at(w.Platform, "/packages/override?q=acm")); !strings.Contains(found.Body, at(acme, "/quotas")) || strings.Contains(found.Body, at(bolt, "/quotas")) {
			t.Error("a search shows others than what it is for")
		}
		has(t, who.Get(at(w.Platform, "/packages/override?q=zzz")), http.StatusOK, "Nothing matches")
		reads := w.Member(sold, "reads@northwind.example", apptest.As(authz.Role(w.RoleGroup(sold, "Readers", authz.ClientsView, authz.PackagesView, authz.QuotasView))))
		reader := w.SignIn(reads.Email)
		if body := reader.Get(at(sold, "/packages")).Body; strings.Contains(body, "/packages/override") {
			t.Error("who sets no limits is offered to")
		}
		if a := reader.Get(at(sold, "/packages/override")); a.Status != http.StatusForbidden {
			t.Errorf("who sets no limits chooses a client: %d", a.Status)
		}
		if a := w.SignIn(w.Member(acme, "owner@acme.example", apptest.As(authz.Owner)).Email).Get(at(sold, "/packages/override")); a.Status != http.StatusNotFound {
			t.Errorf("somebody below chooses among their neighbours: %d", a.Status)
		}
	})
}

// TestALimitInsteadOfAPackagesKeepsWhatHappensAtIt types an amount alone where the package holds what exceeds its limit.
func TestALimitInsteadOfAPackagesKeepsWhatHappensAtIt(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		acme := client(t, w, w.Platform, "Acme")
		sending := quota.Grid{}.With(quota.Email, quota.Hour, quota.Limit{Amount: 100, Action: quota.Hold, Paced: true}).With(quota.SMS, quota.Month, quota.Limit{Amount: 10, Action: quota.Overage, Cap: 50})
		pkg, err := w.Plans.Create(t.Context(), w.Root, w.Platform, plan.Input{Name: "Holding", All: true, Sending: sending})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Accounts.Assign(t.Context(), w.Root, acme, pkg); err != nil {
			t.Fatal(err)
		}
		who := w.SignIn(apptest.OwnerEmail)
		form := shownIn(who.Get(at(acme, "/quotas")).Body, "email_", "sms_")
		form.Set("form", "sending")
		form.Set("email_hour", "200")
		form.Set("sms_month", "20")
		if a := who.PostForm(at(acme, "/quotas"), form); a.Status != http.StatusSeeOther {
			t.Fatalf("saving: %d %s", a.Status, a.Text())
		}
		view, err := w.Quotas.View(t.Context(), w.Root, acme, quota.Target{})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range view.Rows {
			l := row.Limit
			switch {
			case row.Channel == quota.Email && row.Window == quota.Hour:
				if l.Amount != 200 || l.Action != quota.Hold || !l.Paced {
					t.Errorf("an hour's emails: %+v", l)
				}
			case row.Channel == quota.SMS && row.Window == quota.Month:
				if l.Amount != 20 || l.Action != quota.Overage || l.Cap != 50 {
					t.Errorf("a month's SMS: %+v", l)
				}
			case row.Own != nil:
				t.Errorf("nobody typed a limit of %s %s: %+v", row.Channel, row.Window, l)
			}
		}
	})
}

var (
	inputs  = regexp.MustCompile(`<input[^>]*name="([^"]+)"[^>]*>`)
	given   = regexp.MustCompile(`\bvalue="([^"]*)"`)
	selects = regexp.MustCompile(`(?s)<select[^>]*name="([^"]+)".*?</select>`)
	chosen  = regexp.MustCompile(`<option value="([^"]*)" selected`)
)

// shownIn is what a browser would send of the fields of a page whose names begin so.
func shownIn(body string, prefixes ...string) url.Values {
	form := url.Values{}
	ours := func(name string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(name, p) {
				return true
			}
		}
		return false
	}
	for _, m := range inputs.FindAllStringSubmatch(body, -1) {
		if !ours(m[1]) || strings.Contains(m[0], `type="checkbox"`) && !strings.Contains(m[0], " checked") {
			continue
		}
		switch v := given.FindStringSubmatch(m[0]); {
		case v != nil:
			form.Set(m[1], v[1])
		case strings.Contains(m[0], `type="checkbox"`):
			form.Set(m[1], "on")
		}
	}
	for _, m := range selects.FindAllStringSubmatch(body, -1) {
		if c := chosen.FindStringSubmatch(m[0]); ours(m[1]) && c != nil {
			form.Set(m[1], c[1])
		}
	}
	return form
}
