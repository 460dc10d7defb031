package errs

import (
	"strings"
	"testing"
)

func TestALineIsShortAndHoldsOnlyWhatIsSeen(t *testing.T) {
	for name, c := range map[string]struct{ typed, line, text string }{
		"nothing":                {"", "", ""},
		"a name":                 {"Zoë & Søn 東京 👩‍👧", "", ""},
		"as long as it may be":   {strings.Repeat("é", 30), "", ""},
		"too long":               {strings.Repeat("é", 31), "input.too_long", "input.too_long"},
		"two lines":              {"one\ntwo", "input.control_character", ""},
		"an escape":              {"\x1b[31mred", "input.control_character", ""},
		"NUL":                    {"a\x00b", "input.control_character", "input.control_character"},
		"half of a character":    {"caf\xc3", "input.control_character", "input.control_character"},
		"a surrogate in three":   {"\xed\xa0\x80", "input.control_character", "input.control_character"},
		"too long and two lines": {strings.Repeat("\n", 31), "input.too_long", "input.too_long"},
	} {
		var line, text Collector
		line.Line("note", c.typed, 30)
		text.Text("note", c.typed, 30)
		if got := CodeOf(line.Err()); got != c.line {
			t.Errorf("%s in a line: %q, want %q", name, got, c.line)
		}
		if got := CodeOf(text.Err()); got != c.text {
			t.Errorf("%s in a text: %q, want %q", name, got, c.text)
		}
	}
}
