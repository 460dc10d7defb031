package brand

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/secret"
)

// What is recorded.
const (
	ActionDomainAsked    = "domain.asked"
	ActionDomainVerified = "domain.verified"
	ActionDomainRemoved  = "domain.removed"
	ActionDomainLost     = "domain.lost"
)

// LookupTXT returns the TXT records of a name (RFC 1035, section 3.3.14).
type LookupTXT func(ctx context.Context, name string) ([]string, error)

// How often a domain is looked at, and how long its record may be missing before the domain is given up.
const (
	waitingEvery  = time.Hour
	verifiedEvery = 24 * time.Hour
	waitsFor      = 14 * 24 * time.Hour
	missesFor     = 7 * 24 * time.Hour
	lookupWithin  = 10 * time.Second
)

// Domain is the host name of an account as it stands.
type Domain struct {
	Host     string // "" when the account has asked for none
	URL      string // where people reach the portal
	Record   string // the name of the TXT record that is looked for
	Value    string // and what it says
	Claimed  time.Time
	Checked  time.Time // zero before the first look
	Verified time.Time // zero until the record was found
	Missing  time.Time // since when the record is gone; zero while it is there
	From     string    // where people of the account reach the portal while it has no verified domain of its own
	CanEdit  bool
}

// Domain shows the host name of an account.
func (s *Service) Domain(ctx context.Context, by authz.Actor, account ids.Account) (Domain, error) {
	q, sc, err := s.op.Read(ctx, by, authz.BrandingView, account)
	if err != nil {
		return Domain{}, err
	}
	d, err := ownDomain(ctx, q, sc)
	if err != nil {
		return Domain{}, err
	}
	base, err := s.Base(ctx, account)
	if err != nil {
		return Domain{}, err
	}
	out := d.shown(s.base)
	out.From, out.CanEdit = base.String(), sc.Has(authz.BrandingEdit)
	return out, nil
}

// claim is a row of domains.
type claim struct {
	account                             ids.Account
	host, token                         string
	claimed, checked, verified, missing int64
}

func (c claim) shown(base *url.URL) Domain {
	if c.host == "" {
		return Domain{}
	}
	return Domain{
		Host: c.host, URL: onHost(base, c.host).String(), Record: recordOf(c.host), Value: valueOf(c.token),
		Claimed: instant(c.claimed), Checked: instant(c.checked), Verified: instant(c.verified), Missing: instant(c.missing),
	}
}

