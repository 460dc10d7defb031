package notify

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

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
}

// compose writes a mail in the reader's language.
func compose(p i18n.Printer, m Mail, product, link string) letter {
	args := append(words(p, m.Data), "product", product)
	say := func(part string) string { return p.T("mail."+string(m.Template)+"."+part, args...) }
	l := letter{
		Lang: p.Lang(), Dir: p.Dir(), Product: product,
		Subject: say("subject"), Heading: say("heading"), Body: strings.Split(say("body"), "\n\n"), After: say("after"),
		Hello: p.T("mail.hello_nobody"), Foot: p.T("mail.sent_by", "product", product, "to", m.To),
	}
	if m.Name != "" {
		l.Hello = p.T("mail.hello", "name", m.Name)
	}
	if !m.Link.Empty() {
		l.Button, l.Link, l.Fallback = say("button"), link, p.T("mail.button_fallback")
	}
	return l
}

// words writes days in the reader's language and keeps values of people's making on one line.
func words(p i18n.Printer, data []any) []any {
	out := make([]any, 0, len(data)+2)
	for i, v := range data {
		switch v := v.(type) {
		case time.Time:
			out = append(out, p.Date(v))
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
	return b.String()
}

func (l letter) html(ctx context.Context) (string, error) {
	var b bytes.Buffer
	if err := page(l).Render(ctx, &b); err != nil {
		return "", fmt.Errorf("write the HTML of a mail: %w", err)
	}
	return b.String(), nil
}
