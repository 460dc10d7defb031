package certs_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/certs"
	"bailiwick/internal/clock"
)

// pair writes a certificate and its key to files that look a little older or newer than now.
func pair(t *testing.T, cert, key, host string, serial int64, age time.Duration) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: clock.System().Add(-time.Hour), NotAfter: clock.System().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, pemOf("CERTIFICATE", der), age)
	write(t, key, pemOf("PRIVATE KEY", kder), age)
}

func write(t *testing.T, path, text string, age time.Duration) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := clock.System().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestChangedFilesAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pair(t, cert, key, name, 1, time.Hour)
	var log bytes.Buffer
	f, err := certs.FromFiles(cert, key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	c := f.Config()
	serial := func() int64 {
		t.Helper()
		got, err := c.GetCertificate(&tls.ClientHelloInfo{ServerName: name})
		if err != nil {
			t.Fatal(err)
		}
		return got.Leaf.SerialNumber.Int64()
	}
	f.Look(t.Context())
	if serial() != 1 || c.MinVersion != tls.VersionTLS12 {
		t.Errorf("serial %d, least version %x", serial(), c.MinVersion)
	}
	pair(t, cert, key, name, 2, time.Minute)
	if serial() != 1 {
		t.Error("the files were read at a handshake")
	}
	f.Look(t.Context())
	if serial() != 2 {
		t.Error("changed files were not read")
	}
	write(t, key, "half a key", 30*time.Second)
	f.Look(t.Context())
	if serial() != 2 || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("with files that do not fit: serial %d, log %s", serial(), log.String())
	}
	pair(t, cert, key, name, 3, 20*time.Second)
	f.Look(t.Context())
	if serial() != 3 {
		t.Error("files that fit again were not read")
	}
	log.Reset()
	if f.Look(t.Context()); log.Len() > 0 {
		t.Errorf("files that did not change were read: %s", log.String())
	}
}

func TestHangupReadsTheFilesAtOnce(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pair(t, cert, key, name, 1, time.Hour)
	said := make(chan string, 10)
	f, err := certs.FromFiles(cert, key, slog.New(slog.NewTextHandler(lines(said), nil)))
	if err != nil {
		t.Fatal(err)
	}
	hangup := make(chan os.Signal)
	go func() { _ = f.Run(t.Context(), hangup) }() // ends with the test
	<-said
	pair(t, cert, key, name, 2, time.Hour)
	hangup <- os.Interrupt
	if line := <-said; f.Leaf().SerialNumber.Int64() != 2 {
		t.Errorf("serial %d after %s", f.Leaf().SerialNumber, line)
	}
}

type lines chan<- string

// Write hands on one line.
func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

func TestFilesThatCannotBeReadAreNamed(t *testing.T) {
	if _, err := certs.FromFiles("/nowhere/cert.pem", "/nowhere/key.pem", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "/nowhere/cert.pem") {
		t.Errorf("said %v", err)
	}
}
