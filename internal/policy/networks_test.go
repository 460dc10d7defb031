package policy

import (
	"errors"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"bailiwick/internal/errs"
	"bailiwick/internal/setting"
)

func TestAnAddressIsAllowedByEveryLevelThatHasAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SliceOfN(rapid.Custom(drawNetworks), 1, 4).Draw(t, "levels")
		inForce := PortalAddresses.Default
		for i, l := range levels {
			if i == 0 {
				inForce = l
				continue
			}
			inForce, _ = PortalAddresses.Merge(inForce, l)
		}
		ip := drawAddress(t)
		want := true
		for _, l := range levels {
			want = want && l.Allows(ip)
		}
		if got := inForce.Allows(ip); got != want {
			t.Fatalf("%s by %+v: %v, want %v; in force %+v", ip, levels, got, want, inForce)
		}
	})
}

// drawAddress draws from few addresses, so that many of them are in many ranges.
func drawAddress(t *rapid.T) netip.Addr {
	b := byte(rapid.IntRange(0, 7).Draw(t, "last") << 5)
	if rapid.Bool().Draw(t, "v6") {
		return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: b})
	}
	v4 := netip.AddrFrom4([4]byte{203, 0, 113, b})
	if rapid.Bool().Draw(t, "mapped") {
		return netip.AddrFrom16(v4.As16())
	}
	return v4
}

func drawNetworks(t *rapid.T) Networks {
	n := Networks{On: rapid.Bool().Draw(t, "on")}
	for range rapid.IntRange(0, 4).Draw(t, "entries") {
		ip := drawAddress(t).Unmap()
		p, err := ip.Prefix(ip.BitLen() - rapid.IntRange(0, 8).Draw(t, "host bits"))
		if err != nil {
			t.Fatal(err)
		}
		n.Entries = append(n.Entries, Network{Net: p})
	}
	return n
}

func TestWhatIsNoAddressOrRangeIsRefusedInPlainWords(t *testing.T) {
	for _, c := range []struct{ typed, code, said string }{
		{"203.0.113.7", "", "203.0.113.7"},
		{" 203.0.113.0/24 ", "", "203.0.113.0/24"},
		{"2001:db8::/32", "", "2001:db8::/32"},
		{"2001:DB8::1", "", "2001:db8::1"},
		{"203.0.113.7/24", "allowlist.host_bits", "Write 203.0.113.0/24 for the range, or 203.0.113.7 for the one address. This is an address inside a range."},
		{"2001:db8::1/32", "allowlist.host_bits", "Write 2001:db8::/32 for the range, or 2001:db8::1 for the one address. This is an address inside a range."},
		{"203.0.113.400/24", "allowlist.part", "Write parts from 0 to 255. 400 is more than an IPv4 address can have."},
		{"203.0.113.0/33", "allowlist.bits", "Write a number from 0 to 32 after the slash. It says how many bits of the address are fixed."},
		{"203.0.113.0/024", "allowlist.bits", ""},
		{"0.0.0.0/0", "allowlist.everything", ""},
		{"::/0", "allowlist.everything", ""},
		{"::ffff:203.0.113.7", "allowlist.mapped", "Write 203.0.113.7 instead. It is the same address in its usual form."},
		{"fe80::1%eth0", "allowlist.not_address", ""},
		{"office", "allowlist.not_address", ""},
		{"", "allowlist.not_address", ""},
	} {
		p, err := ParseNetwork(c.typed)
		if c.code == "" {
			if err != nil || Show(p) != c.said {
				t.Errorf("%q: %s, %v", c.typed, Show(p), err)
			}
			continue
		}
		if got := problemOn(err, "network"); got.Code != c.code || c.said != "" && got.Text() != c.said {
			t.Errorf("%q: %s %q", c.typed, got.Code, got.Text())
		}
	}
}

func problemOn(err error, field string) errs.Problem {
	var e *errs.Error
	if !errors.As(err, &e) {
		return errs.Problem{}
	}
	return e.Fields[field]
}

func TestAStoredListThatIsDamagedIsNotTaken(t *testing.T) {
	at := netip.MustParsePrefix("203.0.113.0/24")
	for name, n := range map[string]Networks{
		"on and empty":   {On: true},
		"host bits":      {Entries: []Network{{Net: netip.MustParsePrefix("203.0.113.7/24")}}},
		"twice the same": {Entries: []Network{{Net: at}, {Net: at}}},
		"no range":       {Entries: []Network{{}}},
	} {
		if checkNetworks(n) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestExpiryOnlyBecomesSoonerFurtherDown(t *testing.T) {
	for _, c := range []struct {
		above, own, want int
		takes            bool
	}{{0, 90, 90, true}, {90, 0, 90, false}, {90, 60, 60, true}, {60, 90, 60, false}, {60, 60, 60, true}, {0, 0, 0, true}} {
		if got, takes := PasswordExpiry.Merge(c.above, c.own); got != c.want || takes != c.takes {
			t.Errorf("%d above %d: %d %v", c.above, c.own, got, takes)
		}
	}
}

func TestKeysAreListedOnce(t *testing.T) {
	all := append(append(append(Passwords(), TwoStep()...), Sessions()...), Elsewhere()...)
	if err := setting.Unique(all); err != nil {
		t.Error(err)
	}
}
