package demo_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/demo"
	"bailiwick/internal/ids"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/user"
)

// What a page may cost. Time is printed, not asserted: a busy machine is not a slow page.
const (
	maxBytes   = 100 << 10 // of the page with everything it loads, as sent, nothing in the cache
	maxQueries = 30
	maxRepeats = 4 // of one statement on one page; a list that asks for each row repeats it far more often
	mayGrow    = 2 // queries between an account with few rows and one with many: the page after this one, and the like
	rounds     = 5
)

// visit is one page opened by the platform's Owner.
type visit struct {
	status  int
	kind    string
	page    string // plain
	bytes   int    // as sent
	queries []string
	took    time.Duration
}

// reader opens pages as a browser with a session does, and sees what they cost.
type reader struct {
	w      *apptest.World
	cookie *http.Cookie
	assets map[string]int
}

func (r *reader) open(t *testing.T, path string) visit {
	t.Helper()
	var seen db.Watch
	ask := func(ctx context.Context, coding string) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(ctx, http.MethodGet, r.w.Server.URL+path, nil)
		req.Header.Set("Accept-Encoding", coding)
		if r.cookie != nil {
			req.AddCookie(r.cookie)
		}
		rec := httptest.NewRecorder()
		r.w.Web.Handler().ServeHTTP(rec, req)
		return rec
	}
	began := time.Now()
	rec := ask(seen.Watched(t.Context()), "gzip")
	v := visit{status: rec.Code, kind: rec.Header().Get("Content-Type"), bytes: rec.Body.Len(), queries: seen.Statements(), took: time.Since(began)}
	v.page = ask(t.Context(), "").Body.String()
	return v
}

var (
	loads = regexp.MustCompile(`<(?:link|script|img|use)[^>]*(?:href|src)="(/assets/[^"#]+)`)
	fonts = regexp.MustCompile(`url\(["']?([^"')]+\.woff2)`)
)

// everything is the page with all that a browser loads for it on the first visit. Fonts of scripts that an English
// page does not use are not loaded: they are bound to their Unicode ranges.
func (r *reader) everything(t *testing.T, v visit) (total int, parts map[string]int) {
	t.Helper()
	parts = map[string]int{"page": v.bytes}
	for _, m := range loads.FindAllStringSubmatch(v.page, -1) {
		got := r.asset(t, m[1])
		parts[m[1]] = got.bytes
		if !strings.HasPrefix(got.kind, "text/css") {
			continue
		}
		for _, f := range fonts.FindAllStringSubmatch(got.page, -1) {
			if strings.Contains(f[1], "-latin-wght") {
				at := f[1]
				if !strings.HasPrefix(at, "/") {
					at = m[1][:strings.LastIndexByte(m[1], '/')+1] + at
				}
				parts[at] = r.asset(t, at).bytes
			}
		}
	}
	for n := range maps.Values(parts) {
		total += n
	}
	return total, parts
}

func (r *reader) asset(t *testing.T, path string) visit {
	t.Helper()
	v := r.open(t, path)
	if v.status != http.StatusOK {
		t.Errorf("%s: %d", path, v.status)
	}
	return v
}

// filled is where the parameters of the routes lead for one account.
type filled map[string]string

