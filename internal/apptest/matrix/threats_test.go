package matrix_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// TestINV02AcceptingTakesAddressAndRoleFromTheRow sends more than the form has, and what it has under other names.
func TestINV02AcceptingTakesAddressAndRoleFromTheRow(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	inv := o.Invite(o.ours.owner.Actor, o.ours.client, "newcomer@northwind.example", apptest.As(authz.Guest))
	for _, extra := range []string{"email", "role", "perms", "account", "invited_by"} {
		before := o.dump()
		a := o.Stranger().Post("/invitation/"+inv.Token, "name", "Newcomer", "password", newPassword, extra, "owner")
		if a.Status != http.StatusUnprocessableEntity {
			t.Errorf("with the field %s: %d", extra, a.Status)
		}
		report(t, changed(before, o.dump()))
	}
	a := o.Stranger().Post("/invitation/"+inv.Token+"?role=owner&email=evil@example.com", "name", "Newcomer", "password", newPassword)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("accepting: %d %s", a.Status, a.Text())
	}
	if n := o.Count("memberships m JOIN identities i ON i.id = m.user_id WHERE i.email = 'newcomer@northwind.example' AND m.role = 'guest' AND m.account_id = ?", o.ours.client); n != 1 {
		t.Errorf("the newcomer is %d times a Guest of the client", n)
	}
}

// TestINV05TheLinkIsNeverReadableAgain looks for the token on every page of its account, in the database and in the log.
func TestINV05TheLinkIsNeverReadableAgain(t *testing.T) {
	t.Parallel()
	o := newTown(t, apptest.OnSQLite(t))
	s := portal(o)
	people := []*apptest.Browser{o.SignIn(o.ours.seller.Email), o.SignIn(o.ours.owner.Email)}
	for i, v := range o.ours.sets {
		for _, who := range people {
			for _, body := range s.pages(who, v) {
				if strings.Contains(body, v["token"]) {
					t.Errorf("a page shows the token of invitation %d", i)
				}
			}
		}
		for _, row := range o.dump() {
			if strings.Contains(row, v["token"]) {
				t.Errorf("the database holds the token: %s", row)
			}
		}
		if strings.Contains(o.Journal.Text(), v["token"]) {
			t.Errorf("the log holds the token of invitation %d", i)
		}
	}
}

// pages are the pages of an account as somebody sees them, with those that they lead to; captured mail is not among them.
func (s site) pages(who *apptest.Browser, v values) map[string]string {
	out := map[string]string{}
	var next []string
	for _, p := range s.patterns {
		if method, path := fill(p, v); method == http.MethodGet && slices.Contains(params(p), "account") && !isDownload(path) {
			a := s.ask(who, method, path, nil)
			out[path] = told(a)
			next = append(next, linksOf(a.Body, path)...)
		}
	}
	for _, path := range next {
		place := sealedCursor.ReplaceAllString(path, "cursor=SEALED")
		if strings.HasPrefix(path, "/a/"+v["account"]) && out[place] == "" && !isDownload(path) {
			out[place] = told(s.ask(who, http.MethodGet, path, nil))
		}
	}
	return out
}

// isDownload reports whether the path leads to a file: taking it along is recorded, so that the next page differs.
func isDownload(path string) bool { return strings.HasSuffix(path, "/result") }

// TestINV09AcceptingNeedsTheLink knows everything of an invitation but its token.
func TestINV09AcceptingNeedsTheLink(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	known := o.Member(o.theirs.client, "known@both.example", apptest.As(authz.Guest))
	inv := o.Invite(o.ours.owner.Actor, o.ours.client, known.Email, apptest.As(authz.Admin))
	hash := o.Text("SELECT id FROM invitations WHERE id = ?", inv.ID)
	for _, guess := range []string{string(inv.ID), hash, known.Email, inv.Token[:len(inv.Token)-1], strings.ToUpper(inv.Token), "%", "x' OR '1'='1"} {
		if _, err := o.Invites.AcceptExisting(t.Context(), known.Actor, guess); errs.KindOf(err) != errs.NotFound {
			t.Errorf("accepting by %q: %v", guess, err)
		}
	}
	if _, err := o.Invites.AcceptExisting(t.Context(), o.theirs.owner.Actor, inv.Token); errs.KindOf(err) != errs.Denied {
		t.Errorf("somebody else accepting: %v", err)
	}
}

