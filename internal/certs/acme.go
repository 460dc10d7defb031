package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"

	"github.com/caddyserver/certmagic"
)

// ACMEOptions say where certificates come from and for which names.
type ACMEOptions struct {
	Directory string                                       // address of the server's directory, https://...
	Email     string                                       // of the operator; giving it accepts the terms of the server
	Roots     *x509.CertPool                               // who vouches for the server; nil: the system's roots
	Storage   string                                       // directory for keys and certificates
	Names     []string                                     // host names of the portal; the first is for clients that name none
	More      func(ctx context.Context, name string) error // refuses further names, asked for when a client names one; nil refuses all
	Host      string                                       // on which the portal listens, "" for all addresses
	TLSPort   int                                          // on which the portal listens; the server must reach it as 443
	HTTPPort  int                                          // on which Challenge is served; the server must reach it as 80. 0: it is not served
	Log       *slog.Logger
}

// ACME gets certificates and renews them in time.
type ACME struct {
	names  []string
	cache  *certmagic.Cache
	config *certmagic.Config // of the names that are known from the beginning
	more   *certmagic.Config // of those that clients name; nil when there are none
	issuer *certmagic.ACMEIssuer
}

// FromACME makes an ACME; nothing is asked for before Run.
func FromACME(ctx context.Context, o ACMEOptions) (*ACME, error) {
	if len(o.Names) == 0 {
		return nil, errors.New("a certificate needs a name")
	}
	a := &ACME{names: o.Names}
	log := zapped(ctx, o.Log)
	a.cache = certmagic.NewCache(certmagic.CacheOptions{Logger: log, GetConfigForCert: func(c certmagic.Certificate) (*certmagic.Config, error) {
		if a.more != nil && len(c.Names) > 0 && !slices.Contains(a.names, c.Names[0]) {
			return a.more, nil
		}
		return a.config, nil
	}})
	config := certmagic.Config{Storage: &certmagic.FileStorage{Path: o.Storage}, DefaultServerName: o.Names[0], Logger: log}
	a.config = certmagic.New(a.cache, config)
	if o.More != nil {
		config.OnDemand = &certmagic.OnDemandConfig{DecisionFunc: o.More}
		a.more = certmagic.New(a.cache, config)
	}
	a.issuer = certmagic.NewACMEIssuer(a.config, certmagic.ACMEIssuer{
		CA: o.Directory, Email: o.Email, Agreed: true, TrustedRoots: o.Roots, Logger: log,
		ListenHost: o.Host, AltTLSALPNPort: o.TLSPort, AltHTTPPort: o.HTTPPort, DisableHTTPChallenge: o.HTTPPort == 0,
	})
	a.config.Issuers = []certmagic.Issuer{a.issuer}
	if a.more != nil {
		a.more.Issuers = a.config.Issuers
	}
	return a, nil
}

// Config offers the certificates, and the answers to the server's challenges in TLS (RFC 8737).
func (a *ACME) Config() *tls.Config {
	if a.more != nil {
		return hardened(a.more.TLSConfig())
	}
	return hardened(a.config.TLSConfig())
}

// Challenge answers the server's challenges over HTTP (RFC 8555, section 8.3) and leaves the rest to next.
func (a *ACME) Challenge(next http.Handler) http.Handler { return a.issuer.HTTPChallengeHandler(next) }

// Run gets what is missing in the background and renews it until ctx ends. An operator's hangup needs nothing.
func (a *ACME) Run(ctx context.Context, _ <-chan os.Signal) error {
	defer a.cache.Stop()
	if err := a.config.ManageAsync(ctx, a.names); err != nil {
		return fmt.Errorf("manage the certificate of %v: %w", a.names, err)
	}
	<-ctx.Done()
	return nil
}
