package browser_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/i18n"
	"bailiwick/internal/web/ui/asset"
	"bailiwick/internal/web/ui/gallery"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/shell"
)

func TestMain(m *testing.M) { os.Exit(browser.Run(m)) }

// serve shows the parts and frames as the portal does, with its strict policy. The language comes from ?lang.
func serve(t *testing.T) string {
	t.Helper()
	cat, err := i18n.Load(i18n.WithPseudo())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(asset.Prefix, asset.Handler())
	show := func(path string, of func(*http.Request) templ.Component) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			var b bytes.Buffer
			ctx := i18n.WithPrinter(r.Context(), cat.For(r.URL.Query().Get("lang")))
			if err := of(r).Render(ctx, &b); err != nil {
				t.Errorf("render %s: %v", r.URL, err)
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
			if _, err := w.Write(b.Bytes()); err != nil {
				t.Logf("write %s: %v", r.URL, err)
			}
		})
	}
	show("GET /components", func(r *http.Request) templ.Component {
		page := frame(r)
		if r.URL.Query().Get("pane") != "" {
			page.Pane = gallery.Pane()
		}
		return gallery.Page(page)
	})
	show("GET /sign-in", func(r *http.Request) templ.Component { return signIn(frame(r)) })
	show("GET /404", func(r *http.Request) templ.Component {
		return shell.Error{Page: frame(r), Status: http.StatusNotFound, Back: "/components"}
	})
	show("GET /500", func(r *http.Request) templ.Component {
		page := frame(r)
		page.User = nil
		return shell.Error{Page: page, Status: http.StatusInternalServerError, RequestID: "req_7Q2M9XK4T1", Back: "/sign-in"}
	})
	show("GET /live", func(r *http.Request) templ.Component {
		return live(frame(r), r.URL.Query().Get("q"), r.Header.Get("HX-Request") == "true")
	})
	mux.HandleFunc("POST /theme", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "theme", Value: r.FormValue("theme"), Path: "/"})
		http.Redirect(w, r, "/components", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /sign-out", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/sign-in", http.StatusSeeOther) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func frame(r *http.Request) shell.Page {
	return shell.Page{
		Title: "Components and states", Theme: shell.Theme(r),
		Brand: shell.Brand{Name: "Halyard Messaging", Tagline: "Email and SMS for 128 companies.", Quote: "Messages that arrive.", Links: []part.Link{{Label: "support@halyard.example.com", Href: "mailto:support@halyard.example.com"}}},
		Nav: []shell.NavGroup{
			{Label: "Accounts", Items: []shell.NavItem{
				{Label: "Clients", Icon: "building-2", Href: "/components?c", Count: "128", Key: "c", Current: true},
				{Label: "Users", Icon: "users", Href: "/404", Count: "3,912", Key: "u"},
				{Label: "Role groups", Icon: "key-round", Href: "/components?r", Count: "14", Key: "r"},
			}},
			{Label: "Governance", Items: []shell.NavItem{{Label: "Security", Icon: "shield-check", Href: "/components?s", Key: "s"}}},
		},
		Crumbs: []part.Crumb{{Label: "Reference", Href: "/components"}, {Label: "Components and states"}},
		User:   &shell.User{ID: "usr_pn", Name: "Priya Nair", ProfileURL: "/components?p", SignOutURL: "/sign-out", ThemeURL: "/theme"},
		Scope:  shell.Scope{Name: "Halyard Messaging", Kind: "Platform operator", SwitchURL: "/components?w"},
	}
}

func TestEveryPartInEveryStateIsAccessible(t *testing.T) {
	url := serve(t)
	for _, page := range []struct{ name, path string }{
		{"components", "/components"}, {"pane", "/components?pane=1"}, {"sign-in", "/sign-in"}, {"not-found", "/404"}, {"failed", "/500"},
	} {
		for _, look := range []struct {
			name string
			opts []browser.Option
			lang string
		}{
			{"light", nil, ""},
			{"dark", []browser.Option{browser.WithScheme(browser.Dark)}, ""},
			{"phone", []browser.Option{browser.WithView(browser.Phone)}, ""},
			{"rtl", nil, "ar-XB"},
		} {
			t.Run(page.name+"-"+look.name, func(t *testing.T) {
				path := page.path
				if look.lang != "" {
					path += map[bool]string{true: "&", false: "?"}[page.name == "pane"] + "lang=" + look.lang
				}
				tab := browser.Open(t, url, look.opts...).Goto(path)
				tab.Screenshot(page.name + "-" + look.name)
				tab.Axe().Fits()
			})
		}
	}
}