// TestTEN06IdsAreNeverReused makes many in one instant, and makes again what was removed.
func TestTEN06IdsAreNeverReused(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	seen := map[ids.Account]bool{}
	for range 20_000 {
		id := ids.NewAccount(o.Clock.Now())
		if seen[id] {
			t.Fatalf("%s twice", id)
		}
		seen[id] = true
	}
	first := o.SubAccount(o.ours.client, "again")
	if err := o.Subs.Remove(t.Context(), o.Root, o.ours.client, first, "again"); err != nil {
		t.Fatal(err)
	}
	if second := o.SubAccount(o.ours.client, "again"); second == first {
		t.Error("a sub-account made anew has the id of the one removed")
	}
}

// TestTEN07EveryWayToSignInIsOne reads the program: one statement makes sessions, and one function runs it.
func TestTEN07EveryWayToSignInIsOne(t *testing.T) {
	var statements, callers []string
	functions(t, func(pkg string, fn *ast.FuncDecl, src string) {
		if strings.Contains(src, "INSERT INTO sessions") {
			statements = append(statements, pkg+"."+fn.Name.Name)
		}
		if strings.Contains(src, "insertSession(ctx") && fn.Name.Name != "insertSession" {
			callers = append(callers, pkg+"."+fn.Name.Name)
		}
	})
	if !slices.Equal(statements, []string{"authn.insertSession"}) || !slices.Equal(callers, []string{"authn.enter"}) {
		t.Errorf("sessions are made by %v, called from %v", statements, callers)
	}
}

// TestTEN08ThePortalIsTheOnlyListener reads the program: what listens is swept, and this is all that listens.
func TestTEN08ThePortalIsTheOnlyListener(t *testing.T) {
	var found []string
	functions(t, func(pkg string, fn *ast.FuncDecl, src string) {
		if pkg == "change" { // it hears the news of the database, and nobody can reach it
			return
		}
		if strings.Contains(src, ".Listen(") || strings.Contains(src, "ListenAndServe") || strings.Contains(src, "ListenConfig{") {
			found = append(found, pkg)
		}
	})
	if len(slices.Compact(found)) != 1 || found[0] != "cli" {
		t.Errorf("listening in %v: add its routes to the sweep", found)
	}
}

// functions visits every function of the program with its source.
func functions(t *testing.T, visit func(pkg string, fn *ast.FuncDecl, src string)) {
	t.Helper()
	files, err := filepath.Glob("../../*/*.go")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		pkg := filepath.Base(filepath.Dir(name))
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(pkg, "test") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				visit(pkg, fn, string(src[fset.Position(fn.Pos()).Offset:fset.Position(fn.End()).Offset]))
			}
		}
	}
}