func (f filled) path(pattern string) (string, bool) {
	path := strings.TrimSuffix(strings.TrimPrefix(pattern, "GET "), "{$}")
	for name, value := range f {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return path, !strings.Contains(path, "{")
}

// fill finds something for every parameter. Role groups are those of the platform, which every account can use.
func fill(t *testing.T, w *apptest.World, by authz.Actor, platform, on ids.Account) filled {
	t.Helper()
	ctx, f := t.Context(), filled{"account": string(on)}
	people, err := w.Users.List(ctx, by, on, user.Query{})
	if err != nil || len(people.Members) == 0 {
		t.Fatalf("people of %s: %v", on, err)
	}
	f["membership"] = string(people.Members[len(people.Members)-1].ID)
	groups, err := w.Roles.List(ctx, by, platform)
	if err != nil || len(groups) == 0 {
		t.Fatalf("role groups: %v", err)
	}
	f["role"] = string(groups[0].ID)
	if places, _, err := w.Accounts.Locations(ctx, by, on, ""); err != nil {
		t.Fatal(err)
	} else if len(places) > 0 {
		f["location"] = string(places[0].ID)
	}
	if subs, err := w.Subs.List(ctx, by, on, subaccount.Query{}); err != nil {
		t.Fatal(err)
	} else if len(subs.SubAccounts) > 0 {
		f["subaccount"] = string(subs.SubAccounts[0].ID)
	}
	mails, err := w.Mailbox.List(ctx, "", 1)
	if err != nil || len(mails) == 0 {
		t.Fatalf("captured mail: %v", err)
	}
	f["mail"] = string(mails[0].ID)
	return f
}

func TestEveryPageOfTheDemoKeepsItsBudget(t *testing.T) {
	w, out := load(t, dbtest.SQLiteDSN(t))
	owner := w.SignIn(out.Logins[0].Email)
	r := &reader{w: w, cookie: &http.Cookie{Name: "bw_session", Value: owner.Token.Reveal()}}
	by := owner.Actor()
	few, many := pair(t, w, by, out)
	opened := 0
	for _, pattern := range pages(w) {
		for i := range many {
			big, ok := many[i].path(pattern)
			if !ok {
				continue
			}
			v := r.open(t, big)
			if v.status == http.StatusNotFound || v.status == http.StatusSeeOther || !strings.HasPrefix(v.kind, "text/html") {
				continue // not a page of an account of that kind, or a way to another page
			}
			if v.status != http.StatusOK {
				t.Errorf("%s: %d", big, v.status)
				continue
			}
			opened++
			r.check(t, pattern, big, v)
			if !strings.Contains(pattern, "{account}") {
				break
			}
			if small, ok := few[i].path(pattern); ok {
				s := r.open(t, small)
				if s.status == http.StatusOK && len(v.queries) > len(s.queries)+mayGrow {
					t.Errorf("%s: %d queries with few rows, %d with many", pattern, len(s.queries), len(v.queries))
				}
			}
		}
	}
	if opened < 25 {
		t.Errorf("only %d pages were opened", opened)
	}
}

// pair returns accounts with few rows and of the same kinds with many: two clients, and a reseller beside the platform.
func pair(t *testing.T, w *apptest.World, by authz.Actor, out demo.Loaded) (few, many []filled) {
	t.Helper()
	padstow, err := w.Accounts.List(t.Context(), by, out.Platform, account.Query{Search: "Padstow"})
	if err != nil || len(padstow.Rows) != 1 {
		t.Fatalf("%d clients called Padstow, %v", len(padstow.Rows), err)
	}
	resellers, err := w.Accounts.Resellers(t.Context(), by, out.Platform)
	if err != nil || len(resellers) != 2 {
		t.Fatalf("%d resellers, %v", len(resellers), err)
	}
	few = []filled{fill(t, w, by, out.Platform, padstow.Rows[0].ID), fill(t, w, by, out.Platform, resellers[1].ID)}
	many = []filled{fill(t, w, by, out.Platform, out.Acme), fill(t, w, by, out.Platform, out.Platform)}
	return few, many
}

// pages are the patterns of all routes that only look.
func pages(w *apptest.World) []string {
	var out []string
	for _, r := range w.Web.Routes() {
		if strings.HasPrefix(r.Pattern, "GET ") {
			out = append(out, r.Pattern)
		}
	}
	return out
}

func (r *reader) check(t *testing.T, pattern, path string, v visit) {
	t.Helper()
	took := []time.Duration{v.took}
	for range rounds - 1 {
		took = append(took, r.open(t, path).took)
	}
	slices.Sort(took)
	total, parts := r.everything(t, v)
	t.Logf("%-44s %6.1f kB in all, page %5.1f kB, %2d queries, %5.1f ms", pattern, float64(total)/1024, float64(v.bytes)/1024, len(v.queries), float64(took[len(took)/2].Microseconds())/1000)
	if total > maxBytes && pattern != "GET /components" { // the page of every part in every state is for those who build pages
		t.Errorf("%s: %d bytes on the first view, at most %d: %v", pattern, total, maxBytes, parts)
	}
	if len(v.queries) > maxQueries {
		t.Errorf("%s: %d queries", pattern, len(v.queries))
	}
	times := map[string]int{}
	for _, q := range v.queries {
		if times[q]++; times[q] == maxRepeats+1 {
			t.Errorf("%s asks more than %d times: %.200s", pattern, maxRepeats, q)
		}
	}
}
