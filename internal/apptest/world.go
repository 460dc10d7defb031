// Package apptest runs the whole program on a database of its own, with a clock that stands still and cheap
// password hashes, and gives tests the builders they need. It calls the same app.New as the binary.
package apptest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/internal/app"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// Start is the instant at which a World's clock stands in the beginning, a Monday morning in UTC.
var Start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// Password is the password of everybody that a World makes.
const Password = "correct horse battery staple"

// World is a running installation.
type World struct {
	*app.App
	Clock    *clock.Fake
	Server   *httptest.Server
	Platform ids.Account
	Owner    *Browser // signed in as the platform's Owner
	Root     authz.Actor
	Journal  *Journal // everything that was logged
	DNS      *DNS     // what domains say of themselves

	passwordHash string
	t            testing.TB
}

// Each runs fn in a fresh World on SQLite and on PostgreSQL.
func Each(t *testing.T, fn func(t *testing.T, w *World)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) { fn(t, New(t, dsn)) })
}

// OnSQLite makes a World on SQLite alone, for what does not depend on the database.
func OnSQLite(t testing.TB) *World { t.Helper(); return New(t, dbtest.SQLiteDSN(t)) }

// New makes a World on the database at dsn and sets it up.
func New(t testing.TB, dsn string, change ...func(*config.Config)) *World {
	t.Helper()
	w := Bare(t, dsn, change...)
	w.setUp()
	return w
}

