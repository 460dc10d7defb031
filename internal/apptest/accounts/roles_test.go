package accounts_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
)

func lacks(t *testing.T, a apptest.Answer, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if strings.Contains(a.Body, s) {
			t.Errorf("%q is in %s", s, a.Text())
		}
	}
}

// TestThePageOfARoleGroupOffersWhatTheReaderMay looks at a group as people with more and fewer rights, and at one from above.
func TestThePageOfARoleGroupOffersWhatTheReaderMay(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		acme := client(t, w, w.Platform, "Acme")
		limit := []quota.Edit{{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: 10_000, Action: quota.Reject}}}
		if _, err := w.Quotas.SetLimits(t.Context(), w.Root, acme, quota.Target{}, limit); err != nil {
			t.Fatal(err)
		}
		group, above := w.RoleGroup(acme, "Desk", authz.UsersView), w.RoleGroup(w.Platform, "Helpers", authz.UsersView)
		w.Member(acme, "one@acme.example", apptest.As(authz.Role(group)))
		w.Member(w.Department(acme, "Retail"), "two@acme.example", apptest.As(authz.Role(group)))
		owner := w.SignIn(w.Member(acme, "amara@acme.example", apptest.As(authz.Owner)).Email)
		as := func(email string, perms ...authz.Perm) *apptest.Browser {
			return w.SignIn(w.Member(acme, email, apptest.As(authz.Role(w.RoleGroup(acme, email, perms...)))).Email)
		}
		page := func(of ids.Role) string { return at(acme, "/roles/"+string(of)) }
		copies, deletes, invites := "/new?from="+string(group), page(group)+"/delete", "/users/invite?role="+string(group)
		const saves, allows, keys, gives = `class="savebar"`, "Acme allows 10,000", "API keys of its members", `id="reassign"`

		has(t, owner.Get(page(group)), http.StatusOK, "Role group of Acme, used by 2 people.", "two@acme.example · From Retail", copies, deletes, invites, saves, allows, keys, gives)

		has(t, owner.Get(deletes), http.StatusOK, "2 people have it.", "one@acme.example", "two@acme.example", page(group)+"#reassign")

		reader := as("reads@acme.example", authz.RolesView, authz.UsersView)
		a := reader.Get(page(group))
		has(t, a, http.StatusOK, "used by 2 people.", "one@acme.example")
		lacks(t, a, copies, deletes, invites, saves, allows, keys, gives)
		for _, path := range []string{deletes, at(acme, "/roles"+copies)} {
			if a := reader.Get(path); a.Status != http.StatusForbidden {
				t.Errorf("who may not manage role groups opens %s: %d", path, a.Status)
			}
		}

		// Who holds less than the group confers can neither delete it nor invite with it, and copies what they hold.
		low := as("low@acme.example", authz.RolesView, authz.RolesManage, authz.RolesAssign, authz.UsersInvite)
		a = low.Get(page(group))
		has(t, a, http.StatusOK, copies)
		lacks(t, a, deletes, invites, gives)
		has(t, owner.Get(at(acme, "/roles"+copies)), http.StatusOK, `value="Desk (copy)"`, `value="users.view" checked`)
		lacks(t, low.Get(at(acme, "/roles"+copies)), `value="users.view" checked`)

		a = owner.Get(page(above))
		has(t, a, http.StatusOK, "it is edited there", "/new?from="+string(above), "/users/invite?role="+string(above))
		lacks(t, a, "/delete", saves, gives)
		if a := owner.Get(page(above) + "/delete"); a.Status != http.StatusNotFound {
			t.Errorf("a group from above is offered for deletion: %d", a.Status)
		}
		other := w.RoleGroup(client(t, w, w.Platform, "Bolt"), "Theirs", authz.UsersView)
		if a := owner.Get(at(acme, "/roles/new?from="+string(other))); a.Status != http.StatusNotFound {
			t.Errorf("the group of another client is copied: %d", a.Status)
		}
		has(t, owner.Get(at(acme, invites)), http.StatusOK, `value="`+string(group)+`" selected`)
	})
}

// TestALimitAboveThatOfTheAccountIsPointedOut has one saved by somebody above, who has no limit.
func TestALimitAboveThatOfTheAccountIsPointedOut(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		acme := client(t, w, w.Platform, "Acme")
		limits := []quota.Edit{{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: 10_000, Action: quota.Reject}}}
		if _, err := w.Quotas.SetLimits(t.Context(), w.Root, acme, quota.Target{}, limits); err != nil {
			t.Fatal(err)
		}
		amount := func(n int64) role.Input {
			return role.Input{Name: "Desk", Perms: authz.SetOf(authz.UsersView), Sending: quota.Grid{}.With(quota.Email, quota.Month, quota.Limit{Amount: n, Action: quota.Reject})}
		}
		group, err := w.Roles.Create(t.Context(), w.Root, acme, amount(12_000))
		if err != nil {
			t.Fatal(err)
		}
		who, path := w.SignIn(apptest.OwnerEmail), at(acme, "/roles/"+string(group))
		const warned = "Acme allows 10,000. The lowest applies."
		has(t, who.Get(path), http.StatusOK, `value="12,000"`, warned)
		form := url.Values{"version": {"1"}, "name": {"Desk"}, "perm": {"users.view"}, "email_month": {"12000"}}
		has(t, who.PostForm(path+"/changes", form), http.StatusOK, "Nothing is changed until you save", "Nothing changes.")
		form.Set("email_month", "9 000")
		a := who.PostForm(path+"/changes", form)
		has(t, a, http.StatusOK, "1 unsaved change", "12,000 to 9,000.")
		lacks(t, a, warned)
		form["perm"], form["name"], form["email_month"] = nil, []string{""}, []string{"12,000"}
		a = who.PostForm(path, form)
		has(t, a, http.StatusUnprocessableEntity, "2 unsaved changes", "1 error", `data-saved`)
	})
}
