package part

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"bailiwick/internal/i18n"
)

func show(t *testing.T, c templ.Component) string {
	t.Helper()
	cat, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.Render(i18n.WithPrinter(context.Background(), cat.For("en")), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestInitialsOfAnyName(t *testing.T) {
	for name, want := range map[string]string{
		"Priya Nair": "PN", "Acme": "A", "Fennel & Rye": "FR", "élodie": "É", "": "?", "  ": "?", "bob.tanner@acme.example.com": "B", "Ashgrove Garden Centres": "AC", "عمر حسن": "عح",
	} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestMetersTurnAmberAtEightyAndRedAtTheLimit(t *testing.T) {
	for _, tc := range []struct {
		used, limit int64
		tone        Tone
		share       int64
	}{
		{0, 0, "", 0}, {79, 100, "", 79}, {80, 100, Warning, 80}, {99, 100, Warning, 99}, {100, 100, Danger, 100}, {251004, 250000, Danger, 100}, {5, 0, "", 0},
	} {
		m := Meter{Used: tc.used, Limit: tc.limit}
		if m.tone() != tc.tone || m.share() != tc.share {
			t.Errorf("%d of %d: %q, %d%%", tc.used, tc.limit, m.tone(), m.share())
		}
	}
	if got := show(t, Meter{Label: "Use", Used: 251004, Limit: 250000}); !strings.Contains(got, "Over by 1,004") || !strings.Contains(got, `aria-valuenow="100"`) {
		t.Error(got)
	}
}

func TestAFieldSaysWhichAndWhat(t *testing.T) {
	got := show(t, Field{Name: "email", Label: "Email address", Type: "email", Value: `<"x"@y>`, Error: "Enter a full address.", Hint: "We write here.", Required: true})
	for _, want := range []string{
		`for="email"`, `id="email"`, `aria-invalid="true"`, `aria-describedby="email-e email-h"`, `id="email-e"`, `id="email-h"`, `required`, `&lt;&#34;x&#34;@y&gt;`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestAFormLeadsToItsFields(t *testing.T) {
	got := show(t, Form{Action: "/x", Errors: []FieldError{{ID: "name", Label: "Name"}, {ID: "end", Label: "Membership ends"}}}.Wrap())
	for _, want := range []string{"2 fields need attention", `href="#name"`, `href="#end"`, `role="alert"`, "novalidate"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestALockedSettingCannotBeTyped(t *testing.T) {
	for state, locked := range map[Source]bool{Inherited: true, Locked: true, SetHere: false} {
		in := &Inherit{State: state, From: "Acme Holdings", Name: "override", Value: "f"}
		if got := show(t, Field{Name: "f", Label: "F", Inherit: in}); strings.Contains(got, " readonly") != locked {
			t.Errorf("%s: %s", state, got)
		}
		if got := show(t, Field{Name: "f", Label: "F", Type: "select", Inherit: in}); strings.Contains(got, " disabled") != locked {
			t.Errorf("%s: %s", state, got)
		}
	}
	if got := show(t, Inherit{State: Locked, From: "Acme", Name: "override"}); strings.Contains(got, "<button") {
		t.Errorf("a locked setting offers a button: %s", got)
	}
}

func TestScriptAddressesAreNotWritten(t *testing.T) {
	const bad = "javascript:alert(1)"
	for name, c := range map[string]templ.Component{
		"button": Button{Label: "x", Href: bad}, "action": Button{Label: "x", Submit: true, Action: bad}, "link": Link{Label: "x", Href: bad}, "icon": IconButton{Label: "x", Icon: "x", Href: bad},
		"ident": Ident{Title: "x", Href: bad}, "item": MenuItem{Label: "x", Href: bad}, "post": MenuItem{Label: "x", Post: bad}, "form": Form{Action: bad}.Wrap(),
		"crumb": Crumbs{Items: []Crumb{{Label: "a", Href: bad}, {Label: "b"}}}, "tab": Tabs{Items: []Tab{{Label: "x", Href: bad}}}, "filter": Filter{Label: "x", Href: bad},
	} {
		if got := show(t, c); strings.Contains(got, "javascript:") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
