package accounts_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
)

// firm is a client with six departments, of which two send, and sub-accounts in them.
type firm struct {
	*apptest.World
	t                      *testing.T
	acme                   ids.Account
	amara                  apptest.Person
	wholesale, retail      ids.Account
	offers, news, receipts ids.SubAccount
	pkg                    ids.Package
}

func newFirm(t *testing.T, w *apptest.World) *firm {
	t.Helper()
	f := &firm{World: w, t: t, acme: client(t, w, w.Platform, "Acme")}
	f.amara = w.Member(f.acme, "amara@acme.example", apptest.As(authz.Owner))
	for _, name := range []string{"dan", "elif", "fay"} {
		w.Clock.Advance(time.Hour)
		w.Member(f.acme, name+"@acme.example", apptest.As(authz.Admin))
	}
	for _, name := range []string{"Garden", "Home", "Kids", "Outlet"} {
		w.Department(f.acme, name)
	}
	f.retail, f.wholesale = w.Department(f.acme, "Retail"), w.Department(f.acme, "Wholesale")
	w.Member(f.retail, "ray@acme.example", apptest.As(authz.Guest))
	f.offers, f.news, f.receipts = w.SubAccount(f.wholesale, "offers"), w.SubAccount(f.retail, "news"), w.SubAccount(f.acme, "receipts")
	w.SubAccount(f.retail, "later")
	w.Location(f.acme, "Bristol")
	var err error
	if f.pkg, err = w.Plans.Create(t.Context(), w.Root, w.Platform, plan.Input{Name: "Growth 100k", All: true}); err != nil {
		t.Fatal(err)
	}
	if err := w.Accounts.Assign(t.Context(), w.Root, f.acme, f.pkg); err != nil {
		t.Fatal(err)
	}
	w.Clock.Set(time.Date(2026, 12, 8, 9, 30, 0, 0, time.UTC))
	f.send("a", f.wholesale, f.offers, quota.Email, 500)
	f.send("b", f.retail, f.news, quota.Email, 200)
	w.Clock.Set(time.Date(2026, 12, 10, 9, 30, 0, 0, time.UTC))
	f.send("c", f.retail, f.news, quota.Email, 40)
	f.send("d", f.acme, f.receipts, quota.Email, 60)
	f.send("e", f.retail, f.news, quota.SMS, 7)
	return f
}

func (f *firm) send(key string, at ids.Account, sub ids.SubAccount, on quota.Channel, n int64) {
	f.t.Helper()
	out, err := f.Quotas.Reserve(f.t.Context(), f.amara.Actor, []quota.Ask{{Key: key, Account: at, Sub: sub, Channel: on, Recipients: n, Parts: 1}})
	if err != nil || out[0].Err != nil || out[0].Outcome.Refused != nil {
		f.t.Fatal(err, out)
	}
}

// sees is the overview of Acme for somebody with a role group of some permissions beside looking at it.
func (f *firm) sees(perms ...authz.Perm) string {
	f.t.Helper()
	name := "reads" + string(perms[0]) + "@acme.example"
	f.Member(f.acme, name, apptest.As(authz.Role(f.RoleGroup(f.acme, name, append(perms, authz.ClientsView)...))))
	a := f.SignIn(name).Get(at(f.acme, ""))
	has(f.t, a, http.StatusOK)
	return a.Body
}

var (
	tag  = regexp.MustCompile(`<[^>]*>`)
	mute = regexp.MustCompile(`(?s)<title>.*?</title>|<caption.*?</caption>`)
)

// card is one card of a page.
func card(t *testing.T, body, id string) string {
	t.Helper()
	_, rest, found := strings.Cut(body, `<section class="card" id="`+id+`"`)
	if !found {
		t.Fatalf("there is no card of %s", id)
	}
	inside, _, _ := strings.Cut(rest, "</section>")
	_, inside, _ = strings.Cut(inside, ">")
	return inside
}

func wordsOf(card string) string {
	return strings.Join(strings.Fields(tag.ReplaceAllString(mute.ReplaceAllString(card, ""), " ")), " ")
}

