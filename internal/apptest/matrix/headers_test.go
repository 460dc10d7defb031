package matrix_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
)

var inline = regexp.MustCompile(`(?i)<style|<script(?:\s+[a-z-]+(?:="[^"]*")?)*\s*>[^<]|\sstyle="|\son[a-z]+="|javascript:`)

// TestEveryAnswerIsHardened walks every route, as a stranger and as the Owner, with pages that do not exist, requests
// of other sites and files of the interface.
func TestEveryAnswerIsHardened(t *testing.T) {
	t.Parallel()
	w := apptest.OnSQLite(t)
	// Nothing runs or loads in what is no page, and no page elsewhere frames it.
	lookAtData := func(what string, a apptest.Answer) {
		t.Helper()
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff"} {
			if a.Header.Get(name) != want {
				t.Errorf("%s (%d): %s is %q", what, a.Status, name, a.Header.Get(name))
			}
		}
		if a.Header.Get("X-Request-Id") == "" || a.Header.Get("Cache-Control") == "" || strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s (%d): headers %v", what, a.Status, a.Header)
		}
	}
	look := func(what string, a apptest.Answer) {
		t.Helper()
		csp := a.Header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "object-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") ||
			!strings.Contains(csp, "base-uri 'none'") || strings.Contains(csp, "unsafe-") || strings.Contains(csp, "*") {
			t.Errorf("%s (%d): policy %q", what, a.Status, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin"} {
			if a.Header.Get(name) != want {
				t.Errorf("%s (%d): %s is %q", what, a.Status, name, a.Header.Get(name))
			}
		}
		if a.Header.Get("Referrer-Policy") == "" || a.Header.Get("X-Request-Id") == "" || a.Header.Get("Cache-Control") == "" || a.Header.Get("Permissions-Policy") == "" {
			t.Errorf("%s (%d): headers %v", what, a.Status, a.Header)
		}
		if found := inline.FindString(a.Body); found != "" && strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s (%d): inline code or style %q, which the policy stops", what, a.Status, found)
		}
	}
	fill := regexp.MustCompile(`\{[^}]*\}`)
	for _, r := range w.Web.Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		path = strings.ReplaceAll(path, "{$}", "")
		path = strings.ReplaceAll(path, "{account}", string(w.Platform))
		path = fill.ReplaceAllString(path, "nothing")
		if path == "/sign-out" || path == "/me/sessions/end-others" {
			continue
		}
		for who, b := range map[string]*apptest.Browser{"a stranger": w.Stranger(), "the Owner": w.Owner} {
			if method == http.MethodPost {
				look(who+" "+r.Pattern, b.PostForm(path, url.Values{}))
			} else {
				look(who+" "+r.Pattern, b.Get(path))
			}
		}
	}
	for _, r := range w.API.Routes() {
		method, path, found := strings.Cut(r.Pattern, " ")
		if !found {
			method, path = http.MethodGet, r.Pattern
		}
		path = fill.ReplaceAllString(strings.ReplaceAll(path, "{account}", string(w.Platform)), "nothing")
		lookAtData("the API "+r.Pattern, plain(t, w, method, path))
	}
	page := w.Stranger().Get("/sign-in")
	look("nowhere", w.Stranger().Get("/nowhere"))
	lookAtData("no such file", w.Stranger().Get("/assets/nothing.css"))
	for _, file := range regexp.MustCompile(`/assets/[^"#]+`).FindAllString(page.Body, -1) {
		lookAtData(file, w.Stranger().Get(file))
	}
	look("another site's form", crossSite(t, w))
}

// plain sends a request without anything that says who makes it.
func plain(t *testing.T, w *apptest.World, method, path string) apptest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.Server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return apptest.Answer{Status: res.StatusCode, Header: res.Header}
}

// crossSite sends a form as the page of another site would.
func crossSite(t *testing.T, w *apptest.World) apptest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Server.URL+"/sign-in", strings.NewReader("login=x"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://evil.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusForbidden || !strings.Contains(string(page), "It came from another site.") {
		t.Errorf("another site's form: %d, %v, %.300s", res.StatusCode, err, page)
	}
	return apptest.Answer{Status: res.StatusCode, Header: res.Header}
}

// TestBrowsersAreToldToStayOnHTTPS: only where the portal is reached by https.
func TestBrowsersAreToldToStayOnHTTPS(t *testing.T) {
	t.Parallel()
	for scheme, want := range map[string]bool{"http": false, "https": true} {
		w := apptest.Bare(t, dbtest.SQLiteDSN(t), func(c *config.Config) { c.BaseURL = &url.URL{Scheme: scheme, Host: c.BaseURL.Host} })
		a := w.Stranger().Get("/healthz")
		if got := a.Header.Get("Strict-Transport-Security") != ""; got != want {
			t.Errorf("%s: %v", scheme, a.Header)
		}
	}
}

// TestIP01OnlyATrustedProxySaysHowPeopleCame: those who came to it by http are sent to https, at our own address.
func TestIP01OnlyATrustedProxySaysHowPeopleCame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, proxies, said, path string
		want                      int
	}{
		{"nobody is trusted at the start", "", "http", "/sign-in", http.StatusOK},
		{"a trusted proxy says http", "127.0.0.1/32", "http", "/sign-in?next=/me", http.StatusPermanentRedirect},
		{"a trusted proxy says https", "127.0.0.1/32", "https", "/sign-in", http.StatusOK},
		{"the client forges what stands before the proxy's word", "127.0.0.1/32", "http, https", "/sign-in", http.StatusOK},
		{"a proxy that says nothing", "127.0.0.1/32", "", "/sign-in", http.StatusOK},
		{"a probe of the proxy", "127.0.0.1/32", "http", "/readyz", http.StatusOK},
		{"another network is trusted", "10.0.0.0/8", "http", "/sign-in", http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := apptest.Bare(t, dbtest.SQLiteDSN(t), func(cfg *config.Config) {
				loaded, err := config.Load(config.Source{Flags: map[string]string{"trusted_proxies": c.proxies}})
				if err != nil {
					t.Fatal(err)
				}
				cfg.TrustedProxies = loaded.TrustedProxies
				cfg.BaseURL = &url.URL{Scheme: "https", Host: "portal.example.com"}
			})
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Server.URL+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = "10.9.8.7" // an address is the operator's own
			if c.said != "" {
				req.Header.Set("X-Forwarded-Proto", c.said)
			}
			req.Header.Set("X-Forwarded-Host", "evil.example")
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if err := res.Body.Close(); err != nil || res.StatusCode != c.want {
				t.Errorf("%d, %v", res.StatusCode, err)
			}
			if to := res.Header.Get("Location"); to != "" && to != "https://portal.example.com"+c.path {
				t.Errorf("sent to %s", to)
			}
		})
	}
}
