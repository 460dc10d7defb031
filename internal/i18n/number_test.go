package i18n

import (
	"strconv"
	"testing"
	"unicode"
)

func TestNumbersAreReadAsPeopleTypeThem(t *testing.T) {
	for typed, want := range map[string]int64{
		"0": 0, " 42 ": 42, "-1": -1, "−1": -1, "007": 7, "1000": 1000, "1,000": 1000, "1.000": 1000, "1 000": 1000, "1\u00a0000": 1000, "1\u202f000": 1000, "1'000": 1000, "1’000": 1000,
		"12,345,678": 12_345_678, "1,00,000": 100_000, "12,34,56,789": 123_456_789, "٢٥٠": 250, "١٬٠٠٠": 1000, "\u200f-٥": -5, "๑๐๐": 100, "１２": 12, "५": 5,
		"9223372036854775807": 1<<63 - 1, "9.223.372.036.854.775.807": 1<<63 - 1,
	} {
		if n, ok := ParseNumber(typed); !ok || n != want {
			t.Errorf("%q: %d %t, want %d", typed, n, ok, want)
		}
	}
	for _, typed := range []string{
		"", " ", "-", "x", "1x", "1.5", "1,5", "1,50", "1.000,50", "1,000.000", ",000", "1,", "1,,000", "1000,000", "1 0", "+5", "--1", "1-", "1e3", "9223372036854775808", "½", "1,0000", "1,0000,000", "1,000,00", "12345,678",
		"999,00,000",
	} {
		if n, ok := ParseNumber(typed); ok {
			t.Errorf("%q was read as %d", typed, n)
		}
	}
}

func TestEveryScriptHasItsTenDigits(t *testing.T) {
	seen := map[int64]int{}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if d, ok := digit(r); ok != unicode.IsDigit(r) {
			t.Fatalf("%U: %t", r, ok)
		} else if ok {
			seen[d]++
		}
	}
	for d := range int64(10) {
		if seen[d] != seen[0] {
			t.Errorf("%d stands %d times, 0 %d times", d, seen[d], seen[0])
		}
	}
}

func FuzzNumbersAsTheyAreWrittenAreReadAgain(f *testing.F) {
	for _, n := range []int64{0, 7, 999, 1000, -1000, 1 << 50, 1<<63 - 1} {
		f.Add(n)
	}
	c, err := Load()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, n int64) {
		if n == -1<<63 {
			return // is not read: -9223372036854775807 is the least
		}
		if got, ok := ParseNumber(strconv.FormatInt(n, 10)); !ok || got != n {
			t.Errorf("%d was read as %d %t", n, got, ok)
		}
		for _, lang := range c.Langs() {
			written := c.For(lang).Number(n)
			if got, ok := ParseNumber(written); !ok || got != n {
				t.Errorf("%s: %q was read as %d %t", lang, written, got, ok)
			}
		}
	})
}
