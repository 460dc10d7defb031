package submit

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"bailiwick/internal/errs"
)

// What a footer may be made of. It stands in mail to people who do not know who wrote it, so it can show and link, and
// nothing else.
var (
	elements = []atom.Atom{
		atom.A, atom.B, atom.Bdi, atom.Bdo, atom.Blockquote, atom.Br, atom.Center, atom.Cite, atom.Code, atom.Div, atom.Em, atom.Font, atom.H1, atom.H2, atom.H3, atom.H4,
		atom.Hr, atom.I, atom.Img, atom.Li, atom.Ol, atom.P, atom.Pre, atom.S, atom.Small, atom.Span, atom.Strong, atom.Sub, atom.Sup, atom.Table, atom.Tbody, atom.Td,
		atom.Tfoot, atom.Th, atom.Thead, atom.Tr, atom.U, atom.Ul,
	}
	attributes = []string{
		"align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "class", "color", "colspan", "dir", "face", "height", "href", "lang", "rowspan", "size", "src", "style",
		"target", "title", "valign", "width",
	}
	linkSchemes  = []string{"https", "http", "mailto", "tel"}
	unsafeStyles = []string{"url(", "expression", "position", "@import", "behavior", "-moz-binding", "\\", "<"}
	blocks       = []atom.Atom{
		atom.Blockquote, atom.Br, atom.Center, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.Hr, atom.Li, atom.Ol, atom.P, atom.Pre, atom.Table, atom.Tr, atom.Ul,
	}
)

// tidy checks the HTML of a footer and closes what it leaves open, so that it cannot change the message around it.
func tidy(source string) (string, error) {
	nodes, err := fragment(source)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, n := range nodes {
		if err := checkNode(n); err != nil {
			return "", err
		}
		if err := html.Render(&b, n); err != nil {
			return "", fmt.Errorf("write the footer: %w", err)
		}
	}
	return b.String(), nil
}

func fragment(source string) ([]*html.Node, error) {
	if strings.TrimSpace(source) == "" {
		return nil, nil
	}
	nodes, err := html.ParseFragment(strings.NewReader(source), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		return nil, errs.New(errs.Invalid, "submit.footer_unreadable", "Check the HTML. It cannot be read.")
	}
	return nodes, nil
}

func checkNode(n *html.Node) error {
	switch n.Type {
	case html.TextNode:
	case html.ElementNode:
		if !slices.Contains(elements, n.DataAtom) || n.Namespace != "" {
			return errs.New(errs.Invalid, "submit.footer_element", "Take out <{element}>. A footer shows text, images, links and tables, and nothing that runs or asks.", "element", n.Data)
		}
		for _, a := range n.Attr {
			if err := checkAttribute(n, a); err != nil {
				return err
			}
		}
	default:
		return errs.New(errs.Invalid, "submit.footer_comment", "Take out the comments. They would go into every message.")
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := checkNode(c); err != nil {
			return err
		}
	}
	return nil
}

func checkAttribute(n *html.Node, a html.Attribute) error {
	value := strings.ToLower(a.Val)
	switch {
	case !slices.Contains(attributes, a.Key):
		return errs.New(errs.Invalid, "submit.footer_attribute", "Take out {attribute} of <{element}>. A footer only shows and links.", "attribute", a.Key, "element", n.Data)
	case a.Key == "href" && !linked(a.Val, linkSchemes), a.Key == "src" && !linked(a.Val, []string{"https"}):
		return errs.New(errs.Invalid, "submit.footer_link", "Write links with https://, mailto: or tel:, and images with https://. {link} would not work in a mail.", "link", a.Val)
	case a.Key == "style" && slices.ContainsFunc(unsafeStyles, func(s string) bool { return strings.Contains(value, s) }):
		return errs.New(errs.Invalid, "submit.footer_style", "Use simple styles for <{element}>. A style that loads or moves things is not shown by mail programs.", "element", n.Data)
	}
	return nil
}

func linked(link string, schemes []string) bool {
	u, err := url.Parse(strings.TrimSpace(link))
	return err == nil && slices.Contains(schemes, strings.ToLower(u.Scheme))
}

// plain is what an HTML footer says, for those who read text.
func plain(source string) string {
	nodes, err := fragment(source)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, n := range nodes {
		say(&b, n)
	}
	var out []string
	for line := range strings.Lines(b.String()) {
		line = strings.Join(strings.Fields(line), " ")
		if line != "" || len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, line)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

func say(b *strings.Builder, n *html.Node) {
	block := slices.Contains(blocks, n.DataAtom)
	if n.Type == html.TextNode {
		b.WriteString(strings.ReplaceAll(n.Data, "\n", " "))
	}
	if block {
		b.WriteString("\n")
	}
	if alt := attribute(n, "alt"); n.DataAtom == atom.Img && alt != "" {
		b.WriteString(alt)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		say(b, c)
	}
	if n.DataAtom == atom.Td || n.DataAtom == atom.Th {
		b.WriteString(" ")
	}
	if to := strings.TrimPrefix(attribute(n, "href"), "mailto:"); n.DataAtom == atom.A && to != "" && (n.FirstChild == nil || n.FirstChild.Data != to) {
		b.WriteString(" (" + to + ")")
	}
	if block && n.DataAtom != atom.Br {
		b.WriteString("\n")
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// addition is what goes below a message, in both forms.
type addition struct{ text, html string }

func (a addition) nothing() bool { return a.text == "" && a.html == "" }

// addition is the footer, and below it the disclaimer. A form of the footer that was not written is made from the other.
func (r Rules) addition() addition {
	var text, markup []string
	footer := r.Footer
	if footer.Text == "" {
		footer.Text = plain(footer.HTML)
	}
	tidied, err := tidy(footer.HTML)
	if err != nil || tidied == "" {
		tidied = paragraphs(footer.Text)
	}
	for _, t := range []string{footer.Text, r.Disclaimer} {
		if t = strings.TrimSpace(t); t != "" {
			text = append(text, strings.ReplaceAll(t, "\r\n", "\n"))
		}
	}
	for _, m := range []string{tidied, paragraphs(r.Disclaimer)} {
		if m != "" {
			markup = append(markup, `<div dir="auto" style="margin-top:1em">`+m+`</div>`)
		}
	}
	return addition{strings.Join(text, "\n\n"), strings.Join(markup, "\n")}
}

// paragraphs is plain text as HTML.
func paragraphs(text string) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	return strings.ReplaceAll(html.EscapeString(text), "\n", "<br>")
}
