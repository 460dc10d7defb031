package i18n

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// groupSigns stand between groups of digits in one language or another. Spaces of any kind do as well.
var groupSigns = []rune{',', '.', '\'', '’', '٬', '،', '_'}

// ParseNumber reads a whole number as people type it, in any language: in the digits of any script, with or without groups of three digits
// (of two before the last three, as in India) that one sign or space parts, and with a minus sign in front. It reports false for all else,
// 1.5 and 1,5 too, and for what does not fit.
func ParseNumber(typed string) (int64, bool) {
	text := []rune(strings.TrimSpace(strings.Map(withoutMarks, typed)))
	negative := len(text) > 0 && (text[0] == '-' || text[0] == '−')
	if negative {
		text = text[1:]
	}
	groups, ok := grouped(text)
	if !ok {
		return 0, false
	}
	var n int64
	for _, d := range slices.Concat(groups...) {
		if n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	if negative {
		n = -n
	}
	return n, true
}

// withoutMarks drops the marks by which a number keeps its direction among other text.
func withoutMarks(r rune) rune {
	if unicode.Is(unicode.Bidi_Control, r) {
		return -1
	}
	return r
}

// grouped takes a number apart into the digits of its groups. One that is not grouped is one group.
func grouped(text []rune) (groups [][]int64, ok bool) {
	sign := rune(0)
	group := []int64{}
	for _, r := range text {
		if d, is := digit(r); is {
			group = append(group, d)
			continue
		}
		if unicode.IsSpace(r) {
			r = ' '
		}
		if r != ' ' && !slices.Contains(groupSigns, r) || sign != 0 && r != sign {
			return nil, false
		}
		sign = r
		groups, group = append(groups, group), []int64{}
	}
	groups = append(groups, group)
	if len(groups) == 1 {
		return groups, len(group) > 0
	}
	first, more, last := len(groups[0]), groups[1:len(groups)-1], group
	between := 3
	if len(more) > 0 {
		between = len(more[0])
	}
	if first < 1 || first > between || between < 2 || between > 3 || len(last) != 3 {
		return nil, false
	}
	return groups, !slices.ContainsFunc(more, func(g []int64) bool { return len(g) != between })
}

// digit is the value of a digit of any script: each has its ten in a row, from zero on.
func digit(r rune) (int64, bool) {
	for _, t := range unicode.Nd.R16 {
		if n := int64(r); n >= int64(t.Lo) && n <= int64(t.Hi) {
			return (n - int64(t.Lo)) % 10, true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if n := int64(r); n >= int64(t.Lo) && n <= int64(t.Hi) {
			return (n - int64(t.Lo)) % 10, true
		}
	}
	return 0, false
}
