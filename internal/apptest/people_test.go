package apptest

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/ids"
)

// linkIn is the path of the one-time link in the latest mail to an address.
func (w *World) linkIn(email, prefix string) string {
	w.t.Helper()
	w.Drain()
	all, err := w.Mailbox.List(w.t.Context(), "", 50)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range all {
		if !strings.Contains(m.To, email) {
			continue
		}
		got, err := w.Mailbox.Get(w.t.Context(), m.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if link := regexp.MustCompile(prefix + `[a-z0-9]+`).FindString(got.Text); link != "" {
			return link
		}
	}
	w.t.Fatalf("no mail with a link %s to %s", prefix, email)
	return ""
}

func (w *World) client(name string) ids.Account {
	w.t.Helper()
	made, err := w.Accounts.Create(w.t.Context(), w.Owner.Actor(), w.Platform, account.CreateInput{Kind: account.Customer, NoEnd: true, Fields: account.Fields{Name: name}})
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID
}

func (w *World) wants(a Answer, status int, texts ...string) {
	w.t.Helper()
	if a.Status != status {
		w.t.Fatalf("%d, want %d: %s", a.Status, status, a.Text())
	}
	for _, text := range texts {
		if !strings.Contains(a.Text(), text) && !strings.Contains(a.Body, text) {
			w.t.Errorf("the page lacks %q: %s", text, a.Text())
		}
	}
}

func TestInvitingTwelveOfWhichFourAreBad(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		acme := w.client("Acme Holdings")
		base := "/a/" + string(acme) + "/users"
		w.wants(w.Owner.Get(base), http.StatusOK, "No users yet")
		w.wants(w.Owner.Get(base+"/invite"), http.StatusOK, "Invite users to Acme Holdings", "Set permission", "Locations")
		first := w.Owner.Post(base+"/invite", "addresses", "waits@acme.example", "role", "user", "module", "locations", "subs", "all")
		w.wants(first, http.StatusSeeOther)

		text := "p1@acme.example p2@acme.example p3@acme.example p4@acme.example p5@acme.example p6@acme.example p7@acme.example Jane Doe <p8@acme.example>, " +
			"bob@acme, waits@acme.example, temp@mailinator.com, P1@acme.example"
		form := []string{"addresses", text, "role", "user", "module", "locations", "subs", "all"}
		checked := w.Owner.Post(base+"/invite/check", form...)
		w.wants(checked, http.StatusOK, "8 people will be invited", "4 addresses won", "Not a full email address", "Already invited", "Throw-away addresses", "Appears twice", "Send 8 invites")
		w.wants(w.Owner.Post(base+"/invite", "addresses", "x@acme.example", "role", "user", "subs", "all"), http.StatusUnprocessableEntity, "A user needs at least one module", "x@acme.example")
		told := w.Owner.Post(base+"/invite", form...)
		w.wants(told, http.StatusUnprocessableEntity, "Read what happens to each address")
		seen := regexp.MustCompile(`name="seen" value="([^"]*)"`).FindStringSubmatch(told.Body)
		w.wants(w.Owner.Post(base+"/invite", append(form, "seen", seen[1])...), http.StatusSeeOther)
		w.wants(w.Owner.Get(base+"?tab=pending"), http.StatusOK, "8 invites sent.", "p8@acme.example", "9 invitations")

		link := w.linkIn("p8@acme.example", "/invitation/")
		guest := w.Stranger()
		w.wants(guest.Get(link), http.StatusOK, "Join Acme Holdings", "p8@acme.example", `value="Jane Doe"`)
		w.wants(guest.Post(link, "name", "", "password", "short"), http.StatusUnprocessableEntity, "Enter a name")
		in := guest.Post(link, "name", "Jane Doe", "password", Password)
		w.wants(in, http.StatusSeeOther)
		w.wants(guest.Get(in.Location()), http.StatusOK, "Jane Doe")
		w.wants(guest.Get(base), http.StatusForbidden)
		w.wants(w.Stranger().Get(link), http.StatusConflict, "accepted already")
		w.wants(w.Stranger().Get("/invitation/nonsense"), http.StatusConflict, "cannot be accepted")
		w.wants(w.Owner.Get(base), http.StatusOK, "Jane Doe", "p8@acme.example", "Locations", "1 user")

		w.wants(w.Owner.Post(base+"/new", "name", "Direct", "email", "direct@acme.example", "role", "guest"), http.StatusSeeOther)
		w.linkIn("direct@acme.example", "/welcome/")
		w.wants(w.Owner.Post(base+"/new", "name", "", "email", "nobody", "role", "user"), http.StatusUnprocessableEntity, "Enter a name", "Enter an email address", "at least one module")
	})
}

