package notify

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/brand"
	"bailiwick/internal/i18n"
)

// letter is a mail in words.
type letter struct {
	Lang, Dir string
	Product   string
	Subject   string
	Heading   string
	Hello     string
	Body      []string // paragraphs
	Button    string   // "" without a link
	Link      string
	Fallback  string
	After     string
	Foot      string
	Help      string // whom to ask, "" when the brand names nobody
	Email     string // of support
	Page      string // of support

	Colour, On, Ink brand.Colour // of the button, of the text on it, of links
	Header, Footer  picture
}

// picture is a picture of a brand as a mail shows it.
type picture struct {
	URL    string // "" for none
	Width  string // in pixels
	Height string
}

// widest is the room that a mail has for a picture, in pixels.
const widest = 560

// pictureOf fits a picture into a mail. A picture is kept at up to twice the size, for fine screens.
func pictureOf(i brand.Image, tallest int) picture {
	w, h := i.Size()
	if i == "" || i.Vector() || w == 0 || h == 0 {
		return picture{}
	}
	if w > widest {
		w, h = widest, max(1, h*widest/w)
	}
	if h > tallest {
		w, h = max(1, w*tallest/h), tallest
	}
	return picture{i.URL(), strconv.Itoa(w), strconv.Itoa(h)}
}

// at puts the address of the portal before those of the pictures.
func (l *letter) at(base string) {
	for _, p := range []*picture{&l.Header, &l.Footer} {
		if p.URL != "" {
			p.URL = base + p.URL
		}
	}
}

// compose writes a mail in the reader's language.
func compose(p i18n.Printer, m Mail, look brand.Look, link string) letter {
	product := look.Product
	args := append(words(p, m.Data), "product", product)
	say := func(part string) string { return p.T("mail."+string(m.Template)+"."+part, args...) }
	l := letter{
		Lang: p.Lang(), Dir: p.Dir(), Product: product,
		Subject: say("subject"), Heading: say("heading"), Body: strings.Split(say("body"), "\n\n"), After: say("after"),
		Hello: p.T("mail.hello_nobody"), Foot: p.T("mail.sent_by", "product", product, "to", m.To),
		Email: look.SupportEmail, Page: look.SupportLink,
		Colour: look.Colour, On: look.Colour.On(), Ink: look.Colour.Ink(), Header: pictureOf(look.Header, 120), Footer: pictureOf(look.Footer, 200),
	}
	if l.Header.URL == "" {
		l.Header = pictureOf(look.Logo, 48)
	}
	if l.Email != "" || l.Page != "" {
		l.Help = p.T("mail.help")
	}
	if m.Name != "" {
		l.Hello = p.T("mail.hello", "name", m.Name)
	}
	if !m.Link.Empty() {
		l.Button, l.Link, l.Fallback = say("button"), link, p.T("mail.button_fallback")
	}
	return l
}

// words writes days and times as the reader does and keeps values of people's making on one line.
func words(p i18n.Printer, data []any) []any {
	out := make([]any, 0, len(data)+2)
	for i, v := range data {
		switch v := v.(type) {
		case time.Time:
			out = append(out, p.Date(v.Local())) // not in UTC, where days of the calendar stand
		case Day:
			day, err := time.Parse(time.DateOnly, string(v))
			if err != nil {
				out = append(out, string(v))
				continue
			}
			out = append(out, p.Date(day))
		case Moment:
			at := time.Time(v).Local()
			out = append(out, p.DateTime(at)+" "+p.Zone(at))
		case Word:
			out = append(out, p.T(string(v)))
		case string:
			if i%2 == 1 {
				v = strings.Join(strings.Fields(v), " ")
			}
			out = append(out, v)
		default:
			out = append(out, v)
		}
	}
	return out
}

// text is the plain twin of the mail.
func (l letter) text() string {
	var b strings.Builder
	for _, part := range append([]string{l.Hello}, l.Body...) {
		b.WriteString(part + "\n\n")
	}
	if l.Link != "" {
		b.WriteString(l.Button + ":\n" + l.Link + "\n\n")
	}
	b.WriteString(l.After + "\n\n-- \n" + l.Foot + "\n")
	if l.Help != "" {
		b.WriteString(l.Help + " " + strings.TrimSpace(l.Email+" "+l.Page) + "\n")
	}
	return b.String()
}

func (l letter) html(ctx context.Context) (string, error) {
	var b bytes.Buffer
	if err := page(l).Render(ctx, &b); err != nil {
		return "", fmt.Errorf("write the HTML of a mail: %w", err)
	}
	return b.String(), nil
}
