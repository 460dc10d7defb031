package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bailiwick/internal/app"
	"bailiwick/internal/apptest"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
)

// selfSigned writes a certificate for this machine and its key, and returns who trusts it.
func selfSigned(t *testing.T) (config.TLS, *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: clock.System().Add(-time.Hour), NotAfter: clock.System().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := config.TLS{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), Redirect: "127.0.0.1:0"}
	for path, b := range map[string]pem.Block{c.Cert: {Type: "CERTIFICATE", Bytes: der}, c.Key: {Type: "PRIVATE KEY", Bytes: kder}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(&b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return c, pool
}

// open listens on a free port of this machine.
func open(t *testing.T) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// running runs the program until the test ends.
func running(t *testing.T, a *app.App, on app.Listeners) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, on) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestThePortalSpeaksHTTPSByFiles(t *testing.T) {
	files, trusted := selfSigned(t)
	on := app.Listeners{Portal: open(t), Redirect: open(t), Metrics: open(t)}
	base := "https://" + on.Portal.Addr().String()
	w := apptest.New(t, dbtest.SQLiteDSN(t), func(c *config.Config) {
		c.TLS, c.BaseURL = files, &url.URL{Scheme: "https", Host: on.Portal.Addr().String()}
	})
	var err error
	if on.Certificates, err = w.Certificates(t.Context()); err != nil {
		t.Fatal(err)
	}
	running(t, w.App, on)
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	ask := func(method, address string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return res
	}
	res := ask(http.MethodGet, base+"/sign-in")
	if res.StatusCode != http.StatusOK || res.Proto != "HTTP/2.0" || res.TLS.Version < tls.VersionTLS12 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("sign-in: %d %s %v", res.StatusCode, res.Proto, res.Header)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		res = ask(method, "http://"+on.Redirect.Addr().String()+"/reset/abc?x=1")
		if res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != base+"/reset/abc?x=1" || res.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s over http: %d to %s", method, res.StatusCode, res.Header.Get("Location"))
		}
	}
	if res = ask(http.MethodGet, "http://"+on.Metrics.Addr().String()+"/metrics"); res.StatusCode != http.StatusOK {
		t.Errorf("metrics: %d", res.StatusCode)
	}
	old := &tls.Dialer{Config: &tls.Config{RootCAs: trusted, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}}
	if c, err := old.DialContext(t.Context(), "tcp", on.Portal.Addr().String()); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 is spoken")
	}
}

func TestCertificateFilesThatCannotBeReadStopTheStart(t *testing.T) {
	w := apptest.Bare(t, dbtest.SQLiteDSN(t), func(c *config.Config) { c.TLS = config.TLS{Cert: "/nowhere/c.pem", Key: "/nowhere/k.pem"} })
	if _, err := w.Certificates(t.Context()); err == nil {
		t.Error("it starts without its certificate")
	}
}
