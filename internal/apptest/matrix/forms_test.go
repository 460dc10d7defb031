package matrix_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// form is a form that a page shows, filled in as it stands there.
type form struct {
	action string // path
	fields url.Values
	many   map[string]bool // the fields that may come more than once
}

// kind is what a form looks like, whatever it is about: where it goes, its fields and its button.
func (f form) kind() string {
	names := []string{anyID.ReplaceAllStringFunc(f.action, func(id string) string { return id[:4] })}
	for name, all := range f.fields {
		name = anyID.ReplaceAllStringFunc(name, func(id string) string { return id[:4] })
		if name == "do" || name == "role" {
			name += "=" + all[0]
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

// names reports whether the value of a field is the id of a thing of a kind.
func (f form) names(kind string) bool {
	for _, all := range f.fields {
		for _, v := range all {
			if anyID.FindString(v) == v && strings.HasPrefix(v, kind) {
				return true
			}
		}
	}
	return false
}

// one reports whether a field that comes once names a thing of a kind.
func (f form) one(kind string) bool {
	for name, all := range f.fields {
		for _, v := range all {
			if !f.many[name] && anyID.MatchString(v) && strings.HasPrefix(v, kind) {
				return true
			}
		}
	}
	return false
}

// formsOf finds the forms of a page that change something, one for each button that leads elsewhere.
func formsOf(page, path string) (out []form) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	byID := map[string]*html.Node{}
	var found []*html.Node
	walk(root, func(n *html.Node) {
		if n.Data == "form" {
			found = append(found, n)
			byID[attr(n, "id")] = n
		}
	})
	owners := map[*html.Node][]*html.Node{} // of each form its controls, inside it or pointing at it
	walk(root, func(n *html.Node) {
		switch n.Data {
		case "input", "select", "textarea", "button":
			if f := owner(n, byID); f != nil {
				owners[f] = append(owners[f], n)
			}
		}
	})
	for _, f := range found {
		if !strings.EqualFold(attr(f, "method"), "post") {
			continue
		}
		out = append(out, submissions(f, owners[f], path)...)
	}
	return out
}

// submissions are what a form sends by each of its buttons, and once without any.
func submissions(f *html.Node, controls []*html.Node, path string) (out []form) {
	base, many := url.Values{}, map[string]bool{}
	for _, c := range controls {
		many[attr(c, "name")] = many[attr(c, "name")] || attr(c, "type") == "checkbox"
		if c.Data != "button" && attr(c, "type") != "submit" {
			add(base, c)
		}
	}
	out = append(out, form{resolve(path, attr(f, "action")), base, many})
	for _, c := range controls {
		name, action := attr(c, "name"), attr(c, "formaction")
		if c.Data != "button" || name == "" && action == "" {
			continue
		}
		with := url.Values{}
		for k, v := range base {
			with[k] = v
		}
		if name != "" {
			with.Set(name, attr(c, "value"))
		}
		if action == "" {
			action = attr(f, "action")
		}
		out = append(out, form{resolve(path, action), with, many})
	}
	return out
}

// add puts what a control sends when everything that can be ticked is ticked and what is empty is filled in.
func add(to url.Values, c *html.Node) {
	name, value := attr(c, "name"), attr(c, "value")
	if name == "" {
		return
	}
	switch {
	case c.Data == "select":
		walk(c, func(o *html.Node) {
			if o.Data == "option" && (to.Get(name) == "" || has(o, "selected")) {
				to.Set(name, attr(o, "value"))
			}
		})
	case c.Data == "textarea":
		to.Set(name, filled(text(c)))
	case attr(c, "type") == "radio":
		if !to.Has(name) || has(c, "checked") {
			to.Set(name, value)
		}
	case attr(c, "type") == "checkbox":
		if value == "" {
			value = "on"
		}
		to.Add(name, value)
	case attr(c, "type") == "hidden":
		to.Add(name, value)
	default:
		to.Set(name, filled(value))
	}
}

func filled(value string) string {
	if value == "" {
		return "x"
	}
	return value
}

func owner(n *html.Node, byID map[string]*html.Node) *html.Node {
	if id := attr(n, "form"); id != "" {
		return byID[id]
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == "form" {
			return p
		}
	}
	return nil
}

func resolve(base, action string) string {
	b, err := url.Parse(base)
	if err != nil {
		return base
	}
	u, err := b.Parse(action)
	if err != nil {
		return base
	}
	return u.Path
}

func walk(n *html.Node, fn func(*html.Node)) {
	if n.Type == html.ElementNode {
		fn(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, fn)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// linksOf are the pages of the portal that a page leads to.
func linksOf(page, path string) (out []string) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return nil
	}
	base, err := url.Parse(path)
	if err != nil {
		return nil
	}
	walk(root, func(n *html.Node) {
		if u, err := base.Parse(attr(n, "href")); n.Data == "a" && err == nil && u.Host == "" {
			out = append(out, u.RequestURI())
		}
		if n.Data == "form" && strings.EqualFold(attr(n, "method"), "get") {
			out = append(out, asked(n, base)...)
		}
	})
	return out
}

// asked are the pages that a form which only asks leads to: one for the first choice of each of its lists.
func asked(f *html.Node, base *url.URL) (out []string) {
	u, err := base.Parse(attr(f, "action"))
	if err != nil || u.Host != "" {
		return nil
	}
	walk(f, func(c *html.Node) {
		if c.Data != "select" {
			return
		}
		found := false
		walk(c, func(o *html.Node) {
			if o.Data == "option" && attr(o, "value") != "" && !found {
				found = true
				to := *u
				to.RawQuery = url.Values{attr(c, "name"): {attr(o, "value")}}.Encode()
				out = append(out, to.RequestURI())
			}
		})
	})
	return out
}

// byRoute sorts forms by the pattern of the route that they go to.
func byRoute(patterns []string, forms []form) map[string][]form {
	mux := http.NewServeMux()
	for _, p := range patterns {
		mux.HandleFunc(p, func(http.ResponseWriter, *http.Request) {})
	}
	out := map[string][]form{}
	for _, f := range forms {
		r, err := http.NewRequest(http.MethodPost, f.action, nil)
		if err != nil {
			continue
		}
		_, p := mux.Handler(r)
		out[p] = append(out[p], f)
	}
	return out
}

// anyID matches an id of any kind.
var anyID = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b`)

// swapped returns the fields with every id replaced.
func swapped(fields url.Values, by func(id string) string) url.Values {
	out := url.Values{}
	for name, all := range fields {
		name = anyID.ReplaceAllStringFunc(name, by)
		for _, v := range all {
			out.Add(name, anyID.ReplaceAllStringFunc(v, by))
		}
	}
	return out
}

// holdsID reports whether a field names a thing by its id.
func holdsID(fields url.Values) bool {
	for name, all := range fields {
		if anyID.MatchString(name) {
			return true
		}
		for _, v := range all {
			if anyID.MatchString(v) {
				return true
			}
		}
	}
	return false
}