// memberIn returns the path of a person's page, found in the list.
func (w *World) memberIn(base, name string) string {
	w.t.Helper()
	a := w.Owner.Get(base)
	m := regexp.MustCompile(`href="(` + base + `/mem_[a-z0-9]+)"[^>]*><bdi>` + name).FindStringSubmatch(a.Body)
	if m == nil {
		w.t.Fatalf("%s is not in the list: %s", name, a.Text())
	}
	return m[1]
}

// join invites a person to an account and accepts for them. It returns their browser.
func (w *World) join(acme ids.Account, email, name string, access ...string) *Browser {
	w.t.Helper()
	form := append([]string{"addresses", email, "subs", "all"}, access...)
	w.wants(w.Owner.Post("/a/"+string(acme)+"/users/invite", form...), http.StatusSeeOther)
	link := w.linkIn(email, "/invitation/")
	b := w.Stranger()
	w.wants(b.Post(link, "name", name, "password", Password), http.StatusSeeOther)
	return b
}

var versionOf = regexp.MustCompile(`name="version" value="([0-9]+)"`)

func TestThePageOfAPerson(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		acme := w.client("Acme Holdings")
		base := "/a/" + string(acme) + "/users"
		jane := w.join(acme, "jane@acme.example", "Jane Doe", "role", "user", "module", "locations")
		w.wants(jane.Get(base), http.StatusForbidden)
		her := w.memberIn(base, "Jane Doe")

		a := w.Owner.Get(her)
		w.wants(a, http.StatusOK, "jane@acme.example", "Deactivate", "Remove user")
		w.wants(w.Owner.Post(her, "version", versionOf.FindStringSubmatch(a.Body)[1], "job_title", "Writer", "phone", ""), http.StatusSeeOther)
		w.wants(w.Owner.Post(her, "version", "1", "job_title", "Editor", "phone", ""), http.StatusConflict, "The saved version", "Writer", `value="Editor"`)

		a = w.Owner.Get(her + "/access?can=locations.view")
		w.wants(a, http.StatusOK, "Yes, Jane Doe can do this in Acme Holdings: Locations: View", "User at Acme Holdings includes it", "Everything Jane Doe can do")
		w.wants(w.Owner.Get(her+"/access?can=users.view"), http.StatusOK, "No, Jane Doe cannot")
		made, err := w.Accounts.Create(t.Context(), w.Owner.Actor(), acme, account.CreateInput{Kind: account.Department, Fields: account.Fields{Name: "Marketing"}})
		if err != nil {
			t.Fatal(err)
		}
		w.wants(w.Owner.Get(her+"/access"), http.StatusOK, "In this account", ">Marketing</option>")
		w.wants(w.Owner.Get(her+"/access?can=locations.view&in="+string(made.ID)), http.StatusOK, "Yes, Jane Doe can do this in Marketing", "User at Acme Holdings includes it")
		for _, elsewhere := range []string{string(w.Platform), string(w.client("Bolt")), "nonsense"} {
			w.wants(w.Owner.Get(her+"/access?can=locations.view&in="+elsewhere), http.StatusNotFound)
		}
		version := versionOf.FindStringSubmatch(a.Body)[1]
		w.wants(w.Owner.Post(her+"/access", "version", version, "role", "user", "subs", "all"), http.StatusUnprocessableEntity, "at least one module")
		w.wants(w.Owner.Post(her+"/access", "version", version, "role", "admin", "subs", "all"), http.StatusSeeOther)
		w.wants(jane.Get(base), http.StatusOK, "Jane Doe")
		w.wants(w.Owner.Get(her+"/activity"), http.StatusOK, "Changed Jane Doe", "Olivia Owner")
		w.wants(w.Owner.Post(her+"/reset"), http.StatusSeeOther)

		w.wants(w.Owner.Get(her), http.StatusOK, "Save person", "Send the confirmation", "Sessions")
		person := []string{"person_version", "1", "language", "en", "time_zone", "Mars"}
		w.wants(w.Owner.Post(her+"/identity", append(person, "name", "Janet Doe", "username", "a b")...), http.StatusUnprocessableEntity, `value="Janet Doe"`, `value="a b"`, "without spaces", "time zone from the list")
		person[5] = "Europe/Lisbon"
		w.wants(w.Owner.Post(her+"/identity", append(person, "name", "Janet Doe", "username", "janet")...), http.StatusSeeOther)
		w.wants(w.Owner.Post(her+"/identity", append(person, "name", "Other", "username", "")...), http.StatusConflict, "Load the page again")
		w.wants(w.Owner.Post(her+"/email", "email", "nobody"), http.StatusUnprocessableEntity, `value="nobody"`, "Type an address like")
		w.wants(w.Owner.Post(her+"/email", "email", "janet@acme.example"), http.StatusSeeOther)
		w.wants(w.Owner.Get(her), http.StatusOK, "Janet Doe", "jane@acme.example", "is on its way")
		link := w.linkIn("janet@acme.example", "/confirm-email/")
		w.wants(w.Stranger().Post(link), http.StatusOK, "Your address is confirmed")
		w.wants(w.Owner.Get(her), http.StatusOK, "janet@acme.example")
		w.wants(jane.Get(base), http.StatusSeeOther) // a new address ends the sessions
		w.wants(jane.Post("/sign-in", "login", "janet", "password", Password), http.StatusSeeOther)
		w.wants(w.Owner.Get(her+"/sessions"), http.StatusOK, "End all sessions", "127.0.0.1")
		w.wants(w.Owner.Post(her+"/sessions/end-all"), http.StatusSeeOther)
		w.wants(jane.Get(base), http.StatusSeeOther)
		w.wants(w.Owner.Get(her+"/sessions"), http.StatusOK, "Not signed in")
		w.wants(jane.Post("/sign-in", "login", "janet", "password", Password), http.StatusSeeOther)
		session := regexp.MustCompile(`/sessions/ses_[a-z0-9]+/end`).FindString(w.Owner.Get(her + "/sessions").Body)
		w.wants(w.Owner.Post(her+session), http.StatusSeeOther)
		w.wants(jane.Get(base), http.StatusSeeOther)
		w.wants(jane.Post("/sign-in", "login", "janet", "password", Password), http.StatusSeeOther)

		id := her[strings.LastIndex(her, "/")+1:]
		w.wants(w.Owner.Post(base+"/bulk", "id", id, "do", "deactivate"), http.StatusSeeOther)
		w.wants(jane.Get(base), http.StatusNotFound)
		w.wants(w.Owner.Get(base+"?tab=deactivated"), http.StatusOK, "Janet Doe")
		w.wants(w.Owner.Post(base+"/bulk", "id", id, "do", "reactivate"), http.StatusSeeOther)
		w.wants(jane.Get(base), http.StatusOK)

		w.wants(w.Owner.Get(base+"/transfer?to="+id), http.StatusOK, "Transfer ownership of Acme Holdings", "Janet Doe")
		w.wants(w.Owner.Post(base+"/transfer", "to", id), http.StatusSeeOther)
		w.wants(w.Owner.Post(base+"/bulk", "id", id, "do", "deactivate"), http.StatusConflict, "at least one active Owner")
		w.wants(w.Owner.Post(base+"/bulk", "id", id, "do", "remove"), http.StatusOK, "Remove people from Acme Holdings")
	})
}

