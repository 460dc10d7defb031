// Package browser drives the portal in a real Chromium for the journeys, and fails a test on anything the console reports.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a step waits for the page before the test fails.
const patience = 30 * time.Second

// shared is the one Chromium of the test process; Run starts and ends it.
var shared struct {
	ctx    context.Context
	reason string // why there is none
}

// Run runs the tests of a package with one Chromium: os.Exit(browser.Run(m)) in TestMain.
func Run(m *testing.M) int {
	path := chromium()
	if path == "" {
		shared.reason = "Chromium is not installed"
		return m.Run()
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true), chromedp.DisableGPU)
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	defer stopAlloc()
	ctx, stop := chromedp.NewContext(alloc)
	defer stop()
	if err := chromedp.Do(ctx); err != nil {
		shared.reason = fmt.Sprintf("Chromium does not start: %v", err)
		return m.Run()
	}
	shared.ctx = ctx
	return m.Run()
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Scheme is the colour scheme the system asks for.
type Scheme string

// The schemes.
const (
	Light Scheme = "light"
	Dark  Scheme = "dark"
)

// View is the size of the window.
type View struct{ Width, Height int64 }

// The views every page is looked at in.
var (
	Desktop = View{1440, 900}
	Phone   = View{390, 844}
)

// Option sets up a tab.
type Option func(*setup)

type setup struct {
	scheme Scheme
	view   View
	noJS   bool
	lang   string
}

// WithScheme chooses light or dark; light unless given.
func WithScheme(s Scheme) Option { return func(o *setup) { o.scheme = s } }

// WithView chooses the size of the window; Desktop unless given.
func WithView(v View) Option { return func(o *setup) { o.view = v } }

// WithLanguage chooses the language that the browser asks for.
func WithLanguage(lang string) Option { return func(o *setup) { o.lang = lang } }

// NoJS opens the tab of someone whose scripts don't run.
func NoJS(o *setup) { o.noJS = true }

// Tab is one window with cookies of its own: a person at the portal.
type Tab struct {
	t    testing.TB
	ctx  context.Context
	base string
	view View
	noJS bool

	axeComes bool // with every page that is opened

	mu       sync.Mutex
	reported []string
}

// Open opens a tab on the portal at baseURL. Without Chromium the test is skipped, in CI it fails.
func Open(t testing.TB, baseURL string, opts ...Option) *Tab {
	t.Helper()
	if shared.ctx == nil {
		if shared.reason == "" {
			t.Fatal("TestMain must call browser.Run")
		}
		if os.Getenv("CI") != "" {
			t.Fatal(shared.reason)
		}
		t.Skip(shared.reason)
	}
	s := setup{scheme: Light, view: Desktop}
	for _, o := range opts {
		o(&s)
	}
	ctx, cancel := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	tab := &Tab{t: t, ctx: ctx, base: baseURL, view: s.view, noJS: s.noJS}
	t.Cleanup(func() {
		cancel()
		tab.Quiet()
	})
	if err := chromedp.Listen(ctx, tab.listen); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	tab.must("set up the tab", func(ctx context.Context) error {
		if _, err := chromedp.Call(ctx, log.Enable, struct{}{}); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: s.noJS}); err != nil {
			return err
		}
		if s.lang != "" {
			if _, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": s.lang}}); err != nil {
				return err
			}
		}
		return chromedp.Do(ctx, chromedp.EmulateViewport(s.view.Width, s.view.Height))
	})
	tab.Scheme(s.scheme)
	return tab
}

// scripts lets the scripts of pages run, or not.
func (tab *Tab) scripts(run bool) {
	tab.t.Helper()
	tab.must("switch scripts", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
		return err
	})
}

// For reports what happens in the tab from now on to a subtest.
func (tab *Tab) For(t testing.TB) *Tab {
	outer := tab.t
	tab.t = t
	t.Cleanup(func() {
		tab.Quiet()
		tab.t = outer
	})
	return tab
}

// listen collects what the page complains about: exceptions, errors on the console, broken policy, missing assets.
func (tab *Tab) listen(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if ev.ExceptionDetails.Exception != nil {
			text += " " + ev.ExceptionDetails.Exception.Description
		}
		tab.report("exception: " + text)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError {
			text := "console error:"
			for _, a := range ev.Args {
				text += " " + string(a.Value) + a.Description
			}
			tab.report(text)
		}
	case *log.EventEntryAdded:
		// An answer such as 403 or 422 to a page is logged as an error too; the journeys check those themselves.
		if ev.Entry.Level == log.EntryLevelError && (ev.Entry.Source != log.EntrySourceNetwork || isAsset(ev.Entry.URL)) {
			tab.report(fmt.Sprintf("%s: %s %s", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL))
		}
	}
}

func (tab *Tab) report(text string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.reported = append(tab.reported, text)
}

// Quiet fails the test with what the page complained about since the last call. It is called when the test ends.
func (tab *Tab) Quiet() {
	tab.t.Helper()
	tab.mu.Lock()
	defer tab.mu.Unlock()
	for _, text := range tab.reported {
		tab.t.Errorf("the page reports: %s", text)
	}
	tab.reported = nil
}

// Scheme changes the colour scheme the system asks for.
func (tab *Tab) Scheme(s Scheme) {
	tab.t.Helper()
	tab.must("set the colour scheme", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: string(s)}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	})
}

// Cookie puts a cookie of the portal into the tab, as a sign-in elsewhere would have.
func (tab *Tab) Cookie(name, value string) *Tab {
	tab.t.Helper()
	tab.must("set the cookie "+name, func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: tab.base})
		return err
	})
	return tab
}

// Resize changes the size of the window.
func (tab *Tab) Resize(v View) {
	tab.t.Helper()
	tab.view = v
	tab.must("resize", func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.EmulateViewport(v.Width, v.Height))
	})
}

// must runs one step with the patience of a person.
func (tab *Tab) must(what string, step func(context.Context) error) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := step(ctx); err != nil {
		tab.t.Fatalf("%s: %v", what, err)
	}
}
