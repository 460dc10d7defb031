package web

import (
	"net/netip"
	"testing"
)

func TestIP01TheClientAddressComesFromTheConnection(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		trusted      []netip.Prefix
		want         string
	}{
		{"no proxy is trusted at the start", "10.0.0.1:99", []string{"203.0.113.9"}, nil, "10.0.0.1"},
		{"a stranger forges the header", "198.51.100.7:99", []string{"203.0.113.9"}, proxies, "198.51.100.7"},
		{"behind a trusted proxy", "10.0.0.1:99", []string{"203.0.113.9"}, proxies, "203.0.113.9"},
		{"the client forges hops before the proxy's", "10.0.0.1:99", []string{"127.0.0.1, 203.0.113.9"}, proxies, "203.0.113.9"},
		{"two proxies", "10.0.0.1:99", []string{"203.0.113.9, 10.2.2.2"}, proxies, "203.0.113.9"},
		{"headers in several lines", "10.0.0.1:99", []string{"1.1.1.1", "203.0.113.9"}, proxies, "203.0.113.9"},
		{"mapped v4", "[::ffff:10.0.0.1]:99", []string{"::ffff:203.0.113.9"}, proxies, "203.0.113.9"},
		{"v6 with port", "[2001:db8::1]:99", []string{"[2001:db9::5]:443"}, proxies, "2001:db9::5"},
		{"v4 with port", "10.0.0.1:99", []string{"203.0.113.9:1234"}, proxies, "203.0.113.9"},
		{"rubbish stops the walk", "10.0.0.1:99", []string{"203.0.113.9, unknown"}, proxies, "10.0.0.1"},
		{"no header behind the proxy", "10.0.0.1:99", nil, proxies, "10.0.0.1"},
	} {
		if got := clientAddress(c.remote, c.forwarded, c.trusted); got.String() != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if clientAddress("@", nil, proxies).IsValid() {
		t.Error("an unreadable connection has an address")
	}
}

func FuzzClientAddressNeverPanics(f *testing.F) {
	f.Add("10.0.0.1:1", "203.0.113.9, [::1]:2,")
	proxies := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	f.Fuzz(func(_ *testing.T, remote, header string) { clientAddress(remote, []string{header}, proxies) })
}