// TestTEN13NothingOfOthersShowsAnywhere compares every page of one tenant before and after another one grows: lists,
// counts, tabs, choices and searches say the same.
func TestTEN13NothingOfOthersShowsAnywhere(t *testing.T) {
	t.Parallel()
	o := newTown(t, apptest.OnSQLite(t))
	s := portal(o)
	seller, owner := o.SignIn(o.ours.seller.Email), o.SignIn(o.ours.owner.Email)
	look := func() map[string]string {
		out := map[string]string{}
		for _, v := range o.ours.sets {
			for _, who := range []*apptest.Browser{seller, owner} {
				for path, body := range s.pages(who, v) {
					out[path+" of "+string(who.Actor().User())] = body
				}
			}
			for _, search := range []string{"northwind", "southwind", "a", "@"} {
				for _, list := range []string{"/users", "/clients", "/subaccounts", "/contacts", "/suppressions", "/resellers"} {
					path := "/a/" + v["account"] + list + "?q=" + url.QueryEscape(search)
					out[path] = told(seller.Fresh().Get(path))
				}
			}
		}
		return out
	}
	before := look()
	more := o.Client(o.theirs.reseller, "northwind foods")
	o.Department(more, "northwind marketing")
	o.Location(more, "place of northwind1")
	o.SubAccount(more, "northwind1")
	o.Contact(more, "contact@northwind1.example", o.ContactList(more, "list of northwind1"))
	o.Suppress(more, "stopped@northwind1.example")
	o.RoleGroup(o.theirs.reseller, "group of northwind0", authz.UsersView)
	for _, at := range []ids.Account{o.theirs.reseller, o.theirs.client, more} {
		o.Member(at, "seller@northwind.test", apptest.As(authz.Admin))
		o.Invite(o.theirs.seller.Actor, at, "invited@northwind0.example", apptest.As(authz.Guest))
		o.Exec("DELETE FROM audit_unsealed")
	}
	after := look()
	if len(before) < 20 {
		t.Fatalf("only %d pages were compared", len(before))
	}
	for path, was := range before {
		if after[path] != was {
			t.Errorf("%s changed when another tenant grew:\n%s", path, firstDifference(was, after[path]))
		}
	}
}

func firstDifference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, min(i, len(s))-80):min(len(s), i+80)] }
	return cut(a) + "\n" + cut(b)
}

