package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"slices"
	"time"

	"bailiwick/internal/app"
	"bailiwick/internal/authn"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

const (
	warmUp     = 3
	rounds     = 25
	coldRounds = 400
	warmRounds = 20
	perRound   = 20_000
)

// result is what was measured in one place.
type result struct {
	place
	resolve, cold time.Duration
	panes         map[string]time.Duration // by what was opened
	page, expand  time.Duration
}

type results []result

func measure(ctx context.Context, p place) (r result, err error) {
	r = result{place: p, panes: map[string]time.Duration{}}
	a, err := p.open(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	reading, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.News.Run(reading, "") }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	b, err := signIn(ctx, a)
	if err != nil {
		return r, err
	}
	if r.resolve, err = p.resolve(ctx, a); err != nil {
		return r, fmt.Errorf("what is in force, from memory: %w", err)
	}
	if r.cold, err = p.cold(ctx, a); err != nil {
		return r, fmt.Errorf("what is in force, from the database: %w", err)
	}
	fmt.Printf("%-10s %8d accounts: settings of one %.2f us from memory, %.0f us from the database\n", p.kind, p.n, us(r.resolve), us(r.cold))
	err = p.openPanes(b, &r)
	return r, err
}

// resolve is how long all settings of an account take that is remembered, each in turn, in the best round.
func (p place) resolve(ctx context.Context, a *app.App) (best time.Duration, err error) {
	names := []string{}
	for _, k := range app.Settings() {
		names = append(names, k.ID())
	}
	on := []ids.Account{bigReseller, bigCustomer, customer, p.department()}
	read := func(account ids.Account) error {
		known, err := a.Known.On(ctx, account)
		if err != nil {
			return err
		}
		for _, n := range names {
			if v, err := known.Value(n); v == nil || err != nil {
				return fmt.Errorf("%s: %v, %w", n, v, err)
			}
		}
		return nil
	}
	for range warmRounds {
		runtime.GC()
		took := clock.Stopwatch()
		for i := range perRound {
			if err := read(on[i%len(on)]); err != nil {
				return 0, err
			}
		}
		if d := took() / perRound; best == 0 || d < best {
			best = d
		}
	}
	return best, nil
}

// cold is how long the settings of an account take that the program has not been asked for yet, in the middle of many
// accounts. Another program has asked for them, so that it is not the disk that is measured.
func (p place) cold(ctx context.Context, a *app.App) (time.Duration, error) {
	_, departments, _ := p.shape()
	var all []time.Duration
	for range 2 {
		all = all[:0]
		known, err := setting.NewKnown(a.DB, a.News, app.Settings())
		if err != nil {
			return 0, err
		}
		for i := range coldRounds {
			at := ids.Account(fmt.Sprintf("%s%025d", ofDepartment, 1+(i*7919)%departments))
			took := clock.Stopwatch()
			if _, err := known.On(ctx, at); err != nil {
				return 0, err
			}
			all = append(all, took())
		}
	}
	return share(all, 50), nil
}

// browser asks the portal's handler as somebody who is signed in.
type browser struct {
	handler http.Handler
	cookie  *http.Cookie
	root    ids.Account
}

func signIn(ctx context.Context, a *app.App) (browser, error) {
	in, err := a.Authn.SignIn(ctx, authn.SignInInput{Login: email, Password: secret.Wrap(password), From: authn.Client{IP: "192.0.2.1", UserAgent: "bench"}})
	if err != nil {
		return browser{}, err
	}
	root, err := db.One(ctx, a.DB, db.Value[ids.Account], `SELECT id FROM accounts WHERE kind = 'platform'`)
	return browser{a.Web.Handler(), &http.Cookie{Name: "bw_session", Value: in.Token.Reveal()}, root}, err
}

// get opens a page; of a page with a pane, the pane alone as its script asks for it.
func (b browser) get(path string, pane bool) error {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "127.0.0.1:8080"
	r.AddCookie(b.cookie)
	if pane {
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Target", "aside#pane")
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || len(body) == 0 {
		return fmt.Errorf("GET %s: %d %.200s", path, res.StatusCode, body)
	}
	return nil
}

// openPanes opens every section of every kind of account in the pane, as its script does, and the whole page as without.
func (p place) openPanes(b browser, r *result) error {
	tree := "/a/" + string(b.root) + "/tree"
	say := func(what string, took []time.Duration) time.Duration {
		d := share(took, 50)
		fmt.Printf("%-10s %8d %-44s %6.2f ms in the middle, 95 of 100 within %6.2f ms\n", p.kind, p.n, what, ms(d), ms(share(took, 95)))
		return d
	}
	for name, at := range map[string]ids.Account{"reseller": bigReseller, "big customer": bigCustomer, "customer": customer, "department": p.department()} {
		q := url.Values{"pane": {string(at)}, "open": {string(bigReseller), string(bigCustomer)}}
		for _, tab := range []string{"properties", "settings", "security"} {
			q.Set("tab", tab)
			took, err := often(func() error { return b.get(tree+"?"+q.Encode(), true) })
			if err != nil {
				return err
			}
			r.panes[name+tab] = say("the pane of a "+name+", "+tab, took)
		}
		took, err := often(func() error { return b.get(tree+"?"+q.Encode(), false) })
		if err != nil {
			return err
		}
		r.page = max(r.page, say("the page with that and two accounts open", took))
	}
	_, _, inside := p.shape()
	for name, at := range map[string]ids.Account{"customers": bigReseller, "departments": bigCustomer} {
		took, err := often(func() error { return b.get(tree+"/rows?level=2&node="+string(at), false) })
		if err != nil {
			return err
		}
		r.expand = max(r.expand, say(fmt.Sprintf("opening an account with %d %s", inside, name), took))
	}
	return nil
}

func often(do func() error) (all []time.Duration, err error) {
	for i := range warmUp + rounds {
		took := clock.Stopwatch()
		if err := do(); err != nil {
			return nil, err
		}
		if i >= warmUp {
			all = append(all, took())
		}
	}
	return all, nil
}

func share(d []time.Duration, percent int) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[min(len(d)*percent/100, len(d)-1)]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// noise is below what one page can be told from another.
const noise = time.Millisecond

// print writes the worst of both databases and of all sections, each by its middle: other programs may have the processor in
// any one. growth is how many times as long a pane takes among a million accounts as among a thousand, where it grows most.
func (rs results) print() {
	var resolve, cold, pane, page, expand time.Duration
	growth := 0.0
	small := map[string]time.Duration{}
	for _, r := range rs {
		resolve, cold, page, expand = max(resolve, r.resolve), max(cold, r.cold), max(page, r.page), max(expand, r.expand)
		for what, d := range r.panes {
			switch {
			case r.n == sizes[0]:
				small[r.kind+what] = d
			case r.n == sizes[len(sizes)-1]:
				pane = max(pane, d)
				growth = max(growth, float64(d)/float64(max(small[r.kind+what], noise)))
			}
		}
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Printf("load average of the machine: %s", load)
	}
	fmt.Printf("expand_ms=%.2f page_ms=%.2f\n", ms(expand), ms(page))
	fmt.Printf("resolve_us=%.2f cold_us=%.0f pane_ms=%.2f growth=%.2f\n", us(resolve), us(cold), ms(pane), growth)
}
