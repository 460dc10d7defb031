package app_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/internal/app"
	"bailiwick/internal/apptest"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

// line is the way to the database: it can be cut and mended.
type line struct {
	t      *testing.T
	addr   string
	target string
	mu     sync.Mutex
	ln     net.Listener
	open   []net.Conn
}

func newLine(t *testing.T, target string) *line {
	l := &line{t: t, addr: "127.0.0.1:0", target: target}
	l.mend()
	t.Cleanup(l.cut)
	return l
}

func (l *line) mend() {
	l.t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(l.t.Context(), "tcp", l.addr)
	if err != nil {
		l.t.Fatal(err)
	}
	l.addr, l.ln = ln.Addr().String(), ln
	go func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			var d net.Dialer
			out, err := d.DialContext(context.Background(), "tcp", l.target)
			if err != nil {
				_ = in.Close()
				continue
			}
			l.mu.Lock()
			l.open = append(l.open, in, out)
			l.mu.Unlock()
			for _, p := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() {
					_, _ = io.Copy(p[0], p[1])
					_ = p[0].Close()
				}()
			}
		}
	}()
}

func (l *line) cut() {
	_ = l.ln.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.open {
		_ = c.Close()
	}
	l.open = nil
}

func TestALostPostgreSQLIsSaidInPlainWordsAndWorkResumes(t *testing.T) {
	dsn, err := url.Parse(dbtest.PostgresDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	way := newLine(t, dsn.Host)
	dsn.Host = way.addr
	w := apptest.New(t, dsn.String())

	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- w.Run(ctx, app.Listeners{Portal: ln}) }()

	home := "/a/" + string(w.Platform) + "/home"
	if a := w.Owner.Get(home); a.Status != http.StatusOK {
		t.Fatalf("before: %d", a.Status)
	}
	way.cut()
	for _, path := range []string{home, "/sign-in", "/readyz", home} {
		a := w.Owner.Get(path)
		if a.Status != http.StatusServiceUnavailable {
			t.Errorf("%s without a database: %d %s", path, a.Status, a.Text())
		}
		if path != "/readyz" && (a.Header.Get("Retry-After") == "" || !strings.Contains(a.Text(), "Try again in a moment")) {
			t.Errorf("%s says %q, Retry-After %q", path, a.Text(), a.Header.Get("Retry-After"))
		}
	}
	if a := w.Owner.Post("/me", "name", "Olivia Changed"); a.Status != http.StatusServiceUnavailable {
		t.Errorf("saving without a database: %d", a.Status)
	}
	way.mend()
	for _, path := range []string{home, "/me", "/readyz"} {
		if a := w.Owner.Get(path); a.Status != http.StatusOK {
			t.Errorf("%s when it is back: %d %s", path, a.Status, a.Text())
		}
	}
	if names, err := db.All(t.Context(), w.DB, db.Value[string], "SELECT name FROM identities"); err != nil || names[0] != "Olivia Owner" {
		t.Errorf("the profile became %q, %v", names, err)
	}
	select {
	case err := <-ended:
		t.Fatalf("the program stopped: %v", err)
	default:
	}
	stop()
	select {
	case err := <-ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("stopping: %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the program does not stop")
	}
}
