package policy

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"bailiwick/internal/errs"
)

// Networks is a list of addresses from which an account is entered. A list that is off allows every address.
type Networks struct {
	On      bool      `json:"on"`
	Entries []Network `json:"entries"`
}

// Network is one address or range of a list, with what it is.
type Network struct {
	Net  netip.Prefix `json:"net"`
	Note string       `json:"note"`
}

const (
	mostNetworks = 200
	longestNote  = 80
)

// Allows reports whether the list lets an address in. An address that is not known is let in by no list.
func (n Networks) Allows(ip netip.Addr) bool { return !n.On || n.Holding(ip) != nil }

// Holding returns the first entry that holds an address, or nil.
func (n Networks) Holding(ip netip.Addr) *Network {
	ip = ip.Unmap().WithZone("")
	for i := range n.Entries {
		if n.Entries[i].Net.Contains(ip) {
			return &n.Entries[i]
		}
	}
	return nil
}

// meet allows what both lists allow: two ranges share the smaller one, when one holds the other, or nothing.
func meet(above, own Networks) (Networks, bool) {
	switch {
	case !own.On && !above.On:
		return own, true
	case !own.On:
		return above, true
	case !above.On:
		return own, true
	}
	both := Networks{On: true}
	seen := map[netip.Prefix]bool{}
	for _, a := range above.Entries {
		for _, o := range own.Entries {
			if !a.Net.Overlaps(o.Net) {
				continue
			}
			smaller := Network{o.Net, o.Note}
			if a.Net.Bits() > o.Net.Bits() {
				smaller.Net = a.Net
			}
			if !seen[smaller.Net] {
				seen[smaller.Net] = true
				both.Entries = append(both.Entries, smaller)
			}
		}
	}
	return both, true
}

func checkNetworks(n Networks) error {
	if len(n.Entries) > mostNetworks {
		return errs.New(errs.Invalid, "allowlist.too_many", "Remove an address first. A list has at most {max}.", "max", mostNetworks)
	}
	if n.On && len(n.Entries) == 0 {
		return errs.New(errs.Invalid, "allowlist.empty", "Add an address first. A list without any would let nobody in.")
	}
	for i, e := range n.Entries {
		if !e.Net.IsValid() || e.Net != e.Net.Masked() || e.Net.Addr().Is4In6() || utf8.RuneCountInString(e.Note) > longestNote {
			return errs.New(errs.Invalid, "allowlist.malformed", "Set the list again. An entry cannot be read.")
		}
		if slices.ContainsFunc(n.Entries[:i], func(o Network) bool { return o.Net == e.Net }) {
			return errs.New(errs.Invalid, "allowlist.twice", "Leave out {network}. It is on the list already.", "network", Show(e.Net))
		}
	}
	return nil
}

// Show writes a range as people do: one address stands alone.
func Show(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// ParseNetwork reads an address or a range in CIDR notation (RFC 4632, RFC 4291). What is wrong is said of the field
// "network".
func ParseNetwork(typed string) (netip.Prefix, error) {
	typed = strings.TrimSpace(typed)
	host, bits, ranged := strings.Cut(typed, "/")
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Zone() != "" {
		return netip.Prefix{}, notAddress(host)
	}
	if ip.Is4In6() {
		return netip.Prefix{}, errs.Field("network", "allowlist.mapped", "Write {address} instead. It is the same address in its usual form.", "address", ip.Unmap().String())
	}
	if !ranged {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	n, err := strconv.Atoi(bits)
	if err != nil || n < 0 || n > ip.BitLen() || strconv.Itoa(n) != bits {
		return netip.Prefix{}, errs.Field("network", "allowlist.bits", "Write a number from 0 to {most} after the slash. It says how many bits of the address are fixed.", "most", ip.BitLen())
	}
	if n == 0 {
		return netip.Prefix{}, errs.Field("network", "allowlist.everything", "Switch the list off to let every address in. This range is all of them.")
	}
	p := netip.PrefixFrom(ip, n)
	if p != p.Masked() {
		return netip.Prefix{}, errs.Field("network", "allowlist.host_bits", "Write {network} for the range, or {address} for the one address. This is an address inside a range.",
			"network", p.Masked().String(), "address", ip.String())
	}
	return p, nil
}

// notAddress says what is wrong with an address, down to the part of it where that can be told.
func notAddress(host string) error {
	if parts := strings.Split(host, "."); len(parts) == 4 {
		for _, part := range parts {
			n, err := strconv.Atoi(part)
			if err == nil && n > 255 {
				return errs.Field("network", "allowlist.part", "Write parts from 0 to 255. {part} is more than an IPv4 address can have.", "part", part)
			}
		}
	}
	return errs.Field("network", "allowlist.not_address", "Write an IP address such as 203.0.113.7, or a range such as 203.0.113.0/24 or 2001:db8::/32. This is neither.")
}
