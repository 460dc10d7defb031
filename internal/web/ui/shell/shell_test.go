package shell_test

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"bailiwick/internal/i18n"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/shell"
)

func render(t *testing.T, c templ.Component) string {
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

// harmless walks the page: nothing a tenant typed may become a script, a handler, a style or a script address.
func harmless(t *testing.T, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "style" || n.Data == "script" && n.FirstChild != nil || n.Data == "b" && n.FirstChild != nil && n.FirstChild.Data == "pwned" {
			t.Errorf("<%s> in the page", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("<%s %s=%q> in the page", n.Data, a.Key, a.Val)
			}
		}
	}
}

func TestHostileBrandsAndNamesStayText(t *testing.T) {
	const bad = `"><b>pwned</b><script>alert(1)</script>`
	for _, url := range []string{"javascript:alert(1)", " JavaScript:alert(1)", bad, "data:text/html,<script>alert(1)</script>"} {
		brand := shell.Brand{Name: bad, LogoURL: url, CSSURL: url, IconURL: url, Home: url, Quote: bad, Tagline: bad, Notice: bad, Links: []part.Link{{Label: bad, Href: url}}}
		page := shell.Page{
			Title: bad, Brand: brand, Theme: bad, Crumbs: []part.Crumb{{Label: bad, Href: url}, {Label: bad}},
			Nav:   []shell.NavGroup{{Label: bad, Items: []shell.NavItem{{Label: bad, Icon: bad, Href: url, Key: bad}}}},
			User:  &shell.User{ID: bad, Name: bad, ProfileURL: url, SignOutURL: url, ThemeURL: url},
			Scope: shell.Scope{Name: bad, Kind: bad, SwitchURL: url}, Flash: []part.Toast{{Text: bad, Action: &part.Button{Label: bad, Action: url}}},
		}
		harmless(t, render(t, shell.App(page)))
		harmless(t, render(t, shell.Auth(page)))
		harmless(t, render(t, shell.Error{Page: page, Status: 404, Detail: bad, Back: url}))
	}
}

func TestErrorPagesSayWhatToDo(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusForbidden: "You can’t open this page", http.StatusNotFound: "There is nothing here",
		http.StatusServiceUnavailable: "The portal can’t answer right now", http.StatusInternalServerError: "req_1",
	} {
		if got := render(t, shell.Error{Status: status, RequestID: "req_1"}); !strings.Contains(got, want) {
			t.Errorf("%d: no %q in %s", status, want, got)
		}
	}
}

func TestTheThemeComesFromTheCookie(t *testing.T) {
	for value, want := range map[string]string{"dark": "dark", "light": "light", "": "", "x": ""} {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(&http.Cookie{Name: "theme", Value: value})
		if got := shell.Theme(r); got != want {
			t.Errorf("Theme(%q) = %q, want %q", value, got, want)
		}
	}
}

// inline finds what a strict policy refuses, in the source of the templates.
var inline = regexp.MustCompile(`\sstyle=|\son[a-z]+=|\shx-on|js:|<style|<script>|^css |^script |templ\.Raw|@templ\.JS`)

func TestTemplatesHoldNothingThePolicyRefuses(t *testing.T) {
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".templ" {
			return err
		}
		found++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if m := inline.FindString(line); m != "" {
				t.Errorf("%s:%d has %q", path, i+1, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no template was read")
	}
}
