package accounts_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/plan"
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

// TestTheTabOfQuotasShowsWhatItsReaderMaySee gives one person the packages alone, and another the limits alone.
func TestTheTabOfQuotasShowsWhatItsReaderMaySee(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		acme := client(t, w, w.Platform, "Acme")
		pkg, err := w.Plans.Create(t.Context(), w.Root, w.Platform, plan.Input{Name: "Growth 100k", All: true, Terms: plan.Terms{plan.Users: 40}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Accounts.Assign(t.Context(), w.Root, acme, pkg); err != nil {
			t.Fatal(err)
		}
		sees := func(email string, perm authz.Perm) string {
			group := w.RoleGroup(acme, email, authz.ClientsView, perm)
			w.Member(acme, email, apptest.As(authz.Role(group)))
			got := w.SignIn(email).Get(at(acme, "/quotas"))
			if got.Status != http.StatusOK {
				t.Fatalf("%s opens the tab: %d", email, got.Status)
			}
			return got.Body
		}
		if body := sees("buys@acme.example", authz.PackagesView); !strings.Contains(body, "Growth 100k") || strings.Contains(body, "Sending limits") || strings.Contains(body, "This month") {
			t.Error("who sees packages sees the package, and no limits or use")
		}
		if body := sees("sends@acme.example", authz.QuotasView); strings.Contains(body, "Growth 100k") || !strings.Contains(body, "Sending limits") {
			t.Error("who sees quotas sees the limits, and not the package")
		}
		reads := w.Member(acme, "reads@acme.example", apptest.As(authz.Role(w.RoleGroup(acme, "Readers", authz.ClientsView))))
		if a := w.SignIn(reads.Email).Get(at(acme, "/quotas")); a.Status != http.StatusForbidden {
			t.Errorf("who sees neither opens the tab: %d", a.Status)
		}
	})
}

// TestAGridSaysWhatAPackageWithholds looks at the permissions of a role group and of a person in a client whose package leaves few modules.
func TestAGridSaysWhatAPackageWithholds(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		acme := client(t, w, w.Platform, "Acme")
		department := w.Department(acme, "Retail")
		pkg, err := w.Plans.Create(t.Context(), w.Root, w.Platform, plan.Input{Name: "Tiny", Modules: authz.ModuleSet("messages", "subaccounts", "departments")})
		if err != nil {
			t.Fatal(err)
		}
		who := w.SignIn(apptest.OwnerEmail)
		const said = "Tiny does not include this."
		if body := who.Get(at(acme, "/roles/new")).Body; strings.Contains(body, said) {
			t.Error("it is said without a package")
		}
		if err := w.Accounts.Assign(t.Context(), w.Root, acme, pkg); err != nil {
			t.Fatal(err)
		}
		has(t, who.Get(at(acme, "/roles/new")), http.StatusOK, said)
		has(t, who.Get(at(department, "/roles/new")), http.StatusOK, said)
		staff := w.Member(acme, "staff@acme.example", apptest.As(authz.Guest))
		has(t, who.Get(at(acme, "/users/"+string(staff.Member)+"/access")), http.StatusOK, said)
		if body := who.Get(at(w.Platform, "/roles/new")).Body; strings.Contains(body, said) {
			t.Error("it is said at the platform")
		}
	})
}

func TestARoleGroupSaysWhatWillChangeBeforeItIsSaved(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		acme := client(t, w, w.Platform, "Acme")
		amara := w.Member(acme, "amara@acme.example", apptest.As(authz.Owner))
		group := w.RoleGroup(acme, "Desk", authz.UsersView)
		w.Member(acme, "one@acme.example", apptest.As(authz.Role(group)))
		who := w.SignIn(amara.Email)
		path := at(acme, "/roles/"+string(group))
		has(t, who.Get(path), http.StatusOK, "What will change", "Change something to see it here.")
		form := url.Values{"version": {"1"}, "name": {"Desk"}, "perm": {"reports.view"}, "email_month": {"12,000"}}
		has(t, who.PostForm(path+"/changes", form), http.StatusOK, "1 person gains it", "1 person loses it", "Unlimited to 12,000. It binds 1 person.", `value="12,000"`)
		form.Set("email_month", "many")
		has(t, who.PostForm(path+"/changes", form), http.StatusUnprocessableEntity, `value="many"`)
		if g, err := w.Roles.Get(t.Context(), amara.Actor, acme, group); err != nil || g.Version != 1 || !g.Perms.Has(authz.UsersView) {
			t.Errorf("looking changed it: %+v, %v", g, err)
		}
		gus := w.Member(acme, "gus@acme.example", apptest.As(authz.Guest))
		if a := w.SignIn(gus.Email).PostForm(path+"/changes", form); a.Status != http.StatusForbidden {
			t.Errorf("a Guest: %d", a.Status)
		}
	})
}
