package matrix_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/notify"
)

// open are the routes that need nobody signed in. A new one has to be added here, with its reason.
var open = map[string]string{
	"GET /healthz":                              "says that the program runs, and nothing else",
	"GET /readyz":                               "whether requests can be served, and nothing else",
	"GET /brand/{file}":                         "it is on the sign-in page and in mails; names hold the hash of what is served",
	"GET /api/docs":                             "it says what the description of the API says, which is served to everybody",
	"GET /setup":                                "the set-up link is the authority",
	"POST /setup":                               "the set-up link is the authority",
	"GET /sign-in":                              "signing in",
	"POST /sign-in":                             "signing in",
	"GET /sign-in/code":                         "signing in",
	"POST /sign-in/code":                        "signing in",
	"POST /sign-out":                            "a session that is over already is left the same way",
	"GET /forgot":                               "recovery",
	"POST /forgot":                              "recovery",
	"GET /sign-in/new-password":                 "whoever has signed in with a password that has expired is nobody yet",
	"POST /sign-in/new-password":                "whoever has signed in with a password that has expired is nobody yet",
	"GET /reset/{token}":                        "the link is the authority",
	"POST /reset/{token}":                       "the link is the authority",
	"GET /welcome/{token}":                      "the link is the authority",
	"POST /welcome/{token}":                     "the link is the authority",
	"GET /confirm-email/{token}":                "the link is the authority",
	"POST /confirm-email/{token}":               "the link is the authority",
	"GET /preferences/{preferences}":            "the link is the authority",
	"POST /preferences/{preferences}":           "the link is the authority",
	"POST /preferences/{preferences}/stop":      "the link is the authority",
	"POST /preferences/{preferences}/resume":    "the link is the authority",
	"GET /unsubscribe/{unsubscription}":         "the link is the authority",
	"POST /unsubscribe/{unsubscription}":        "the link is the authority, and programs of mailboxes post there",
	"GET /confirm-subscription/{confirmation}":  "the link is the authority",
	"POST /confirm-subscription/{confirmation}": "the link is the authority",
	"GET /invitation/{token}":                   "the link is the authority",
	"POST /invitation/{token}":                  "the link is the authority",
}

// forEverybody are the routes of an account that every member may use, Guests included.
var forEverybody = map[string]string{
	"GET /a/{account}/home":  "the portal's home",
	"POST /switch/{account}": "choosing among one's own accounts",
}

// site is what the sweep asks: the portal, or a sample with a fault in it.
type site struct {
	patterns []string
	signed   map[string]bool // whether a pattern needs somebody signed in
	ask      func(who *apptest.Browser, method, path string, fields url.Values) apptest.Answer
	forms    map[string][]form // of each pattern, as the pages show them
}

func portal(o *town) site {
	s := site{signed: map[string]bool{}}
	for _, r := range o.Web.Routes() {
		s.patterns = append(s.patterns, r.Pattern)
		s.signed[r.Pattern] = r.Open == nil
	}
	s.ask = func(who *apptest.Browser, method, path string, fields url.Values) apptest.Answer {
		if method == http.MethodGet {
			return who.Fresh().Get(path)
		}
		return who.Fresh().PostForm(path, fields)
	}
	return s
}

// learn opens every page as some people, and what those pages open by a query (dialogs, tabs), and keeps the forms.
func (s *site) learn(sets []values, people ...*apptest.Browser) {
	var forms []form
	kinds := map[string]int{}
	for _, who := range people {
		seen := map[string]bool{}
		var todo []string
		for _, p := range s.patterns {
			for _, v := range sets {
				if method, path := fill(p, v); method == http.MethodGet {
					todo = append(todo, path)
				}
			}
		}
		for _, v := range sets { // forms that a page shows once something was chosen
			todo = append(todo, "/a/"+v["account"]+"/clients?status=active", "/a/"+v["account"]+"/move?to="+v["elsewhere"], "/a/"+v["account"]+"/subaccounts/"+v["suspended"], "/a/"+v["account"]+"/roles/"+v["spare"])
		}
		for range 2 {
			var next []string
			for _, path := range todo {
				if seen[path] {
					continue
				}
				seen[path] = true
				a := s.ask(who, http.MethodGet, path, nil)
				for _, f := range formsOf(a.Body, path) {
					if kind := f.kind(); kinds[kind] < 2 {
						kinds[kind]++
						forms = append(forms, f)
					}
				}
				next = append(next, dialogs(linksOf(a.Body, path))...)
			}
			todo = next
		}
	}
	s.forms = byRoute(s.patterns, forms)
}