// TestESC03CredentialsOfOthersAreOutOfReach resets by rank, and never across accounts.
func TestESC03CredentialsOfOthersAreOutOfReach(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	admin := o.Member(o.ours.client, "admin@northwind.example", apptest.As(authz.Admin))
	chief := o.Member(o.ours.client, "chief@northwind.example", apptest.As(authz.Owner))
	for _, tt := range []struct {
		name string
		by   apptest.Person
		of   apptest.Person
		want string
	}{
		{"an Admin of an Owner", admin, chief, "user.above_you"},
		{"an Admin of a Guest", admin, o.ours.guest, ""},
		{"an Owner of an Owner", o.ours.owner, chief, ""},
		{"a Guest", o.ours.guest, admin, "auth.denied"},
		{"an Owner of somebody in another account", o.ours.owner, o.theirs.guest, "user.not_found"},
		{"an Owner of their own provider", o.ours.owner, o.ours.seller, "user.not_found"},
	} {
		if err := o.Authn.SendReset(t.Context(), tt.by.Actor, o.ours.client, tt.of.User()); errs.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	// It goes to the person's own mailbox and changes nothing of theirs.
	before := o.Text("SELECT password_hash FROM identities WHERE id = ?", o.ours.guest.User())
	if o.FindLink(o.ours.guest.Email, "/reset/") == "" || before != o.Text("SELECT password_hash FROM identities WHERE id = ?", o.ours.guest.User()) {
		t.Error("the Guest has no mail, or another password")
	}
}

// TestESC10NothingIsAuthorisedByAName gives things the names of what has rights.
func TestESC10NothingIsAuthorisedByAName(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	for _, name := range []string{"owner", "admin", "platform", string(o.ours.seller.User())} {
		group := o.RoleGroup(o.ours.client, name, authz.LocationsView)
		who := o.Member(o.ours.client, "who."+ids.Fold(name)+"@names.example", apptest.As(authz.Role(group)))
		o.Exec("UPDATE identities SET name = 'Olivia Owner', username = ?, username_fold = ? WHERE id = ?", name+"1", ids.Fold(name+"1"), who.User())
		if got, want := o.Held(who.Actor, o.ours.client), authz.SetOf(authz.LocationsView, authz.AccountView); got != want {
			t.Errorf("a group called %q gives %v", name, got.Names())
		}
	}
	o.Exec("UPDATE accounts SET name = (SELECT name FROM accounts WHERE id = ?) WHERE id = ?", o.ours.client, o.theirs.client)
	if got := o.Held(o.theirs.owner.Actor, o.ours.client); !got.Empty() {
		t.Errorf("the Owner of an account of the same name holds %v", got.Names())
	}
}

// digest is what a page remembers of the addresses that were typed.
var digest = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

// flashText is what a page says of the form before it.
var flashText = regexp.MustCompile(`(?s)id="toasts".*?<(span|p)[^>]*>[^<]+<`)

// TestENU01PagesSayTheSameOfKnownAndUnknownAddresses compares what the portal answers, word for word.
func TestENU01PagesSayTheSameOfKnownAndUnknownAddresses(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	known, unknown := o.theirs.owner.Email, "nobody@nowhere.example"
	never := o.Invite(o.theirs.owner.Actor, o.theirs.client, "never@accepted.example", apptest.As(authz.Guest))
	_ = never
	owner := o.SignIn(o.ours.owner.Email)
	at := "/a/" + string(o.ours.client)
	for _, tt := range []struct {
		name string
		who  func() *apptest.Browser
		path string
		form func(address string) []string
	}{
		{"sign-in", o.Stranger, "/sign-in", func(a string) []string { return []string{"login", a, "password", "not the password at all"} }},
		{"forgotten password", o.Stranger, "/forgot", func(a string) []string { return []string{"login", a} }},
		{"checking addresses", owner.Fresh, at + "/users/invite/check", func(a string) []string { return []string{"addresses", a} }},
	} {
		for _, address := range []string{known, "never@accepted.example", o.ours.seller.Email} {
			say := func(a string) string {
				return digest.ReplaceAllString(strings.ReplaceAll(strings.ReplaceAll(told(tt.who().Post(tt.path, tt.form(a)...)), a, "ADDRESS"), url.QueryEscape(a), "ADDRESS"), "DIGEST")
			}
			if was, is := say(unknown), say(address); was != is {
				t.Errorf("%s: %s is told from an address nobody has:\n%s", tt.name, address, firstDifference(was, is))
			} else if strings.HasPrefix(was, "404") {
				t.Errorf("%s: %.80s", tt.name, was)
			}
		}
	}
	// What changes something is asked once for each address; the answer and what the next page says of it are compared.
	for name, tt := range map[string]struct {
		path    string
		form    func(address string) []string
		unknown string
	}{
		"inviting": {at + "/users/invite", func(a string) []string { return []string{"addresses", a, "role", "guest"} }, "nobody@nowhere.example"},
		"creating": {at + "/users/new", func(a string) []string { return []string{"name", "Somebody", "email", a, "role", "guest"} }, "noone@nowhere.example"},
	} {
		known := o.Member(o.theirs.client, name+"@southwind.example", apptest.As(authz.Admin)).Email
		say := func(a string) string {
			b := owner.Fresh()
			answer := b.Post(tt.path, tt.form(a)...)
			if answer.Status != http.StatusSeeOther {
				t.Errorf("%s %s: %s", name, a, answer.Text())
			}
			flash := flashText.FindString(b.Get(at + "/home").Body)
			if flash == "" {
				t.Errorf("%s: the next page says nothing", name)
			}
			return strings.ReplaceAll(told(answer)+flash, a, "ADDRESS")
		}
		if was, is := say(tt.unknown), say(known); was != is {
			t.Errorf("%s: an address that is known elsewhere is told from one that nobody has:\n%s", name, firstDifference(was, is))
		}
	}
}

// TestAUD01EveryChangeIsRecordedAndNothingElse calls every method of every service: what is done leaves an event of
// whoever did it, what is refused leaves none.
func TestAUD01EveryChangeIsRecordedAndNothingElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, c := range calls {
		for _, s := range o.people {
			if s.place == "below" || s.role != authz.Owner && s.role != authz.Guest {
				continue
			}
			if slices.Contains(whereMailIsOff, c.method) {
				continue
			}
			before := o.Count("audit_events WHERE actor_id = ?", s.who.User())
			err := c.run(t, o, s.who.Actor)
			more := o.Count("audit_events WHERE actor_id = ?", s.who.User()) - before
			_, _, name := cutMethod(c.method)
			switch writes := !slices.Contains(readers, name); {
			case err != nil && more > 0:
				t.Errorf("%s (%s) as %s %s failed with %v and left %d events", c.method, c.detail, s.role, s.place, err, more)
			case err == nil && writes && more == 0:
				t.Errorf("%s (%s) as %s %s left no event", c.method, c.detail, s.role, s.place)
			case err == nil && !writes && more > 0:
				t.Errorf("%s (%s) as %s %s only reads and left %d events", c.method, c.detail, s.role, s.place, more)
			}
			o.restore()
		}
	}
}

