// Package shell is the frame around every page: navigation, top bar, sign-in pages and error pages.
package shell

import (
	"net/http"

	"github.com/a-h/templ"

	"bailiwick/internal/web/ui/part"
)

// Page is what the frame of a page needs. A page's own struct embeds it.
type Page struct {
	Title   string
	Brand   Brand
	Theme   string // light, dark, or empty for the system's
	Nav     []NavGroup
	Pool    *Pool // at the foot of the navigation; none without a limit
	Crumbs  []part.Crumb
	User    *User
	Bell    *Bell // what the person is told; none for whoever belongs to no account
	Scope   Scope
	Flash   []part.Toast
	Pane    templ.Component // beside the page, when a record is open
	FindURL string          // the page that finds everything, for the finder in the top bar and the palette; none when empty
	KeysOff bool            // the person wants no shortcuts of single keys
	Tail    templ.Component // dialogs at the end of the body
}

// Brand is how the portal of a tenant looks.
type Brand struct {
	Name    string
	LogoURL string // an initial on the brand colour when empty
	CSSURL  string // sets the colours; the default colours when empty
	IconURL string // the default icon when empty
	Home    string // where the name leads
	Quote   string // on the sign-in page
	Tagline string
	Notice  string // planned maintenance and the like, on the sign-in page
	Links   []part.Link
}

// NavGroup is a titled group of the navigation.
type NavGroup struct {
	Label string
	Items []NavItem
}

// NavItem leads to a page of the portal.
type NavItem struct {
	Name    string // what the catalogues call it
	Label   string
	Icon    string
	Href    string
	Count   string // already formatted; none when empty
	Key     string // the letter that follows g
	Current bool
}

// Pool is how much of its month an account has given out or sent.
type Pool struct {
	Label string
	Href  string
	Meter part.Meter
}

// User is who is signed in.
type User struct {
	ID         string
	Name       string
	ProfileURL string
	SignOutURL string // posted to
	ThemeURL   string // posted to with theme=light, dark or nothing; the answer sets the cookie "theme"
	Menu       []part.MenuItem
}

// Bell is the bell in the top bar.
type Bell struct {
	Href  string // the page of all notices
	Label string // read out: "Notifications, 3 unread"
	Count string // already formatted; none when empty
	Key   string // the letter that follows g
}

// Scope is the account one looks at, and the way to another.
type Scope struct {
	Name      string
	Kind      string // "Platform operator"
	SwitchURL string // the page that lists the other accounts; none when empty
}

// Theme returns the scheme the reader chose, for Page.Theme.
func Theme(r *http.Request) string {
	c, err := r.Cookie("theme")
	if err != nil || c.Value != "light" && c.Value != "dark" {
		return ""
	}
	return c.Value
}

// heading is the text of the browser's tab.
func (p Page) heading() string {
	if p.Brand.Name == "" {
		return p.Title
	}
	return p.Title + " · " + p.Brand.Name
}