func TestDialogsAndMenusAreAccessibleWhenOpen(t *testing.T) {
	tab := browser.Open(t, serve(t)).Goto("/components")
	tab.Click("Delete customer…").See("It can’t be undone").Screenshot("dialog").Axe()
	tab.Press("Escape").Gone("It can’t be undone")
	tab.Click("Priya Nair").See("My profile").Screenshot("menu").Axe()
	tab.Press("ArrowDown", "ArrowDown", "Enter")
	tab.Await("css=html[data-theme=dark] h1")
	tab.Reload()
	if !tab.Has("css=html[data-theme=dark] h1") {
		t.Error("the dark theme is forgotten on the next page")
	}
	tab.Press("?").See("Show shortcuts").Axe()
	tab.Press("Escape").Press("g", "u").At("/404").See("There is nothing here")
}

func TestTheFrameWorksWithoutScripts(t *testing.T) {
	tab := browser.Open(t, serve(t), browser.NoJS).Goto("/components")
	tab.Click("Priya Nair").See("My profile")
	tab.Click("Dark").Await("css=html[data-theme=dark] h1")
	tab.Click("Priya Nair").Click("Sign out").At("/sign-in").See("Sign in to Halyard Messaging")
}

func TestSelectionFieldsAndKeys(t *testing.T) {
	tab := browser.Open(t, serve(t)).Goto("/components")
	tab.See("2 selected").Check("Select Acme Holdings", true).See("3 selected")
	tab.Check("Select all clients on this page", true).See("5 selected")
	tab.Click("Clear selection").Check("Select Acme Holdings", true).See("1 selected")
	tab.Fill("Resting", "Larkspur Travel").Fill("Select", "Europe/Lisbon").Fill("Date", "2028-01-02")
	if a, b, c := tab.Value("f1"), tab.Value("f8"), tab.Value("f7"); a != "Larkspur Travel" || b != "Europe/Lisbon" || c != "2028-01-02" {
		t.Errorf("filled %q, %q, %q", a, b, c)
	}
	tab.Press("Escape").Click("css=[data-reveal=f5]")
	if !tab.Has("css=#f5[type=text]") {
		t.Error("the password is not shown")
	}
	tab.TabTo("Date")
}

func TestFragmentsArriveUnderTheStrictPolicy(t *testing.T) {
	tab := browser.Open(t, serve(t)).Goto("/live")
	tab.Fill("Search clients", "acme").See("Found acme")
	if got := tab.URL(); !strings.HasSuffix(got, "/live?q=acme") {
		t.Errorf("the address does not follow: %s", got)
	}
	tab.Click("css=.swap-link").See("Found swapped")
}

func TestTheMenuOpensOnAPhone(t *testing.T) {
	tab := browser.Open(t, serve(t), browser.WithView(browser.Phone)).Goto("/components")
	tab.Click("Open menu").Await("css=#side:popover-open .side-link").Screenshot("phone-menu").Axe()
	tab.Click("Close menu")
	tab.Goto("/components?pane=1").Press("Escape").At("/components")
}

func TestThePageIsLight(t *testing.T) {
	tab := browser.Open(t, serve(t)).Goto("/sign-in")
	if n := tab.Bytes(); n < 50<<10 || n > 100<<10 {
		t.Errorf("the sign-in page takes %d bytes", n)
	} else {
		t.Logf("%d bytes", n)
	}
}

func TestTheHarnessHearsWhatThePageReports(t *testing.T) {
	rec := &recorder{TB: t}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		_, _ = w.Write([]byte(`<!doctype html><title>x</title><p style="color:red">x<script>alert(1)</script><script src="/x.js"></script>`))
	})
	mux.HandleFunc("/x.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(`console.error("told"); missing();`))
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	tab := browser.Open(rec, srv.URL).Goto("/")
	tab.Axe()
	tab.Quiet()
	for _, want := range []string{"inline style", "inline script", "told", "missing is not defined", "axe html-has-lang"} {
		if !rec.has(want) {
			t.Errorf("nothing was said of %q in %q", want, rec.said)
		}
	}
}