// dialogs are the links that open something else on a page, not another order or place of its list.
func dialogs(links []string) (out []string) {
	for _, l := range links {
		u, err := url.Parse(l)
		if err != nil || u.RawQuery == "" {
			continue
		}
		q := u.Query()
		for _, k := range []string{"sort", "order", "ends", "status", "cursor", "after", "before", "q", "desc"} {
			q.Del(k)
		}
		if u.RawQuery = q.Encode(); u.RawQuery != "" {
			out = append(out, u.RequestURI())
		}
	}
	return out
}

// filledIn are the forms to send to a pattern: those seen on pages, else an empty one.
func (s site) filledIn(pattern string) []url.Values {
	if strings.HasPrefix(pattern, "GET ") {
		return []url.Values{nil}
	}
	var out []url.Values
	seen := map[string]bool{}
	for _, f := range s.forms[pattern] {
		if text := f.fields.Encode(); !seen[text] && len(out) < 8 {
			seen[text] = true
			out = append(out, f.fields)
		}
	}
	return append(out, url.Values{})
}

// told is an answer without what differs from request to request and without ids.
func told(a apptest.Answer) string {
	body := sealedCursor.ReplaceAllString(strings.ReplaceAll(a.Body, a.Header.Get("X-Request-Id"), "REQUEST"), "cursor=SEALED")
	return fmt.Sprintf("%d %s %s", a.Status, anyID.ReplaceAllString(a.Location(), "ID"), anyID.ReplaceAllString(body, "ID"))
}

// sealedCursor is sealed anew each time, so that the same place never reads the same.
var sealedCursor = regexp.MustCompile(`cursor=[A-Za-z0-9_-]+`)

// TestTheSweepKnowsEveryRoute fails for a parameter without ids and for a page that was opened to everybody silently.
func TestTheSweepKnowsEveryRoute(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	s := portal(o)
	report(t, unknownParams(s.patterns, missing(o)))
	for _, p := range s.patterns {
		if !s.signed[p] && open[p] == "" {
			t.Errorf("%s is open to everybody; say why in open", p)
		}
	}
	for p := range maps.Keys(open) {
		if !slices.Contains(s.patterns, p) {
			t.Errorf("%s is listed as open and does not exist", p)
		}
	}
	if got := unknownParams([]string{"GET /a/{account}/x/{parcel}"}, missing(o)); len(got) != 1 {
		t.Errorf("a parameter nobody knows: %q", got)
	}
}

// TestSweep sends every route and every form, as the pages show them, with the wrong session: nobody's, another
// tenant's, a Guest's. None of it may change anything.
func TestSweep(t *testing.T) {
	t.Parallel()
	o := newTown(t, apptest.OnSQLite(t))
	s := portal(o)
	seller := o.SignIn(o.ours.seller.Email)
	s.learn(o.ours.sets, o.Owner, seller)
	signedIn := map[string]*apptest.Browser{}
	for _, p := range append([]apptest.Person{o.theirs.seller, o.theirs.owner, o.theirs.guest}, o.ours.guests...) {
		signedIn[p.Email] = o.SignIn(p.Email)
	}
	unchanged := func(name string, ask func() []string) {
		t.Run(name, func(t *testing.T) {
			before := o.dump()
			report(t, ask())
			report(t, changed(before, o.dump()))
		})
	}
	unchanged("strangers are sent to sign in", func() []string { return s.strangers(o.Stranger(), o.ours.sets) })
	for _, p := range []apptest.Person{o.theirs.seller, o.theirs.owner, o.theirs.guest} {
		unchanged("TEN01 foreign ids are ids that do not exist, for "+p.Email, func() []string { return s.foreign(o, signedIn[p.Email], o.ours.sets) })
	}
	for i, p := range []apptest.Person{o.theirs.seller, o.theirs.owner} {
		unchanged("TEN01 a foreign child under one's own account is not there, for "+p.Email, func() []string {
			return s.nested(o, signedIn[p.Email], o.theirs.sets[i], o.ours.sets)
		})
	}
	for i, g := range o.ours.guests {
		unchanged("a Guest sees their home and changes nothing, "+g.Email, func() []string { return s.guests(signedIn[g.Email], o.ours.sets[i]) })
	}
	unchanged("ESC05 fields that a form does not have are refused", func() []string { return s.extraFields(o.Owner, seller) })
	// A route whose form was never found is swept with an empty form only.
	for _, p := range s.patterns {
		if strings.HasPrefix(p, "POST ") && strings.Contains(p, "{account}") && len(s.forms[p]) == 0 && unseen[p] == "" {
			t.Errorf("%s: no page shows its form; let the matrix find one, or say in unseen why not", p)
		}
	}
}

