package brand

import (
	"net"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

func (s *street) ask(account ids.Account, host string) {
	s.t.Helper()
	if err := s.AskDomain(s.t.Context(), editor(account), account, host); err != nil {
		s.t.Fatal(err)
	}
}

// show puts the record that an account is asked for into the DNS.
func (s *street) show(account ids.Account) Domain {
	s.t.Helper()
	d, err := s.Domain(s.t.Context(), editor(account), account)
	if err != nil {
		s.t.Fatal(err)
	}
	s.dns[d.Record] = []string{"v=spf1 -all", d.Value}
	return d
}

func (s *street) check(account ids.Account) bool {
	s.t.Helper()
	found, err := s.CheckDomain(s.t.Context(), editor(account), account)
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// whose is the account whose domain a host is, "" for the operator's and "nobody" for nobody's.
func (s *street) whose(host string) ids.Account {
	s.t.Helper()
	account, known, err := s.At(s.t.Context(), host)
	if err != nil {
		s.t.Fatal(err)
	}
	if !known {
		return "nobody"
	}
	return account
}

func TestADomainIsUsedOnceItsRecordIsFound(t *testing.T) {
	each(t, func(s *street) {
		s.ask("acc_r", " Mail.Meridian.Example. ")
		if s.whose("mail.meridian.example") != "nobody" || s.of("acc_c").Base != "https://portal.halyard.example:8443" {
			t.Error("it is used before it is verified")
		}
		if s.check("acc_r") {
			t.Error("it was found where it is not")
		}
		d := s.show("acc_r")
		if d.Record != "_bailiwick.mail.meridian.example" || !strings.HasPrefix(d.Value, "bailiwick=") || len(d.Value) < 30 {
			t.Errorf("%+v", d)
		}
		if !s.check("acc_r") || s.whose("mail.meridian.example") != "acc_r" {
			t.Error("it is not used though it is verified")
		}
		for account, base := range map[ids.Account]string{
			"acc_r": "https://mail.meridian.example:8443", "acc_c": "https://mail.meridian.example:8443",
			"acc_o": "https://portal.halyard.example:8443", "acc_p": "https://portal.halyard.example:8443", "": "https://portal.halyard.example:8443",
		} {
			if got := s.of(account).Base; got != base {
				t.Errorf("links of %q lead to %s, want %s", account, got, base)
			}
		}
		s.ask("acc_c", "portal.acme.example")
		s.show("acc_c")
		s.check("acc_c")
		if got := s.of("acc_c").Base; got != "https://portal.acme.example:8443" {
			t.Errorf("the nearest domain does not win: %s", got)
		}
		s.ask("acc_c", "new.acme.example")
		if s.whose("portal.acme.example") != "nobody" || s.of("acc_c").Base != "https://mail.meridian.example:8443" {
			t.Error("another name was asked for, and the one before is still used")
		}
		s.exec(`UPDATE accounts SET closed_at = 1 WHERE id = 'acc_r'`)
		if s.whose("mail.meridian.example") != "nobody" {
			t.Error("the domain of a closed account is served")
		}
	})
}

func TestADomainBelongsToWhoShowsItFirst(t *testing.T) {
	each(t, func(s *street) {
		s.ask("acc_r", "mail.meridian.example")
		s.ask("acc_o", "mail.meridian.example") // asking takes nothing from anybody
		s.show("acc_o")
		s.check("acc_o")
		if err := s.AskDomain(t.Context(), editor("acc_c"), "acc_c", "mail.meridian.example"); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "belongs to another account") {
			t.Error(err)
		}
		s.show("acc_r")
		if _, err := s.CheckDomain(t.Context(), editor("acc_r"), "acc_r"); !strings.Contains(err.Error(), "belongs to another account") {
			t.Error(err)
		}
		s.now.Advance(2 * time.Hour)
		if err := s.recheck(t.Context()); err != nil {
			t.Error(err)
		}
		if s.whose("mail.meridian.example") != "acc_o" {
			t.Error("somebody else took it")
		}
		if err := s.AskDomain(t.Context(), editor("acc_r"), "acc_o", "x.example"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("for another account: %v", err)
		}
	})
}

func TestWhatIsNoDomainOfAnAccountIsRefused(t *testing.T) {
	each(t, func(s *street) {
		for typed, says := range map[string]string{
			"": "Write a host name", "localhost": "Write a host name", "https://x.example": "Write a host name", "x.example/y": "Write a host name", "x.example:443": "Write a host name",
			"10.0.0.1": "Write a host name", "1.2.3": "Write a host name", "[::1]": "Write a host name", "a@x.example": "Write a host name", "*.x.example": "Write a host name",
			"-x.example": "Write a host name", "x..example": "Write a host name", "x_y.example": "Write a host name", strings.Repeat("a.", 150) + "example": "Write a host name",
			"portal.halyard.example": "belongs to another account", "halyard.example": "belongs to another account",
		} {
			if err := s.AskDomain(t.Context(), editor("acc_r"), "acc_r", typed); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%q: %v", typed, err)
			}
		}
		if n, err := db.One(t.Context(), s.db, db.Value[int], `SELECT count(*) FROM domains`); err != nil || n != 0 {
			t.Errorf("%d were stored, %v", n, err)
		}
		s.ask("acc_r", "bücher.example")
		if d := s.show("acc_r"); d.Host != "xn--bcher-kva.example" {
			t.Error(d.Host)
		}
	})
}

