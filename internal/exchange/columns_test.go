package exchange

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/account"
	"bailiwick/internal/errs"
)

func TestHeadsAreFoundAsPeopleWriteThem(t *testing.T) {
	m, err := mapHeads(Clients, []string{" Company ", "E-Mail address", "MEMBERSHIP END*", "Colour", "", "External references"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"name": 0, "email": 1, "membership_end": 2, "references": 5}, m.at); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Colour"}, m.unknown); diff != "" {
		t.Error(diff)
	}
	for code, heads := range map[string][]string{"import.column_missing": {"email"}, "import.column_twice": {"name", "client"}} {
		if _, err := mapHeads(Clients, heads); errs.CodeOf(err) != code {
			t.Errorf("%q: %v", heads, err)
		}
	}
}

func TestColumnsAreNamedOnce(t *testing.T) {
	for what, cs := range columnsOf {
		seen := map[string]bool{}
		for _, c := range cs {
			for _, name := range append([]string{c.Name}, c.also...) {
				if seen[name] || key(name) != name {
					t.Errorf("%s: the head %q is taken or could not be found", what, name)
				}
				seen[name] = true
			}
		}
	}
}

func FuzzHeads(f *testing.F) {
	f.Add("name,email,membership_end")
	f.Add("Client;E-mail")
	f.Fuzz(func(t *testing.T, line string) {
		heads := strings.Split(line, ",")
		for what := range columnsOf {
			m, err := mapHeads(what, heads)
			if err != nil {
				continue
			}
			for name, i := range m.at {
				if i < 0 || i >= len(heads) {
					t.Fatalf("%s stands in column %d of %d", name, i, len(heads))
				}
			}
			_ = m.cell(heads, "name")
			_ = m.has()
		}
	})
}

func FuzzReferences(f *testing.F) {
	f.Add("billing", "C-1")
	f.Add(`odd\\: source`, "a: b: c")
	f.Fuzz(func(t *testing.T, source, reference string) {
		in := account.Ref{Source: strings.TrimSpace(source), Reference: strings.TrimSpace(reference)}
		if in.Source == "" || in.Reference == "" || strings.ContainsAny(source+reference, "\n\r") {
			return
		}
		out, err := parseRefs(formatRefs([]account.Ref{in}))
		if err != nil || len(out) != 1 || out[0] != in {
			t.Errorf("%q came back as %q, %v", in, out, err)
		}
	})
}
