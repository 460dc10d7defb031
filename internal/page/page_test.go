package page_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/errs"
	"bailiwick/internal/page"
	"bailiwick/internal/secret"
)

func sealer(t testing.TB) *page.Sealer {
	t.Helper()
	box, err := secret.NewBox(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return page.NewSealer(box)
}

func swap(c string) string {
	if c == "A" {
		return "B"
	}
	return "A"
}

func TestTEN10CursorOpensOnlyWhereItWasMade(t *testing.T) {
	s := sealer(t)
	here := page.Binding{Actor: "usr_a", Root: "acc_a", Query: "clients|name"}
	want := page.Cursor{Back: true, Key: []string{"acme", "acc_x"}}
	text := s.Seal(here, want)
	got, err := s.Open(here, text, 2)
	if err != nil || !cmp.Equal(got, want) {
		t.Fatalf("Open = %+v, %v, want %+v", got, err, want)
	}
	for name, c := range map[string]struct {
		bind  page.Binding
		text  string
		width int
	}{
		"another person":       {page.Binding{Actor: "usr_b", Root: "acc_a", Query: "clients|name"}, text, 2},
		"another account":      {page.Binding{Actor: "usr_a", Root: "acc_b", Query: "clients|name"}, text, 2},
		"another query":        {page.Binding{Actor: "usr_a", Root: "acc_a", Query: "clients|end"}, text, 2},
		"parts moved over":     {page.Binding{Actor: "usr_aacc", Root: "_a", Query: "clients|name"}, text, 2},
		"another sort's width": {here, text, 3},
		"cut":                  {here, text[:len(text)-1], 2},
		"altered":              {here, text[:20] + swap(text[20:21]) + text[21:], 2},
		"empty":                {here, "", 2},
		"another installation": {here, sealer(t).Seal(here, want), 2},
	} {
		if _, err := s.Open(c.bind, c.text, c.width); errs.CodeOf(err) != "page.cursor" || errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: Open = %v, want page.cursor", name, err)
		}
	}
}

func FuzzTEN10Cursor(f *testing.F) {
	s := sealer(f)
	b := page.Binding{Actor: "usr_a", Root: "acc_a", Query: "q"}
	f.Add("")
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := s.Open(b, text, 2); err == nil {
			t.Errorf("a made-up cursor opened: %q", text)
		}
	})
}