func TestADomainIsGivenUpWhenItsRecordIsGoneForAWeek(t *testing.T) {
	each(t, func(s *street) {
		day := func(n int) {
			t.Helper()
			for range n {
				s.now.Advance(24*time.Hour + time.Minute)
				if err := s.recheck(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.ask("acc_r", "mail.meridian.example")
		s.show("acc_r")
		day(1)
		if s.whose("mail.meridian.example") != "acc_r" {
			t.Fatal("nobody had to press a button for it")
		}
		kept := s.dns
		s.dns = map[string][]string{}
		day(5)
		s.dns = kept
		day(1)
		s.dns = map[string][]string{}
		s.out = &net.DNSError{IsTimeout: true}
		day(20)
		s.out = nil
		day(7)
		if s.whose("mail.meridian.example") != "acc_r" {
			t.Error("it was given up before it was gone for a week")
		}
		day(1)
		if s.whose("mail.meridian.example") != "nobody" {
			t.Error("its record is gone and it is still used")
		}
		n, err := db.One(t.Context(), s.db, db.Value[int], `SELECT count(*) FROM audit_events WHERE action IN (?, ?)`, ActionDomainVerified, ActionDomainLost)
		if err != nil || n != 2 {
			t.Errorf("%d events, %v", n, err)
		}
	})
}

func TestMailComesFromVerifiedDomainsAlone(t *testing.T) {
	each(t, func(s *street) {
		s.ask("acc_r", "meridian.example")
		s.show("acc_r")
		s.set("acc_r", "brand.sender_address", "post@meridian.example")
		if got := s.of("acc_c").Sender; got != "mail@halyard.example" {
			t.Errorf("before it is verified: %s", got)
		}
		s.check("acc_r")
		for account, want := range map[ids.Account]string{"acc_r": "post@meridian.example", "acc_c": "post@meridian.example", "acc_o": "mail@halyard.example"} {
			if got := s.of(account).Sender; got != want {
				t.Errorf("%s: %s, want %s", account, got, want)
			}
		}
		for address, may := range map[string]bool{"a@meridian.example": true, "a@b.meridian.example": true, "a@evilmeridian.example": false, "a@meridian.example.evil.example": false, "a@example": false, "MAIL@halyard.example": true, "": false} {
			if got := s.maySend(address, []string{"meridian.example"}); got != may {
				t.Errorf("%s: %t", address, got)
			}
		}
		if err := s.RemoveDomain(t.Context(), editor("acc_r"), "acc_r"); err != nil {
			t.Fatal(err)
		}
		if got := s.of("acc_c").Sender; got != "mail@halyard.example" {
			t.Errorf("after the domain was removed: %s", got)
		}
	})
}

func TestCertificatesAreForVerifiedDomainsAlone(t *testing.T) {
	each(t, func(s *street) {
		s.ask("acc_r", "mail.meridian.example")
		s.ask("acc_c", "portal.acme.example")
		s.show("acc_r")
		s.check("acc_r")
		for host, may := range map[string]bool{
			"mail.meridian.example": true, "portal.halyard.example": true, "portal.acme.example": false, "x.example": false, "10.0.0.1": false, "localhost": false, "": false,
		} {
			if err := s.MayServe(t.Context(), host); (err == nil) != may {
				t.Errorf("%s: %v", host, err)
			}
		}
	})
}