func (s site) strangers(who *apptest.Browser, sets []values) (remarks []string) {
	for _, p := range s.patterns {
		if !s.signed[p] {
			continue
		}
		for _, v := range sets {
			method, path := fill(p, v)
			for _, fields := range s.filledIn(p) {
				if a := s.ask(who, method, path, fields); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location(), "/sign-in") {
					remarks = append(remarks, fmt.Sprintf("%s: a stranger got %d %q", p, a.Status, a.Location()))
				}
			}
		}
	}
	return remarks
}

// foreign compares what somebody is told of the ids of others with what they are told of ids that do not exist.
func (s site) foreign(o *town, who *apptest.Browser, sets []values) (remarks []string) {
	for _, p := range s.patterns {
		named := params(p)
		if len(named) == 0 || slices.ContainsFunc(named, isAuthority) {
			continue
		}
		for i, v := range sets {
			method, path := fill(p, v)
			if method == http.MethodPost && (i == 2 || i == 4) {
				continue // a department is found like a client, a closed one like one that is held
			}
			_, empty := fill(p, missing(o))
			for _, fields := range s.filledIn(p) {
				there := told(s.ask(who, method, path, fields))
				not := told(s.ask(who, method, empty, swapped(fields, nobodys)))
				if there != not {
					remarks = append(remarks, fmt.Sprintf("%s (%v): a foreign id is told from a missing one:\n%.200s\n%.200s", p, fields, there, not))
				} else if slices.Contains(named, "account") && !strings.HasPrefix(there, "404 ") && !unread(fields, there) {
					remarks = append(remarks, fmt.Sprintf("%s (%v): a foreign id is answered %.60s", p, fields, there))
				}
			}
		}
	}
	return remarks
}

// isAuthority reports whether a parameter is not a name but an authority: whoever has it may.
func isAuthority(param string) bool {
	return slices.Contains([]string{"token", "preferences", "unsubscription", "confirmation"}, param)
}

// unread reports whether an empty form was sent back because it is empty, before anything was looked up.
func unread(fields url.Values, answer string) bool {
	return fields != nil && len(fields) == 0 && strings.HasPrefix(answer, "422 ")
}

// nobodys makes of an id one that is nobody's and stands in the same place of every order.
func nobodys(id string) string { return id[:len(id)-6] + "zzzzzz" }

// nested mixes one's own account in the path with other ids of others.
func (s site) nested(o *town, who *apptest.Browser, own values, sets []values) (remarks []string) {
	for _, p := range s.patterns {
		named := params(p)
		if len(named) < 2 || !slices.Contains(named, "account") {
			continue
		}
		for _, v := range sets {
			mixed, empty := maps.Clone(v), missing(o)
			mixed["account"], empty["account"] = own["account"], own["account"]
			method, path := fill(p, mixed)
			_, nowhere := fill(p, empty)
			for _, fields := range s.filledIn(p) {
				there, not := told(s.ask(who, method, path, fields)), told(s.ask(who, method, nowhere, fields))
				if there != not {
					remarks = append(remarks, fmt.Sprintf("%s (%v): a foreign child under one's own account:\n%.200s\n%.200s", p, fields, there, not))
				}
			}
		}
	}
	return remarks
}

