package ids

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the form in which names, emails and references are compared, searched and sorted:
// trimmed, NFKC, Unicode case fold, inner white space as single spaces.
func Fold(s string) string {
	s = cases.Fold().String(norm.NFKC.String(s))
	return norm.NFKC.String(strings.Join(strings.Fields(s), " "))
}
