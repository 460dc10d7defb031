package demo_test

import (
	"context"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/demotown"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/demo"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/user"
)

// What a page may cost. Time is printed, not asserted: a busy machine is not a slow page.
const (
	maxBytes   = 100 << 10 // of the page with everything it loads, as sent, nothing in the cache
	maxScripts = 120 << 10 // of the same where the letters of two scripts stand: a language that needs them, or a name
	maxQueries = 36        // the overview of an account sums up six lists
	maxRepeats = 12        // of one statement on one page; a list that asks for each row repeats it far more often
	mayGrow    = 2         // queries between an account with few rows and one with many: the page after this one, and the like
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
	lang   string // as the browser asks; "" for English

	assets map[string]visit // fetched once: the name holds the hash of what is served
}

func (r *reader) open(t *testing.T, at string) visit {
	t.Helper()
	var seen db.Watch
	ask := func(ctx context.Context, coding string) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(ctx, http.MethodGet, r.w.Server.URL+at, nil)
		req.Header.Set("Accept-Encoding", coding)
		req.Header.Set("Accept-Language", r.lang)
		if r.cookie != nil {
			req.AddCookie(r.cookie)
		}
		rec := httptest.NewRecorder()
		r.w.Server.Config.Handler.ServeHTTP(rec, req)
		return rec
	}
	began := clock.System()
	rec := ask(seen.Watched(t.Context()), "gzip")
	v := visit{status: rec.Code, kind: rec.Header().Get("Content-Type"), bytes: rec.Body.Len(), queries: seen.Statements(), took: clock.System().Sub(began)}
	v.page = ask(t.Context(), "").Body.String()
	return v
}

var (
	loads = regexp.MustCompile(`<(?:link|script|img|use)[^>]*(?:href|src)="(/assets/[^"#]+)`)
	faces = regexp.MustCompile(`(?s)@font-face \{.*?font-family: "([^"]+)".*?url\("([^"]+\.woff2)"\)[^}]*\}`)
	spans = regexp.MustCompile(`U\+([0-9A-F]+)(?:-([0-9A-F]+))?`)
	fixed = regexp.MustCompile(`<code|class="[^"]*\bmono\b`)
	// What is not chosen in a list is not drawn, nor are single sub-accounts while all are chosen.
	marks = regexp.MustCompile(`(?s)<input[^>]*value="all"[^>]* checked>.*?</ul>|<option value="[^"]*">[^<]*|<[^>]*>`)
)

// everything is the page with all that a browser loads for it on the first visit.
func (r *reader) everything(t *testing.T, v visit) (total int, parts map[string]int) {
	t.Helper()
	parts = map[string]int{"page": v.bytes}
	for _, m := range loads.FindAllStringSubmatch(v.page, -1) {
		got := r.asset(t, m[1])
		parts[m[1]] = got.bytes
		if !strings.HasPrefix(got.kind, "text/css") {
			continue
		}
		for _, f := range faces.FindAllStringSubmatch(got.page, -1) {
			if at := path.Join(path.Dir(m[1]), f[2]); draws(f[0], v.page) {
				parts[at] = r.asset(t, at).bytes
			}
		}
	}
	for n := range maps.Values(parts) {
		total += n
	}
	return total, parts
}

// draws reports whether a browser loads the font of a @font-face rule for the page: one of its characters stands there.
func draws(face, page string) bool {
	if strings.Contains(face, "Mono") {
		return fixed.MatchString(page)
	}
	var ranges [][2]int64
	for _, m := range spans.FindAllStringSubmatch(face, -1) {
		from, _ := strconv.ParseInt(m[1], 16, 32)
		to := from
		if m[2] != "" {
			to, _ = strconv.ParseInt(m[2], 16, 32)
		}
		ranges = append(ranges, [2]int64{from, to})
	}
	return strings.ContainsFunc(html.UnescapeString(marks.ReplaceAllString(page, "")), func(c rune) bool {
		return slices.ContainsFunc(ranges, func(r [2]int64) bool { return int64(c) >= r[0] && int64(c) <= r[1] })
	})
}