func (c claim) target() audit.Event {
	return audit.Event{TargetType: "domain", TargetID: c.host, Target: c.host}
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func recordOf(host string) string { return "_bailiwick." + host }
func valueOf(token string) string { return "bailiwick=" + token }

// onHost is the address of the portal at another host. Scheme and port are those of the configured address.
func onHost(base *url.URL, host string) *url.URL {
	u := &url.URL{Scheme: base.Scheme, Host: host}
	if port := base.Port(); port != "" {
		u.Host = net.JoinHostPort(host, port)
	}
	return u
}

// AskDomain gives an account another host name, which is used once it is verified.
func (s *Service) AskDomain(ctx context.Context, by authz.Actor, account ids.Account, typed string) error {
	return s.op.Write(ctx, by, authz.BrandingEdit, account, func(ctx context.Context, w *op.W) error {
		host, err := s.hostOf(typed)
		if err != nil {
			return err
		}
		before, err := ownDomain(ctx, w.Tx(), w.Scope())
		if err != nil {
			return err
		}
		if before.host == host {
			return w.Unchanged()
		}
		if err := free(ctx, w.Tx(), host, account); err != nil {
			return err
		}
		token, _ := secret.NewToken()
		c := claim{account: account, host: host, token: token.Reveal(), claimed: w.Tx().Ms()}
		if err := putDomain(ctx, w.Tx(), w.Scope(), c); err != nil {
			return fmt.Errorf("store the domain of %s: %w", account, err)
		}
		e := c.target()
		e.Action = ActionDomainAsked
		w.Audit(e)
		if before.host != "" {
			return nil // one for another
		}
		return plan.Fits(ctx, w.Tx(), w.Scope(), plan.Domains)
	})
}

// free refuses a host that another account has verified.
func free(ctx context.Context, q db.Queryer, host string, account ids.Account) error {
	owner, err := ownerOf(ctx, q, host)
	if err == nil && owner != account {
		return taken()
	}
	if errors.Is(err, db.ErrNoRows) {
		return nil
	}
	return err
}

func taken() error {
	return errs.Field("host", "brand.domain_taken", "Use another address. This one belongs to another account.")
}

// hostForm is a host name of two labels or more (RFC 1123, section 2.1).
var hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// hostOf reads a host name as it is typed, in any script, and refuses what cannot be one of an account.
func (s *Service) hostOf(typed string) (string, error) {
	wrong := func() (string, error) {
		return "", errs.Field("host", "brand.not_domain", "Write a host name such as portal.example.com, without https:// and without a path.")
	}
	host, err := idna.Lookup.ToASCII(strings.TrimSuffix(strings.ToLower(strings.TrimSpace(typed)), "."))
	if err != nil || len(host) > 253 || !hostForm.MatchString(host) {
		return wrong()
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return wrong()
	}
	if last := host[strings.LastIndex(host, ".")+1:]; strings.Trim(last, "0123456789") == "" {
		return wrong() // browsers read it as an IP address
	}
	if base := s.base.Hostname(); host == base || strings.HasSuffix(base, "."+host) {
		return "", taken()
	}
	return host, nil
}

// CheckDomain looks for the record of an account's domain now, and reports whether it is there.
func (s *Service) CheckDomain(ctx context.Context, by authz.Actor, account ids.Account) (found bool, err error) {
	q, sc, err := s.op.Read(ctx, by, authz.BrandingEdit, account)
	if err != nil {
		return false, err
	}
	c, err := ownDomain(ctx, q, sc)
	if err != nil {
		return false, err
	}
	if c.host == "" {
		return false, errs.NoSuch("domain")
	}
	found, sure := s.look(ctx, c)
	return found, s.note(ctx, by, c, found, sure)
}

// look looks for the record of a domain. It is not sure of what the DNS gave no answer to.
func (s *Service) look(ctx context.Context, c claim) (found, sure bool) {
	ctx, cancel := context.WithTimeout(ctx, lookupWithin)
	defer cancel()
	records, err := s.lookup(ctx, recordOf(c.host))
	var no *net.DNSError
	if err != nil {
		return false, errors.As(err, &no) && no.IsNotFound
	}
	return slices.ContainsFunc(records, func(r string) bool { return strings.TrimSpace(r) == valueOf(c.token) }), true
}

// note keeps what was found of a domain, and records when it is verified or given up by that.
func (s *Service) note(ctx context.Context, by authz.Actor, c claim, found, sure bool) error {
	now := s.db.Now()
	after := c
	after.checked = now.UnixMilli()
	action := ""
	switch {
	case found && c.verified == 0:
		after.verified, after.missing, action = now.UnixMilli(), 0, ActionDomainVerified
	case found:
		after.missing = 0
	case sure && c.verified != 0 && c.missing == 0:
		after.missing = now.UnixMilli()
	case sure && c.verified != 0 && now.Sub(instant(c.missing)) >= missesFor:
		after.verified, action = 0, ActionDomainLost
	}
	if action == "" {
		return s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return noteDomain(ctx, tx, after) })
	}
	return s.op.Write(ctx, by, authz.BrandingEdit, c.account, func(ctx context.Context, w *op.W) error {
		if err := free(ctx, w.Tx(), c.host, c.account); err != nil {
			return err
		}
		if err := noteDomain(ctx, w.Tx(), after); err != nil {
			if errors.Is(err, db.ErrUnique) {
				return taken()
			}
			return fmt.Errorf("note what became of %s: %w", c.host, err)
		}
		e := c.target()
		e.Action = action
		w.Audit(e)
		return nil
	})
}

// RemoveDomain takes the host name of an account away.
func (s *Service) RemoveDomain(ctx context.Context, by authz.Actor, account ids.Account) error {
	return s.op.Write(ctx, by, authz.BrandingEdit, account, func(ctx context.Context, w *op.W) error {
		c, err := ownDomain(ctx, w.Tx(), w.Scope())
		if err != nil {
			return err
		}
		if c.host == "" {
			return w.Unchanged()
		}
		if err := dropDomain(ctx, w.Tx(), w.Scope()); err != nil {
			return fmt.Errorf("remove the domain of %s: %w", account, err)
		}
		e := c.target()
		e.Action = ActionDomainRemoved
		w.Audit(e)
		return nil
	})
}