// whereMailIsOff are the methods that refuse here, where mail is on; they are tested where it is off.
var whereMailIsOff = []string{"invite.Service.NewLink", "authn.Service.ResetLink"}

func cutMethod(m string) (pkg, service, name string) {
	parts := strings.Split(m, ".")
	return parts[0], parts[1], parts[2]
}

// readers are the methods that change nothing; choosing an account changes the session alone.
var readers = []string{
	"Get", "KeepPicture", "Domain", "Path", "Root", "Totals", "Children", "Find", "Jump", "Sizes", "Standing", "OwnLevel", "Stage", "List", "Facets", "Resellers", "ResellerPlaces", "Bought", "Departments", "TopDepartments", "Locations", "Location", "Holders", "Count", "Owners", "Leaders", "CanOn",
	"Effective", "Enter", "SecondDue", "Allowlists", "AllowlistOfSub", "Concerns", "View", "ViewNew", "One", "Below", "Compare", "Explain", "Choices", "Check", "ChooseAccount", "Places", "PlacesForNew", "Try", "Mine", "Offer", "Preview", "PreviewMove", "PreviewTogether", "IdentityOf", "News", "Retention", "CheckInto", "ExportPage", "CheckImport", "CheckLocations", "Lists", "Suppressions", "ExportSuppressions", "CheckSuppressions", "MayImport", "SubNames", "Reserve", "Settle", "Limits", "HandedOut", "Credits", "Credit", "Pool", "Overrides", "Series", "Parts", "Today", "Months",
	"Settings", "OwnSettings",
}

// TestAUD02TheLogIsOfTheSubtree records the same at every level and reads it from each.
func TestAUD02TheLogIsOfTheSubtree(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		o := newTown(t, w)
		all := []ids.Account{o.Platform, o.ours.reseller, o.ours.client, o.ours.department, o.theirs.reseller, o.theirs.client, o.theirs.department}
		for _, at := range all {
			o.RoleGroup(at, "a group to be seen", authz.LocationsView)
		}
		for _, tt := range []struct {
			by   authz.Actor
			at   ids.Account
			want []ids.Account
		}{
			{o.Root, o.Platform, all},
			{o.ours.seller.Actor, o.ours.reseller, []ids.Account{o.ours.reseller, o.ours.client, o.ours.department}},
			{o.ours.owner.Actor, o.ours.client, []ids.Account{o.ours.client, o.ours.department}},
			{o.ours.owner.Actor, o.ours.department, []ids.Account{o.ours.department}},
		} {
			q, sc, err := o.Ops.Read(t.Context(), tt.by, authz.AuditView, tt.at)
			must(t, err)
			for _, below := range []bool{false, true} {
				seen := map[ids.Account]bool{}
				page, _, err := audit.List(t.Context(), q, sc, audit.Filter{Action: "role.created", Below: below, Limit: 500})
				must(t, err)
				for _, e := range page {
					seen[e.Account] = true
				}
				for _, at := range all {
					want := at == tt.at || below && slices.Contains(tt.want, at)
					if seen[at] != want {
						t.Errorf("the log of %s, below %v, shows events of %s: %v", tt.at, below, at, seen[at])
					}
				}
			}
		}
		for _, p := range []apptest.Person{o.ours.owner, o.theirs.seller, o.ours.guest} {
			if _, _, err := o.Ops.Read(t.Context(), p.Actor, authz.AuditView, o.ours.reseller); errs.KindOf(err) != errs.NotFound {
				t.Errorf("%s reads the log of a reseller that is not theirs: %v", p.Email, err)
			}
		}
	})
}