// Bare makes a World that nobody has set up yet, after changes to its configuration.
func Bare(t testing.TB, dsn string, change ...func(*config.Config)) *World {
	t.Helper()
	w := &World{Clock: clock.NewFake(Start), Journal: &Journal{}, DNS: &DNS{}, t: t}
	srv := httptest.NewUnstartedServer(nil)
	base := &url.URL{Scheme: "http", Host: srv.Listener.Addr().String()}
	cfg := config.Config{Listen: base.Host, Data: t.TempDir(), Database: secret.Wrap(dsn), BaseURL: base}
	for _, c := range change {
		c(&cfg)
	}
	a, err := app.New(t.Context(), app.Deps{
		Config: cfg, Log: slog.New(w.handler()), Clock: w.Clock.Now,
		Hash: secret.CheapParams, Texts: []i18n.Option{i18n.WithPseudo()}, LookupTXT: w.DNS.txt,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.App = a
	a.Quota.KeepTime(w.Clock.Now)
	srv.Config.Handler = a.Web.Handler()
	srv.Start()
	w.Server = srv
	t.Cleanup(func() {
		srv.Close()
		a.Quota.Idle()
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// handler keeps everything in the Journal and shows what is worth a warning in the output of the test.
func (w *World) handler() slog.Handler {
	return slog.NewMultiHandler(
		slog.NewTextHandler(w.Journal, &slog.HandlerOptions{Level: slog.LevelDebug}),
		slog.NewTextHandler(testLog{w.t}, &slog.HandlerOptions{Level: slog.LevelWarn}),
	)
}

// Journal holds what the program logged.
type Journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds a line.
func (j *Journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

// Text returns everything so far.
func (j *Journal) Text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// DNS answers with the records that a test has set. It knows of no other.
type DNS struct {
	mu  sync.Mutex
	all map[string][]string
}

// Set makes the TXT records of a name.
func (d *DNS) Set(name string, records ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[string][]string{}
	}
	d.all[name] = records
}

func (d *DNS) txt(_ context.Context, name string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if found := d.all[name]; len(found) > 0 {
		return found, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// OwnerEmail is the address of the platform's Owner.
const OwnerEmail = "olivia@halyard.example"

func (w *World) setUp() {
	w.t.Helper()
	token, err := w.Authn.PrepareSetup(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.Authn.Setup(w.t.Context(), authn.SetupInput{Token: token, Platform: "Halyard Messaging", Name: "Olivia Owner", Email: OwnerEmail, Password: secret.Wrap(Password)}); err != nil {
		w.t.Fatal(err)
	}
	w.Owner = w.SignIn(OwnerEmail)
	w.Root = w.Owner.Actor()
	w.Platform = w.Root.Account()
	w.passwordHash, err = secret.NewHasher(secret.CheapParams).Hash(w.t.Context(), secret.Wrap(Password))
	w.ok(err, "hash the password")
}

// Drain runs every job that is due now, and what those jobs queue.
func (w *World) Drain() {
	w.t.Helper()
	if err := w.Jobs.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// Browser is a person's browser without scripts: it keeps cookies and does not follow redirects.
type Browser struct {
	w      *World
	client *http.Client
	Token  secret.String
	from   string // the address it comes from, "" for that of the connection
	host   string // the name it asks for, "" for the portal's own
}

// Stranger is a browser that nobody has signed in with.
func (w *World) Stranger() *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &Browser{w: w, client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// SignIn signs a person in with Password and returns their browser.
func (w *World) SignIn(login string) *Browser {
	w.t.Helper()
	in, err := w.Authn.SignIn(w.t.Context(), authn.SignInInput{Login: login, Password: secret.Wrap(Password), From: authn.Client{IP: "203.0.113.7", UserAgent: "test"}})
	if err != nil {
		w.t.Fatalf("sign in as %s: %v", login, err)
	}
	b := &Browser{w: w, Token: in.Token}
	return b.Fresh()
}

// Fresh returns a browser that holds the same session and nothing else.
func (b *Browser) Fresh() *Browser {
	f := b.w.Stranger()
	if f.Token = b.Token; !f.Token.Empty() {
		base, _ := url.Parse(b.w.Server.URL)
		f.client.Jar.SetCookies(base, []*http.Cookie{{Name: "bw_session", Value: f.Token.Reveal()}})
	}
	return f
}

// From returns a browser with the same session that comes from another address, as a proxy on this computer says.
// The world has to trust it: see Proxied.
func (b *Browser) From(ip string) *Browser {
	f := b.Fresh()
	f.from = ip
	return f
}

// At returns a browser with the same session that asks for another host name, as one does to which DNS has led it.
func (b *Browser) At(host string) *Browser {
	f := b.Fresh()
	f.from, f.host = b.from, host
	if host != "" && !f.Token.Empty() {
		f.client.Jar.SetCookies(&url.URL{Scheme: "http", Host: host}, []*http.Cookie{{Name: "bw_session", Value: f.Token.Reveal()}})
	}
	return f
}

// Proxied makes a World believe what proxies on this computer say about whom they speak for.
func Proxied(c *config.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// Answer is what the portal said.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Location is where a redirect leads.
func (a Answer) Location() string { return a.Header.Get("Location") }

// Get opens a page.
func (b *Browser) Get(path string) Answer { b.w.t.Helper(); return b.do(http.MethodGet, path, nil) }

// Post sends a form; fields are names and values in turn.
func (b *Browser) Post(path string, fields ...string) Answer {
	b.w.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

// PostForm sends a form.
func (b *Browser) PostForm(path string, form url.Values) Answer {
	b.w.t.Helper()
	return b.do(http.MethodPost, path, form)
}

// Upload sends a form with files, by the names of their fields.
func (b *Browser) Upload(path string, fields url.Values, files map[string][]byte) Answer {
	b.w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, v := range values {
			b.w.ok(form.WriteField(name, v), "write a field")
		}
	}
	for name, file := range files {
		part, err := form.CreateFormFile(name, "chosen")
		b.w.ok(err, "add a file")
		_, err = part.Write(file)
		b.w.ok(err, "write a file")
	}
	b.w.ok(form.Close(), "end a form")
	return b.send(http.MethodPost, path, &body, form.FormDataContentType())
}

func (b *Browser) do(method, path string, form url.Values) Answer {
	b.w.t.Helper()
	if form == nil {
		return b.send(method, path, nil, "")
	}
	return b.send(method, path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded")
}

func (b *Browser) send(method, path string, body io.Reader, kind string) Answer {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(b.w.t.Context(), method, b.w.Server.URL+path, body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity") // packing pages is a tenth of what matrices take; journeys get them packed
	if b.from != "" {
		req.Header.Set("X-Forwarded-For", b.from)
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Origin", b.w.Server.URL)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if b.host != "" {
		req.Host = b.host
		if body != nil {
			req.Header.Set("Origin", "http://"+b.host)
		}
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.w.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		b.w.t.Fatal(err)
	}
	return Answer{res.StatusCode, res.Header, string(text)}
}

// streamFor is how long a stream is read at most.
const streamFor = time.Minute

// Stream opens a stream of events and returns its lines, until it ends or the test does.
func (b *Browser) Stream(path string) (status int, lines func() (string, bool)) {
	b.w.t.Helper()
	ctx, stop := context.WithTimeout(b.w.t.Context(), streamFor)
	b.w.t.Cleanup(stop)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.w.Server.URL+path, nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := b.client.Do(req)
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.w.t.Cleanup(func() { _ = res.Body.Close() }) // read to its end already, or given up
	in := bufio.NewScanner(res.Body)
	return res.StatusCode, func() (string, bool) { more := in.Scan(); return in.Text(), more }
}

var tags = regexp.MustCompile(`<[^>]*>`)

// Text is the answer without its tags.
func (a Answer) Text() string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(a.Body, " ")), " ")
}
