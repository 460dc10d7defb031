package invite

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Address is one address as it was pasted: "jane@acme.example", or "Jane Doe <jane@acme.example>".
type Address struct {
	Raw   string // what was typed
	Name  string // given before the address, else ""
	Email string // the address in its plain form, "" when it is none
	ascii string // the domain as the mail system knows it
}

// BatchMax is how many addresses one invitation takes.
const BatchMax = 1000

const textMax = BatchMax * 400

// Parse reads a paste. Comma, semicolon, white space and new line separate; a name may stand before an address in
// angle brackets.
func Parse(text string) ([]Address, error) {
	if len(text) > textMax {
		return nil, tooMany()
	}
	var out []Address
	for _, piece := range pieces(text) {
		out = append(out, addresses(piece)...)
		if len(out) > BatchMax {
			return nil, tooMany()
		}
	}
	return out, nil
}

func tooMany() error {
	return errs.Field("addresses", "invite.too_many", "Send the addresses in parts of at most {max}.", "max", BatchMax)
}

// pieces cuts at commas, semicolons and line ends, but not inside "quotes" that close on their line.
func pieces(text string) []string {
	var out []string
	start, quoted := 0, false
	for i, r := range text {
		switch {
		case r == '"':
			quoted = !quoted && closes(text[i+1:])
		case r == '\n' || r == '\r', !quoted && (r == ',' || r == ';' || r == '，' || r == '、' || r == '；' || r == '،' || r == '؛'):
			out = append(out, text[start:i])
			start, quoted = i+utf8.RuneLen(r), false
		}
	}
	return append(out, text[start:])
}

func closes(rest string) bool {
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Contains(line, `"`)
}

// addresses reads one piece: words that are addresses each, and names before <addresses>.
func addresses(piece string) []Address {
	var out []Address
	for {
		before, rest, open := strings.Cut(piece, "<")
		inside, after, closed := strings.Cut(rest, ">")
		if !open || !closed {
			return append(out, words(piece)...)
		}
		plain, name := nameBefore(before)
		for _, w := range plain {
			out = append(out, read(w, ""))
		}
		a := read(strings.TrimSpace(inside), name)
		a.Raw = strings.TrimSpace(name + " <" + inside + ">")
		out = append(out, a)
		piece = after
	}
}

func words(s string) []Address {
	var out []Address
	for _, w := range strings.Fields(s) {
		out = append(out, read(w, ""))
	}
	return out
}

// nameBefore tells addresses that only stand before a name from the name itself.
func nameBefore(s string) (plain []string, name string) {
	fields := strings.Fields(s)
	n := 0
	for i, w := range fields {
		if strings.Contains(w, "@") && !strings.Contains(s, `"`) {
			n = i + 1
		}
	}
	return fields[:n], strings.Trim(strings.Join(fields[n:], " "), `"' `)
}

// read checks one address, and brings it into its plain form.
func read(raw, name string) Address {
	a := Address{Raw: raw, Name: name}
	s := strings.TrimRight(strings.Trim(strings.TrimPrefix(norm.NFC.String(raw), "mailto:"), `"'`), ".")
	at := strings.LastIndexByte(s, '@')
	if at < 1 || !utf8.ValidString(raw) {
		return a
	}
	local, domain := s[:at], s[at+1:]
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !localOK(local) || !domainOK(ascii) || len(local)+1+len(ascii) > 254 {
		return a
	}
	shown, err := idna.Lookup.ToUnicode(ascii)
	if err != nil {
		return a
	}
	a.Email, a.ascii = local+"@"+shown, ascii
	return a
}

const atext = "!#$%&'*+-/=?^_`{|}~"

// localOK accepts a dot-atom of RFC 5321: what mailboxes are made of outside of museums.
func localOK(s string) bool {
	if len(s) > 64 || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || strings.IndexByte(atext, c) >= 0) {
			return false
		}
	}
	return s != ""
}

func domainOK(ascii string) bool {
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 || len(ascii) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(last) >= 2 && strings.Trim(last, "0123456789") != ""
}

// Why says what becomes of an address. It speaks of this account only.
type Why string

// The verdicts.
const (
	OK             Why = "ok"
	Malformed      Why = "malformed"
	AlreadyUser    Why = "already_user"
	Deactivated    Why = "deactivated" // can be reactivated instead
	AlreadyInvited Why = "already_invited"
	Disposable     Why = "disposable"
	Duplicate      Why = "duplicate"
	NoSeat         Why = "no_seat" // the customer's package has no seat left
)

// Verdict is what becomes of one address.
type Verdict struct {
	Address
	Why        Why
	Membership ids.Membership // of somebody who is or was a user here

	full error // why there is no seat
}

// here is what an account knows of an address.
type here struct {
	membership  ids.Membership
	deactivated bool
	invited     bool // by an invitation that can still be accepted
}

// judge gives each address its verdict, from what the account knows.
func judge(in []Address, known map[string]here) ([]Verdict, error) {
	seen := map[string]bool{}
	out := make([]Verdict, 0, len(in))
	for _, a := range in {
		v := Verdict{Address: a, Why: OK}
		fold := ids.Fold(a.Email)
		throwAway, err := isDisposable(a.ascii)
		if err != nil {
			return nil, err
		}
		k := known[fold]
		switch {
		case a.Email == "":
			v.Why = Malformed
		case seen[fold]:
			v.Why = Duplicate
		case k.deactivated:
			v.Why, v.Membership = Deactivated, k.membership
		case k.membership != "":
			v.Why, v.Membership = AlreadyUser, k.membership
		case k.invited:
			v.Why = AlreadyInvited
		case throwAway:
			v.Why = Disposable
		}
		seen[fold] = seen[fold] || a.Email != ""
		out = append(out, v)
	}
	return out, nil
}
