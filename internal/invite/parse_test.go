package invite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReadsWhatPeoplePaste(t *testing.T) {
	for text, want := range map[string][]string{
		"a@x.example, b@x.example;c@x.example\nd@x.example e@x.example":   {"a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example"},
		"Jane Doe <jane@x.example>, bob@x.example":                        {"Jane Doe|jane@x.example", "bob@x.example"},
		`"Doe, Jane" <jane@x.example>` + "\n" + `Bob "B" <bob@x.example>`: {"Doe, Jane|jane@x.example", `Bob "B|bob@x.example`},
		"bob@x.example Jane <jane@x.example> z@x.example":                 {"bob@x.example", "Jane|jane@x.example", "z@x.example"},
		"mailto:a@x.example; <b@x.example>":                               {"a@x.example", "b@x.example"},
		"a@bücher.example; b@xn--bcher-kva.example":                       {"a@bücher.example", "b@bücher.example"},
		"A.B+c@X.Example": {"A.B+c@x.example"},
		"":                nil,
		" ,;\n\n ":        nil,
		"a@x b@x.1 @x.example a@ a..b@x.example .a@x.example äö@x.example a@-x.example two@at@x.example a@x..example": {"!", "!", "!", "!", "!", "!", "!", "!", "!", "!"},
	} {
		got, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var short []string
		for _, a := range got {
			switch {
			case a.Email == "":
				short = append(short, "!")
			case a.Name != "":
				short = append(short, a.Name+"|"+a.Email)
			default:
				short = append(short, a.Email)
			}
		}
		if d := cmp.Diff(want, short); d != "" {
			t.Errorf("Parse(%q): %s", text, d)
		}
	}
	if _, err := Parse(strings.Repeat("a@x.example,", BatchMax+1)); err == nil {
		t.Error("more than a thousand addresses were taken")
	}
	if got, err := Parse(strings.Repeat("a@x.example,", BatchMax)); err != nil || len(got) != BatchMax {
		t.Errorf("a thousand addresses: %d, %v", len(got), err)
	}
}

func TestDisposableDomains(t *testing.T) {
	for domain, want := range map[string]bool{
		"mailinator.com": true, "sub.mailinator.com": true, "acme.example": false, "com": false, "gmail.com": false,
	} {
		if got, err := isDisposable(domain); err != nil || got != want {
			t.Errorf("isDisposable(%s) = %v, %v", domain, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`"a, b" <c@d.example>; e@f.example`)
	f.Add("<<>>\"")
	f.Fuzz(func(t *testing.T, s string) {
		all, err := Parse(s)
		if err != nil {
			return
		}
		for _, a := range all {
			again := read(a.Email, "")
			if a.Email != "" && again.Email != a.Email {
				t.Errorf("%q is read as %q, then as %q", a.Raw, a.Email, again.Email)
			}
		}
	})
}