func TestOneAddressGetsAPermissionOfItsOwn(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		base := "/a/" + string(w.client("Acme Holdings")) + "/users"
		form := []string{"addresses", "one@acme.example two@acme.example", "role", "user", "module", "locations", "subs", "all", "row:two@acme.example", "admin", "row:one@acme.example", ""}
		w.wants(w.Owner.Post(base+"/invite/check", form...), http.StatusOK, "Another permission for some of them", "Send 2 invites", "As set for all")
		w.wants(w.Owner.Post(base+"/invite", form...), http.StatusSeeOther)
		pending := w.Owner.Get(base + "?tab=pending").Text()
		one, two := strings.Index(pending, "one@acme.example"), strings.Index(pending, "two@acme.example")
		if one < 0 || two < 0 || !strings.Contains(pending[two:min(two+60, len(pending))], "Admin") || !strings.Contains(pending[one:min(one+60, len(pending))], "User") {
			t.Errorf("pending: %s", pending)
		}
		w.wants(w.Owner.Post(base+"/invite", "addresses", "three@acme.example", "role", "user", "module", "locations", "subs", "all", "row:three@acme.example", "emperor"), http.StatusUnprocessableEntity)
	})
}

func TestRoleGroupsInThePortal(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		acme := w.client("Acme Holdings")
		base := "/a/" + string(acme) + "/roles"
		w.wants(w.Owner.Get(base), http.StatusOK, "No role groups yet", "Built-in roles")
		w.wants(w.Owner.Get(base+"/new"), http.StatusOK, "New role group", "User management")
		w.wants(w.Owner.Post(base+"/new", "name", "", "perm", "locations.view"), http.StatusUnprocessableEntity, "Enter a name", "checked")
		made := w.Owner.Post(base+"/new", "name", "Reporting", "description", "Looks at numbers", "perm", "locations.view", "perm", "users.view")
		w.wants(made, http.StatusSeeOther)
		group := made.Location()
		id := group[strings.LastIndex(group, "/")+1:]
		jane := w.join(acme, "jane@acme.example", "Jane Doe", "role", "group", "group", id)
		w.wants(jane.Get("/a/"+string(acme)+"/users"), http.StatusOK, "Jane Doe")

		w.wants(w.Owner.Get(group), http.StatusOK, "used by 1 person.", "Jane Doe", "Give another role")
		w.wants(w.Owner.Get(group+"/delete"), http.StatusOK, "1 person has it.", group+"#reassign")
		w.wants(w.Owner.Post(group, "version", "1", "name", "Reporting", "perm", "locations.view"), http.StatusSeeOther)
		w.wants(jane.Get("/a/"+string(acme)+"/users"), http.StatusForbidden)
		w.wants(w.Owner.Post(group, "version", "1", "name", "Mine", "perm", "locations.view"), http.StatusConflict, "The saved version")
		w.wants(w.Owner.Post(group+"/delete"), http.StatusConflict)
		w.wants(w.Owner.Post(group+"/reassign", "to", "guest"), http.StatusSeeOther)
		w.wants(w.Owner.Get(group+"/delete"), http.StatusOK, "Nobody has it.", `action="`+group+`/delete"`)
		w.wants(w.Owner.Post(group+"/delete"), http.StatusSeeOther)
		w.wants(w.Owner.Get(group), http.StatusNotFound)
	})
}