// figure is what stands beside a name: the number, its part of a hundred, and the bar.
func figure(t *testing.T, card, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?s)<bdi>` + name + `</bdi>.*?(<div class="usage">.*?</div>)`).FindStringSubmatch(card)
	if m == nil {
		t.Fatalf("%s has no figure in %s", name, wordsOf(card))
	}
	return m[1]
}

func TestTheOverviewSaysWhatTheUsageSays(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		f := newFirm(t, w)
		who := w.SignIn(f.amara.Email)
		for channel, want := range map[string][2]string{
			"": {"Departments 6 View all New department Name Users Sub-accounts Share of this month’s email Status" +
				" Wholesale 0 1 500 63% Active Retail 1 2 240 30% Active Garden 0 0 0 0% Active Home 0 0 0 0% Active Kids 0 0 0 0% Active",
				"Sub-accounts 4 View all Create sub-account Name Purpose Owner Email sent today Status" +
					" later Transactional Retail 0 Active news Transactional Retail 40 Active offers Transactional Wholesale 0 Active receipts Transactional Acme 60 Active"},
			"sms": {"Departments 6 View all New department Name Users Sub-accounts Share of this month’s SMS Status" +
				" Retail 1 2 7 100% Active Garden 0 0 0 0% Active Home 0 0 0 0% Active Kids 0 0 0 0% Active Outlet 0 0 0 0% Active",
				"Sub-accounts 4 View all Create sub-account Name Purpose Owner SMS sent today Status" +
					" later Transactional Retail 0 Active news Transactional Retail 7 Active offers Transactional Wholesale 0 Active receipts Transactional Acme 0 Active"},
		} {
			overview, tab := who.Get(at(f.acme, "?channel="+channel)), who.Get(at(f.acme, "/usage?channel="+channel))
			has(t, overview, http.StatusOK)
			has(t, tab, http.StatusOK)
			if got := wordsOf(card(t, overview.Body, "departments")); got != want[0] {
				t.Errorf("on %q:\n%s, want\n%s", channel, got, want[0])
			}
			if got := wordsOf(card(t, overview.Body, "subaccounts")); got != want[1] {
				t.Errorf("on %q:\n%s, want\n%s", channel, got, want[1])
			}
			here, there := figure(t, card(t, overview.Body, "departments"), "Retail"), figure(t, card(t, tab.Body, "departments"), "Retail")
			if here != there {
				t.Errorf("on %q Retail has %s on the overview, and %s among the usage", channel, here, there)
			}
		}
		has(t, who.Get(at(f.retail, "/usage?subaccount="+string(f.news)+"&from=2026-12-10&to=2026-12-10")), http.StatusOK, "40 sent in this period")

		has(t, who.Get(at(f.retail, "")), http.StatusOK, "Sub-accounts", "Email sent today")
		if got, want := wordsOf(card(t, who.Get(at(f.retail, "")).Body, "subaccounts")), "later Transactional Retail 0 Active news Transactional Retail 40 Active"; !strings.HasSuffix(got, want) {
			t.Errorf("in the department: %s", got)
		}
		if got, want := wordsOf(card(t, who.Get(at(f.acme, "/departments")).Body, "departments")), "Retail 1 2 0 Active Wholesale 0 1 0 Active"; !strings.HasSuffix(got, want) {
			t.Errorf("the tab of departments: %s", got)
		}
	})
}

func TestTheOverviewShowsWhatItsReaderMaySee(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		f := newFirm(t, w)
		body := f.sees(authz.DepartmentsView)
		if got, want := wordsOf(card(t, body, "departments")), "Departments 6 View all Name Users Status Garden 0 Active Home 0 Active Kids 0 Active Outlet 0 Active Retail 1 Active"; got != want {
			t.Errorf("departments alone: %s", got)
		}
		for _, s := range []string{"Growth 100k", "name of amara", `id="users"`, `id="subaccounts"`, `id="locations"`, `id="quota"`} {
			if strings.Contains(strings.ToLower(body), strings.ToLower(s)) {
				t.Errorf("who sees departments alone sees %s", s)
			}
		}
		body = f.sees(authz.SubAccountsView, authz.LocationsView, authz.PackagesView, authz.UsersView)
		if got := wordsOf(card(t, body, "subaccounts")); strings.Contains(got, "today") || !strings.Contains(got, "Sub-accounts 4 View all Name Purpose Owner Status") {
			t.Errorf("sub-accounts without quotas: %s", got)
		}
		if got := wordsOf(card(t, body, "locations")); got != "Locations 1 View all Bristol" {
			t.Errorf("locations: %s", got)
		}
		if got := wordsOf(card(t, body, "users")); !strings.HasSuffix(got, "Name of amara@acme.example Owner N Name of dan@acme.example Admin N Name of elif@acme.example Admin") {
			t.Errorf("people: %s", got)
		}
		details := card(t, body, "details")
		if !strings.Contains(details, `/users/`+string(f.amara.Member)) || !strings.Contains(wordsOf(details), "Package Growth 100k Owner Name of amara@acme.example Time zone") || strings.Contains(details, "/packages/") {
			t.Errorf("details: %s", details)
		}
		limited := w.Member(f.acme, "one@acme.example", apptest.As(authz.Role(w.RoleGroup(f.acme, "One", authz.ClientsView, authz.SubAccountsView, authz.DepartmentsView))))
		w.Exec(`UPDATE memberships SET all_subaccounts = FALSE WHERE id = ?`, limited.Member)
		w.Exec(`INSERT INTO membership_subaccounts (membership_id, subaccount_id) VALUES (?, ?)`, limited.Member, f.news)
		one := w.SignIn(limited.Email).Get(at(f.acme, ""))
		if got := wordsOf(card(t, one.Body, "subaccounts")); !strings.Contains(got, "Sub-accounts 1 ") || strings.Contains(got, "offers") {
			t.Errorf("with one sub-account: %s", got)
		}
		if got := wordsOf(card(t, one.Body, "departments")); !strings.HasSuffix(got, "Outlet 0 0 Active Retail 1 1 Active") {
			t.Errorf("the departments with one sub-account: %s", got)
		}
	})
}

func TestTheOverviewLeadsWhereItsReaderMayChangeThings(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		f := newFirm(t, w)
		limit := []quota.Edit{{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: 1000}}}
		if _, err := w.Quotas.SetLimits(t.Context(), w.Root, f.acme, quota.Target{}, limit); err != nil {
			t.Fatal(err)
		}
		if err := w.Accounts.BulkExtend(t.Context(), w.Root, w.Platform, []ids.Account{f.acme}, "2027-03-31", false); err != nil {
			t.Fatal(err)
		}
		ways := map[string]string{
			"Edit quotas": at(f.acme, "/quotas"), "Raise limit": at(f.acme, "/quotas"), "Extend": at(f.acme, "/edit#membership_end"),
			"Growth 100k": at(w.Platform, "/packages/"+string(f.pkg)), "Name of amara@acme.example": at(f.acme, "/users/"+string(f.amara.Member)),
		}
		who := w.SignIn(apptest.OwnerEmail)
		provider, own := who.Get(at(f.acme, "")), w.SignIn(f.amara.Email).Get(at(f.acme, ""))
		for label, href := range ways {
			way := regexp.MustCompile(`<a [^>]*href="` + regexp.QuoteMeta(href) + `"[^>]*>(<[^>]*>|\s)*` + regexp.QuoteMeta(label) + `\s*<`)
			if !way.MatchString(provider.Body) {
				t.Errorf("%s leads nowhere for the provider", label)
			}
			if may := strings.HasPrefix(label, "Name"); way.MatchString(own.Body) != may {
				t.Errorf("%s leads the client's Owner there: %t", label, !may)
			}
			if got := who.Get(strings.TrimSuffix(href, "#membership_end")); got.Status != http.StatusOK {
				t.Errorf("%s leads to %d", label, got.Status)
			}
		}
		for who, a := range map[string]apptest.Answer{"the provider": provider, "the client's Owner": own} {
			has(t, a, http.StatusOK, "At this pace Acme reaches its monthly limit", "Growth 100k")
			if n := strings.Count(a.Body, "Growth 100k"); n != 2 {
				t.Errorf("%s reads the package %d times, not in the head and the details", who, n)
			}
		}
	})
}
