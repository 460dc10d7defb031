package certs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	pebble "github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"bailiwick/internal/certs"
)

const name = "portal.bailiwick.example"

// server is an ACME server that checks challenges as a public one does, but on ports of our own, and asks a DNS server
// that sends everything here.
type server struct {
	*httptest.Server
	roots *x509.CertPool // of the certificates it issues
}

func newServer(t *testing.T, httpPort, tlsPort int) server {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	quiet := log.New(io.Discard, "", 0)
	store := pebble.NewMemoryStore()
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "usual", ValidityPeriod: 90 * 24 * 3600}})
	front := wfe.New(quiet, store, va.New(quiet, httpPort, tlsPort, true, everythingIsHere(t), store), authority, nil, true, false, 1, 1)
	s := server{httptest.NewTLSServer(front.Handler()), x509.NewCertPool()}
	t.Cleanup(s.Close)
	s.roots.AddCert(authority.GetRootCert(0).Cert)
	return s
}

// everythingIsHere answers every question for an address with this machine.
func everythingIsHere(t *testing.T) string {
	t.Helper()
	ln := listen(t)
	srv := &dns.Server{Listener: ln, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(m) // whoever asked notices
	})}
	go func() { _ = srv.ActivateAndServe() }() // ends with its listener
	t.Cleanup(func() { _ = ln.Close() })
	return ln.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func port(ln net.Listener) int { return ln.Addr().(*net.TCPAddr).Port } //nolint:forcetypeassert // listen gives no other

func TestACertificateComesFromAnACMEServer(t *testing.T) {
	for _, by := range []string{"TLS", "HTTP"} {
		t.Run(by, func(t *testing.T) {
			portal, plain := listen(t), listen(t)
			// The server reaches one of the two alone, so that each way is known to work.
			reached := map[string][2]int{"TLS": {1, port(portal)}, "HTTP": {port(plain), 1}}[by]
			acme := newServer(t, reached[0], reached[1])
			opts := certs.ACMEOptions{
				Directory: acme.URL + wfe.DirectoryPath, Email: "ops@bailiwick.example", Roots: trust(acme.Certificate()),
				Storage: t.TempDir(), Names: []string{name}, Host: "127.0.0.1", TLSPort: port(portal), HTTPPort: port(plain), Log: slog.New(slog.DiscardHandler),
			}
			if by == "TLS" {
				opts.HTTPPort = 0
			}
			first := obtain(t, opts, name, portal, plain, acme.roots)
			if again := obtain(t, opts, name, portal, plain, acme.roots); again.SerialNumber.Cmp(first.SerialNumber) != 0 {
				t.Error("a second start asked for another certificate")
			}
		})
	}
}

func TestACertificateIsAskedForWhenSomebodyComesToAVerifiedDomain(t *testing.T) {
	portal, plain := listen(t), listen(t)
	acme := newServer(t, 1, port(portal))
	const branded, foreign = "mail.reseller.example", "mail.stranger.example"
	var asked atomic.Bool // about the foreign name
	opts := certs.ACMEOptions{
		Directory: acme.URL + wfe.DirectoryPath, Email: "ops@bailiwick.example", Roots: trust(acme.Certificate()),
		Storage: t.TempDir(), Names: []string{name}, Host: "127.0.0.1", TLSPort: port(portal), Log: slog.New(slog.DiscardHandler),
		More: func(_ context.Context, n string) error {
			asked.CompareAndSwap(false, n == foreign)
			if n != branded && n != name {
				return errors.New("it is nobody's")
			}
			return nil
		},
	}
	if c := obtain(t, opts, branded, portal, plain, acme.roots); c.VerifyHostname(branded) != nil || c.VerifyHostname(name) == nil {
		t.Errorf("the certificate is for %v", c.DNSNames)
	}
	a, err := certs.FromACME(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Config().GetCertificate(&tls.ClientHelloInfo{ServerName: foreign}); err == nil {
		t.Error("a certificate is asked for in another's name")
	}
	if !asked.Load() {
		t.Error("nobody was asked whether the name is ours")
	}
}

func trust(c *x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c)
	return p
}

// obtain runs an ACME with a portal behind it until the portal can be reached by HTTPS, and returns its certificate.
func obtain(t *testing.T, o certs.ACMEOptions, name string, portal, plain net.Listener, roots *x509.CertPool) *x509.Certificate {
	t.Helper()
	a, err := certs.FromACME(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	stop := serve(t, &http.Server{Handler: hello, TLSConfig: a.Config(), ReadHeaderTimeout: time.Minute}, reopen(t, portal))
	defer stop()
	defer serve(t, &http.Server{Handler: a.Challenge(hello), ReadHeaderTimeout: time.Minute}, reopen(t, plain))()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, nil) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{ServerName: name, RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}}
	var last error
	patience := time.NewTimer(90 * time.Second)
	defer patience.Stop()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+portal.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err == nil {
			if err := res.Body.Close(); err != nil || res.Proto != "HTTP/2.0" {
				t.Errorf("spoken: %s, %v", res.Proto, err)
			}
			tick.Stop()
			return res.TLS.PeerCertificates[0]
		}
		last = err
		select {
		case <-tick.C:
		case <-patience.C:
			t.Fatalf("no certificate: %v", last)
		}
	}
}

// reopen listens on the address of a listener anew: serving closes it.
func reopen(t *testing.T, ln net.Listener) net.Listener {
	t.Helper()
	_ = ln.Close() // a second start finds it closed
	var lc net.ListenConfig
	again, err := lc.Listen(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func serve(t *testing.T, srv *http.Server, ln net.Listener) (stop func()) {
	t.Helper()
	srv.ErrorLog = log.New(io.Discard, "", 0)
	go func() {
		if srv.TLSConfig != nil {
			_ = srv.ServeTLS(ln, "", "") // ends with stop
			return
		}
		_ = srv.Serve(ln)
	}()
	return func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestACertificateNeedsAName(t *testing.T) {
	if _, err := certs.FromACME(t.Context(), certs.ACMEOptions{Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("no name is enough")
	}
}

// pemOf writes a certificate as files hold it.
func pemOf(kind string, der []byte) string {
	return strings.TrimSpace(string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))) + "\n"
}