func TestSubAccountsInThePortal(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		base := "/a/" + string(w.client("Acme Holdings")) + "/subaccounts"
		w.wants(w.Owner.Get(base), http.StatusOK, "No sub-accounts yet", "Create sub-account")
		w.wants(w.Owner.Get(base+"/new"), http.StatusOK, "New sub-account")
		w.wants(w.Owner.Post(base+"/new", "name", "Big News", "purpose", "marketing"), http.StatusUnprocessableEntity, "Use 2 to 64 small letters", `value="Big News"`)
		w.wants(w.Owner.Post(base+"/new", "name", "news", "purpose", "marketing"), http.StatusSeeOther)
		one := regexp.MustCompile(base + `/sub_[a-z0-9]+`).FindString(w.Owner.Get(base + "?q=NEW").Body)
		w.wants(w.Owner.Get(one), http.StatusOK, "Suspend sub-account", "Remove sub-account")
		w.wants(w.Owner.Post(one+"/suspend"), http.StatusSeeOther)
		w.wants(w.Owner.Get(base), http.StatusOK, "Suspended", "1 sub-account")
		w.wants(w.Owner.Post(one, "version", "1", "name", "letters", "purpose", "marketing"), http.StatusConflict, "The saved version")
		w.wants(w.Owner.Post(one, "version", "2", "name", "letters", "purpose", "marketing"), http.StatusSeeOther)
		w.wants(w.Owner.Post(one+"/remove", "typed", "news"), http.StatusUnprocessableEntity, "Type letters")
		w.wants(w.Owner.Post(one+"/remove", "typed", "letters"), http.StatusSeeOther)
	})
}
