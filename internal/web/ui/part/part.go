// Package part is the component library: what pages are put together from.
//
// A part is a struct written as @part.Button{...}; one that surrounds others is written @part.Card{...}.Wrap() { ... }.
// Texts come in already translated; the few words a part has of its own come from the printer in the context.
package part

import (
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"
)

// Tone is the meaning of a colour.
type Tone string

// The tones. The zero Tone leaves the part its own colour.
const (
	Neutral Tone = "neutral"
	Success Tone = "success"
	Warning Tone = "warning"
	Danger  Tone = "danger"
	Info    Tone = "info"
	Brand   Tone = "brand"
)

// HX is what htmx does when a part is used; without scripts the part's plain link or form does the same.
type HX struct {
	Get, Post string
	Target    string // CSS selector
	Swap      string // innerHTML unless given
	Trigger   string
	Include   string
	Vals      string // sent besides, as JSON
	Push      bool   // the address bar follows
}

func (h HX) attrs() templ.Attributes {
	a := templ.Attributes{}
	for name, v := range map[string]string{"hx-get": h.Get, "hx-post": h.Post, "hx-target": h.Target, "hx-swap": h.Swap, "hx-trigger": h.Trigger, "hx-include": h.Include, "hx-vals": h.Vals} {
		if v != "" {
			a[name] = v
		}
	}
	if h.Push {
		a["hx-push-url"] = "true"
	}
	return a
}

// classes joins the class names that are not empty.
func classes(names ...string) string {
	kept := names[:0:0]
	for _, n := range names {
		if n != "" {
			kept = append(kept, n)
		}
	}
	return strings.Join(kept, " ")
}

func when(on bool, s string) string {
	if on {
		return s
	}
	return ""
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// hue is the colour of an avatar: the same id has the same colour everywhere.
func hue(id string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	return strconv.Itoa(int(h.Sum32()%8) + 1)
}

// initials of a name: of its first and last word, or of an address its first letter.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '@' || r == '&' })
	if len(words) == 0 {
		return "?"
	}
	s := letter(words[0])
	if len(words) > 1 && !strings.Contains(name, "@") {
		s += letter(words[len(words)-1])
	}
	return s
}

func letter(word string) string {
	r, _ := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(r))
}

// at is the same behaviour for a link of the group: htmx asks for the link's own address.
func (h HX) at(href string) HX {
	if h.Target != "" {
		h.Get = href
	}
	return h
}
