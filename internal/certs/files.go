// Package certs has the certificates by which the portal speaks HTTPS: from files, which it reads again when they
// change, or from an ACME server (RFC 8555), from which it gets and renews them itself.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// lookEvery is how often the files are looked at.
const lookEvery = 10 * time.Second

// Files is a certificate with its key, each in a PEM file.
type Files struct {
	cert, key string
	log       *slog.Logger
	current   atomic.Pointer[tls.Certificate]
	seen      [2]stamp
}

// stamp tells one state of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

// FromFiles reads a certificate chain and its key.
func FromFiles(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Config offers the certificate as it is at each handshake.
func (f *Files) Config() *tls.Config {
	return hardened(&tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current.Load(), nil }})
}

// hardened refuses what is older than TLS 1.2 (RFC 8996).
func hardened(c *tls.Config) *tls.Config {
	c.MinVersion = tls.VersionTLS12
	c.NextProtos = append([]string{"h2", "http/1.1"}, c.NextProtos...)
	return c
}

// Leaf is the certificate in use.
func (f *Files) Leaf() *x509.Certificate { return f.current.Load().Leaf }

// Reload reads the files. When they do not fit each other, what was read before stays in use.
func (f *Files) Reload() error {
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("read the certificate %s and its key %s: %w", f.cert, f.key, err)
	}
	f.current.Store(&pair)
	return nil
}

// Run reads the files again when they change, or when hangup says so, until ctx ends.
func (f *Files) Run(ctx context.Context, hangup <-chan os.Signal) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	f.Look(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			f.renew(ctx)
		case <-tick.C:
			f.Look(ctx)
		}
	}
}

// Look reads the files again if they have changed since the last look.
func (f *Files) Look(ctx context.Context) {
	now := [2]stamp{stampOf(f.cert), stampOf(f.key)}
	if now == f.seen {
		return
	}
	if f.renew(ctx) {
		f.seen = now
	}
}

func (f *Files) renew(ctx context.Context) bool {
	if err := f.Reload(); err != nil {
		f.log.ErrorContext(ctx, "the certificate could not be read again; the one before stays in use", "error", err)
		return false
	}
	f.log.InfoContext(ctx, "certificate read", "file", f.cert, "until", f.Leaf().NotAfter)
	return true
}

// stampOf is empty for a file that is not there: reading it says why.
func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}
