package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"bailiwick/internal/certs"
)

// Certificates are what the portal speaks HTTPS with.
type Certificates interface {
	Config() *tls.Config
	// Run keeps them fresh until ctx ends.
	Run(ctx context.Context, hangup <-chan os.Signal) error
}

// Certificates makes those that the settings ask for, nil when the portal speaks plain HTTP.
func (a *App) Certificates(ctx context.Context) (Certificates, error) {
	t := a.cfg.TLS
	switch {
	case t.Cert != "":
		return certs.FromFiles(t.Cert, t.Key, a.log)
	case t.ACME:
		return a.fromACME(ctx)
	}
	return nil, nil //nolint:nilnil // plain HTTP needs none
}

func (a *App) fromACME(ctx context.Context) (Certificates, error) {
	t := a.cfg.TLS
	o := certs.ACMEOptions{
		Directory: t.Directory, Email: t.Email, Storage: a.cfg.Certificates(), Names: []string{a.cfg.BaseURL.Hostname()}, More: a.Brands.MayServe, Log: a.log,
	}
	var err error
	if o.Host, o.TLSPort, err = split(a.cfg.Listen); err != nil {
		return nil, err
	}
	if t.Redirect != "" {
		if _, o.HTTPPort, err = split(t.Redirect); err != nil {
			return nil, err
		}
	}
	if t.Roots != "" {
		pem, err := os.ReadFile(t.Roots)
		if err != nil {
			return nil, fmt.Errorf("read tls.acme_roots: %w", err)
		}
		if o.Roots = x509.NewCertPool(); !o.Roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("put certificates into %s: it holds none", t.Roots)
		}
	}
	return certs.FromACME(ctx, o)
}

func split(listen string) (host string, port int, err error) {
	host, p, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("read the address %s: %w", listen, err)
	}
	port, err = strconv.Atoi(p)
	return host, port, err
}

// redirect sends people to the portal's own address. An ACME server finds its challenges there as well.
func (a *App) redirect(c Certificates) http.Handler {
	h := a.Web.ToBaseURL()
	if acme, ok := c.(*certs.ACME); ok {
		return acme.Challenge(h)
	}
	return h
}