// TestTEN03FormsWithIdsOfMixedAccounts takes the forms that people see on their own pages and puts ids of others in,
// instead of their own and beside them.
func TestTEN03FormsWithIdsOfMixedAccounts(t *testing.T) {
	t.Parallel()
	o := newTown(t, apptest.OnSQLite(t))
	others := map[string][]string{}
	for _, v := range o.ours.sets[:2] {
		for _, id := range v {
			if anyID.MatchString(id) {
				others[id[:4]] = append(others[id[:4]], id)
			}
		}
	}
	for _, p := range []apptest.Person{o.theirs.seller, o.theirs.owner} {
		who := o.SignIn(p.Email)
		s := portal(o)
		s.learn(o.theirs.sets, who)
		before := o.dump()
		report(t, s.mixed(who, others))
		report(t, changed(before, o.dump()))
	}
}

func (s site) mixed(who *apptest.Browser, others map[string][]string) (remarks []string) {
	for p, forms := range s.forms {
		for _, f := range forms {
			if !holdsID(f.fields) {
				continue
			}
			f.fields = maps.Clone(f.fields)
			for name, counts := range map[string]string{"role": "group", "subs": "some"} {
				if f.fields.Has(name) {
					f.fields.Set(name, counts) // else the group or the sub-accounts that are chosen do not count
				}
			}
			for _, foreign := range [][]string{others["acc_"], others["mem_"], others["inv_"], others["rol_"], others["sub_"]} {
				for _, id := range foreign {
					for how, mix := range mixes {
						if !f.names(id[:4]) || !strings.Contains(mix(f, id).Encode(), id) {
							continue // the form holds no id of that kind
						}
						there := told(s.ask(who, http.MethodPost, f.action, mix(f, id)))
						not := told(s.ask(who, http.MethodPost, f.action, mix(f, nobodys(id))))
						if there != not {
							remarks = append(remarks, fmt.Sprintf("%s with %s %s:\n%.300s\n%.300s", p, id, how, there, not))
						}
					}
				}
			}
		}
	}
	return remarks
}

// mixes put a foreign id where a form holds one of the same kind.
var mixes = map[string]func(form, string) url.Values{
	"instead of the own": func(f form, foreign string) url.Values {
		return swapped(f.fields, func(id string) string {
			if id[:4] == foreign[:4] {
				return foreign
			}
			return strings.Repeat("0", 3) + id[3:]
		})
	},
	"beside the own": func(f form, foreign string) url.Values {
		out := maps.Clone(f.fields)
		if f.one(foreign[:4]) {
			return out // a button of one row wins over what is ticked
		}
		for name, all := range f.fields {
			for _, v := range all {
				if f.many[name] && anyID.FindString(v) == v && v != "" && v[:4] == foreign[:4] {
					out[name] = append(slices.Clone(all), foreign)
					break
				}
			}
		}
		return out
	},
}

// guests sends a Guest through every route of their own account.
func (s site) guests(who *apptest.Browser, v values) (remarks []string) {
	for _, p := range s.patterns {
		if !slices.Contains(params(p), "account") || forEverybody[p] != "" {
			continue
		}
		method, path := fill(p, v)
		for _, fields := range s.filledIn(p) {
			if a := s.ask(who, method, path, fields); a.Status != http.StatusForbidden && a.Status != http.StatusNotFound && !unread(fields, told(a)) {
				remarks = append(remarks, fmt.Sprintf("%s (%v): a Guest got %d %s", p, fields, a.Status, a.Location()))
			}
		}
	}
	return remarks
}

