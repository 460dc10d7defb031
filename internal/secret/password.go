package secret

import (
	"crypto/sha256"
	_ "embed" // the list of common passwords
	"encoding/binary"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"bailiwick/internal/errs"
)

// Lengths of a password, in characters (NIST SP 800-63B revision 4).
const (
	MinPassword           = 15
	MinPasswordWithSecond = 8 // for a person who has a second factor set up
	MaxPassword           = 256
)

//go:generate go run ./commongen -in passwords.json -out common.bin

// common is the common passwords as sorted 8-byte hashes; commongen makes it
// from @zxcvbn-ts/language-common 4.1.3 (MIT, see common.LICENSE).
//
//go:embed common.bin
var common string

const hashLen = 8

// Rules is what a password must meet.
type Rules struct {
	MinLength int // 0 means MinPassword
}

// CheckPassword tells whether a new password is acceptable; words are the
// person's name, address and the like, which must not make up most of it.
func CheckPassword(pw String, r Rules, words ...string) error {
	if r.MinLength == 0 {
		r.MinLength = MinPassword
	}
	// Normalising is cheap, but not for a text of megabytes.
	if len(pw.Reveal()) > 16*MaxPassword {
		return tooLong()
	}
	text := norm.NFKC.String(pw.Reveal())
	n := utf8.RuneCountInString(text)
	switch {
	case !utf8.ValidString(text):
		return errs.Field("password", "password.not_text", "Type the password again: some of it is not text.")
	case n < r.MinLength:
		return errs.Field("password", "password.too_short",
			"Use at least {min} characters. Several words in a row are easy to remember and hard to guess.", "min", r.MinLength)
	case n > MaxPassword:
		return tooLong()
	}
	folded := fold(text)
	if isCommon(folded) {
		return errs.Field("password", "password.common", "Choose another password: this one is among those that attackers try first.")
	}
	if mostlyWords(folded, r.MinLength, words) {
		return errs.Field("password", "password.personal",
			"Choose a password without your name, email address or company: people who know you would try those first.")
	}
	return nil
}

func tooLong() error {
	return errs.Field("password", "password.too_long", "Use at most {max} characters.", "max", MaxPassword)
}

func fold(s string) string { return norm.NFKC.String(cases.Fold().String(s)) }

// isCommon reports whether the password, its core without trailing digits and
// signs, or the piece it repeats, is in the list.
func isCommon(folded string) bool {
	if inList(folded) {
		return true
	}
	core := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
	if inList(core) {
		return true
	}
	piece := repeated(folded)
	return piece != folded && (utf8.RuneCountInString(piece) <= 4 || inList(piece)) || isRun(folded)
}

func inList(s string) bool {
	want := CommonHash(s)
	n := len(common) / hashLen
	at := func(i int) uint64 { return binary.BigEndian.Uint64([]byte(common[i*hashLen : (i+1)*hashLen])) }
	i := sort.Search(n, func(i int) bool { return at(i) >= want })
	return i < n && at(i) == want
}

// CommonHash is how a common password is kept in the list.
func CommonHash(s string) uint64 {
	sum := sha256.Sum256([]byte(s))
	return binary.BigEndian.Uint64(sum[:hashLen])
}

// repeated returns the shortest piece that, repeated, begins with s:
// "abc" for "abcabcab", s itself when nothing repeats.
func repeated(s string) string {
	rs := []rune(s)
	for n := 1; n <= len(rs)/2; n++ {
		same := true
		for i := n; i < len(rs) && same; i++ {
			same = rs[i] == rs[i-n]
		}
		if same {
			return string(rs[:n])
		}
	}
	return s
}

// isRun reports whether each character follows the one before by the same
// small step, as in 123456789012345 or abcdefghijklmno.
func isRun(s string) bool {
	rs := []rune(s)
	if len(rs) < 2 {
		return false
	}
	step := rs[1] - rs[0]
	for i := 1; i < len(rs); i++ {
		d := rs[i] - rs[i-1]
		wraps := rs[i-1] == '9' && rs[i] == '0' || rs[i-1] == '0' && rs[i] == '9'
		if d != step && !wraps {
			return false
		}
	}
	return step >= -1 && step <= 1
}

// mostlyWords reports whether too little is left of the password once the
// person's own words are taken out.
func mostlyWords(folded string, minLength int, words []string) bool {
	rest, found := folded, false
	for _, w := range contextWords(words) {
		if strings.Contains(rest, w) {
			found = true
			rest = strings.ReplaceAll(rest, w, " ")
		}
	}
	if !found {
		return false
	}
	left := 0
	for _, r := range rest {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			left++
		}
	}
	return left < minLength/2
}

// contextWords are the given texts and their parts, longest first, without
// those too short to mean anything.
func contextWords(texts []string) []string {
	seen := map[string]bool{}
	var out []string
	add := func(w string) {
		if utf8.RuneCountInString(w) >= 3 && !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	for _, t := range texts {
		t = fold(t)
		parts := strings.FieldsFunc(t, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
		add(t)
		add(strings.Join(parts, ""))
		for _, p := range parts {
			add(p)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return len(out[i]) > len(out[j]) })
	return out
}