// recheck looks at the domains whose turn it is.
func (s *Service) recheck(ctx context.Context) error {
	now := s.db.Now()
	for {
		due, err := dueDomains(ctx, s.db, now)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, c := range due {
			found, sure := s.look(ctx, c)
			err := s.note(ctx, jobs.Actor(recheckJob, c.account, authz.BrandingEdit), c, found, sure)
			if errs.CodeOf(err) == "brand.domain_taken" {
				c.checked = now.UnixMilli()
				err = s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return noteDomain(ctx, tx, c) })
			}
			if err != nil {
				return fmt.Errorf("look at the domain of %s: %w", c.account, err)
			}
		}
	}
}

// place is where an account stands among the domains.
type place struct {
	chain []ids.Account // from the account up
	hosts []string      // verified, of the chain, the nearest first
}

// mostPlaces and mostHosts are how many answers are kept in memory.
const (
	mostPlaces = 1 << 14
	mostHosts  = 1 << 12
)

func (s *Service) place(ctx context.Context, account ids.Account) (place, error) {
	if p, ok := s.places.Get(ctx, account); ok {
		return p, nil
	}
	told := s.places.Told()
	p, err := findPlace(ctx, s.db, account)
	if err != nil {
		return p, fmt.Errorf("read the domains above %s: %w", account, err)
	}
	var of []change.Subject
	for _, a := range p.chain {
		of = append(of, change.Subject{Kind: change.Account, ID: string(a)}, change.Subject{Kind: change.Domain, ID: string(a)})
	}
	if len(of) > 0 {
		s.places.Put(told, account, p, of...)
	}
	return p, nil
}

// Base is where the people of an account reach the portal: the nearest verified domain, else the configured address.
// Links are built from it, never from what a request says (REC03).
func (s *Service) Base(ctx context.Context, account ids.Account) (*url.URL, error) {
	p, err := s.place(ctx, account)
	if err != nil || len(p.hosts) == 0 {
		return s.base, err
	}
	return onHost(s.base, p.hosts[0]), nil
}

// Under reports whether an account is top or stands below it.
func (s *Service) Under(ctx context.Context, account, top ids.Account) (bool, error) {
	p, err := s.place(ctx, account)
	return slices.Contains(p.chain, top), err
}

// At returns the account whose domain a host name is. It is for the operator's own names, which need no proof, "";
// the second result is false for a name that is nobody's.
func (s *Service) At(ctx context.Context, host string) (ids.Account, bool, error) {
	if s.own(host) {
		return "", true, nil
	}
	if account, ok := s.hosts.Get(ctx, host); ok {
		return account, account != "", nil
	}
	told := s.hosts.Told()
	account, err := ownerOf(ctx, s.db, host)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return "", false, fmt.Errorf("find whose domain %s is: %w", host, err)
	}
	of := []change.Subject{{Kind: change.Domain, ID: host}}
	if account != "" {
		of = append(of, change.Subject{Kind: change.Account, ID: string(account)})
	}
	s.hosts.Put(told, host, account, of...)
	return account, account != "", nil
}

// own reports the operator's own names: the configured one, addresses, and names of one word as networks of one's own
// have them.
func (s *Service) own(host string) bool {
	if host == "" || host == s.base.Hostname() || !strings.Contains(host, ".") {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// MayServe refuses host names that a certificate must not be asked for.
func (s *Service) MayServe(ctx context.Context, host string) error {
	if host == s.base.Hostname() {
		return nil
	}
	account, known, err := s.At(ctx, host)
	if err == nil && (!known || account == "") {
		return errs.NoSuch("domain")
	}
	return err
}

// maySend reports whether mail may come from an address: the configured one, or one at a verified domain.
func (s *Service) maySend(address string, hosts []string) bool {
	_, domain, _ := strings.Cut(strings.ToLower(address), "@")
	return strings.EqualFold(address, s.sender) || slices.ContainsFunc(hosts, func(h string) bool {
		return domain == h || strings.HasSuffix(domain, "."+h)
	})
}