// TestOpeningAPageChangesNothing opens every page there is, links with their secrets included.
func TestOpeningAPageChangesNothing(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	s := portal(o)
	people := []*apptest.Browser{o.Owner, o.SignIn(o.ours.seller.Email), o.SignIn(o.ours.owner.Email), o.Stranger()}
	before := o.dump()
	reached := map[string]bool{}
	for _, who := range people {
		for _, v := range o.ours.sets {
			for _, p := range s.patterns {
				method, path := fill(p, v)
				if method != http.MethodGet {
					continue
				}
				a := s.ask(who, method, path, nil)
				reached[p] = reached[p] || a.Status < http.StatusBadRequest
				if a.Status >= http.StatusInternalServerError {
					t.Errorf("%s: %d\n%s", p, a.Status, a.Text())
				}
				if odd := s.ask(who, method, path+oddQuery, nil); odd.Status >= http.StatusInternalServerError {
					t.Errorf("%s asked what is no text: %d\n%s", p, odd.Status, odd.Text())
				}
			}
		}
	}
	// That a captured mail was opened or a result taken along is recorded, and nothing else.
	report(t, slices.DeleteFunc(changed(before, o.dump(), "audit_personal", "audit_unsealed"), func(r string) bool {
		return strings.Contains(r, "audit_events") && (strings.Contains(r, notify.ActionMailOpened) || strings.Contains(r, "task.downloaded"))
	}))
	// The ids are right: what strangers are refused is there for its own people.
	for _, p := range s.patterns {
		if strings.HasPrefix(p, "GET ") && !reached[p] && unreachable[p] == "" {
			t.Errorf("%s: nobody could open it with the ids of the matrix, so the sweep proves nothing about it", p)
		}
	}
}

// oddQuery asks for what is no text, by the names that pages read.
const oddQuery = "?q=%00&cursor=%ff&after=%00&before=%00&tab=%ff&sort=%00&dir=%00&status=%00&role=%00&channel=%ff&from=%00&units=%00&group=%ff"

// unreachable are pages that no one in the sweep can open, with the reason.
var unreachable = map[string]string{
	"GET /setup":                 "the platform is set up",
	"GET /reset/{token}":         "the token is of an invitation",
	"GET /welcome/{token}":       "the token is of an invitation",
	"GET /confirm-email/{token}": "the token is of an invitation",
}

// extraFields adds a field to every form.
func (s site) extraFields(people ...*apptest.Browser) (remarks []string) {
	n := 0
	for p, forms := range s.forms {
		for _, f := range forms[:min(len(forms), 3)] {
			fields := maps.Clone(f.fields)
			fields.Set("is_admin", "1")
			for _, who := range people {
				n++
				if a := s.ask(who, http.MethodPost, f.action, fields); a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusForbidden && a.Status != http.StatusNotFound {
					remarks = append(remarks, fmt.Sprintf("%s with a field that the form does not have: %d", p, a.Status))
				}
			}
		}
	}
	if n < 20 {
		remarks = append(remarks, fmt.Sprintf("only %d forms were tried", n))
	}
	return remarks
}

// unseen are routes whose form the sweep cannot find on a page.
var unseen = map[string]string{
	"POST /switch/{account}":                            "it has no fields, and a person of one account is not shown it",
	"POST /a/{account}/audit/retention":                 "shown to Owners of the platform alone; its field is a number",
	"POST /a/{account}/subaccounts/{subaccount}/resume": "it has no fields, and is shown while the sub-account is suspended",
	"POST /a/{account}/contacts/{contact}/ask":          "it has no fields, and is shown until the contact has confirmed",
	"POST /a/{account}/tree/move":                       "shown for several selected accounts and a place; a journey and the table of the service send it",
	"POST /a/{account}/tree/close":                      "shown for several selected accounts; a journey and the table of the service send it",
	"POST /a/{account}/users/{membership}/link":         "it has no fields, and is shown where mail is off",
	"POST /a/{account}/modules/new":                     "shown at the platform alone",
	"POST /a/{account}/modules/{module}":                "shown at the platform alone",
	"POST /a/{account}/modules/{module}/remove":         "shown at the platform alone",
	"POST /a/{account}/packages/{package}/offer":        "it has no fields, and is shown while the package is retired",
	"POST /a/{account}/packages/{package}/delete":       "it has no fields, and is shown while no client has the package",
	"POST /a/{account}/roles/{role}/reassign":           "shown while somebody has the role group; its field names a role of the same account or above",
}