func (r *reader) asset(t *testing.T, at string) visit {
	t.Helper()
	v, known := r.assets[at]
	if known {
		return v
	}
	v = r.open(t, at)
	if v.status != http.StatusOK {
		t.Errorf("%s: %d", at, v.status)
	}
	r.assets[at] = v
	return v
}

// mayFill is how many queries more a page may take where there is something for a card of it that is empty elsewhere.
var mayFill = map[string]int{
	"GET /a/{account}/packages": 9, // clients close to a limit with their meters, and the packages of those with limits of their own
}

// filled is where the parameters of the routes lead for one account.
type filled map[string]string

func (f filled) path(pattern string) (string, bool) {
	at := strings.TrimSuffix(strings.TrimPrefix(pattern, "GET "), "{$}")
	for name, value := range f {
		at = strings.ReplaceAll(at, "{"+name+"}", value)
	}
	return at, !strings.Contains(at, "{")
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
	w, out := demotown.New(t)
	owner := w.SignIn(out.Logins[0].Email)
	r := &reader{w: w, cookie: &http.Cookie{Name: "bw_session", Value: owner.Token.Reveal()}, assets: map[string]visit{}}
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
			if slices.Contains([]int{http.StatusNotFound, http.StatusForbidden, http.StatusSeeOther}, v.status) || !strings.HasPrefix(v.kind, "text/html") {
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
				r.open(t, small)
				v, s := r.open(t, big), r.open(t, small) // both from warm caches, as the first time was not
				if s.status == http.StatusOK && len(v.queries) > len(s.queries)+mayGrow+mayFill[pattern] {
					t.Errorf("%s: %d queries with few rows, %d with many", pattern, len(s.queries), len(v.queries))
				}
			}
		}
	}
	if opened < 25 {
		t.Errorf("only %d pages were opened", opened)
	}
}

func TestTheFirstViewInEveryLanguageKeepsItsBudget(t *testing.T) {
	w, out := demotown.New(t)
	cookie := &http.Cookie{Name: "bw_session", Value: w.SignIn(out.Logins[0].Email).Token.Reveal()}
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range texts.Langs() {
		most := map[string]int{"ar": maxScripts, "th": maxScripts}[lang]
		if most == 0 {
			most = maxBytes
		}
		r := &reader{w: w, cookie: cookie, lang: lang, assets: map[string]visit{}}
		for _, at := range []string{"/sign-in", "/me", "/api/docs", "/a/" + string(out.Platform) + "/clients", "/a/" + string(out.Acme) + "/users", "/a/" + string(out.Acme) + "/settings"} {
			v := r.open(t, at)
			if v.status != http.StatusOK && at != "/sign-in" {
				t.Errorf("%s: %d", at, v.status)
			}
			if total, parts := r.everything(t, v); total > most {
				t.Errorf("%s in %s: %d bytes on the first view, at most %d: %v", at, lang, total, most, parts)
			}
		}
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
		if strings.HasPrefix(r.Pattern, "GET ") && !strings.HasSuffix(r.Pattern, "/live") { // a stream is no page
			out = append(out, r.Pattern)
		}
	}
	return out
}

func (r *reader) check(t *testing.T, pattern, at string, v visit) {
	t.Helper()
	took := []time.Duration{v.took}
	for range rounds - 1 {
		took = append(took, r.open(t, at).took)
	}
	slices.Sort(took)
	total, parts := r.everything(t, v)
	t.Logf("%-44s %6.1f kB in all, page %5.1f kB, %2d queries, %5.1f ms", pattern, float64(total)/1024, float64(v.bytes)/1024, len(v.queries), float64(took[len(took)/2].Microseconds())/1000)
	most := maxBytes
	for name := range parts {
		if path.Ext(name) == ".woff2" && !strings.HasPrefix(path.Base(name), "inter-") && !strings.HasPrefix(path.Base(name), "geist-") {
			most = maxScripts
		}
	}
	if total > most {
		t.Errorf("%s: %d bytes on the first view, at most %d: %v", pattern, total, most, parts)
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
