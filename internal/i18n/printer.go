package i18n

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// Printer writes texts, dates and numbers in one language. The zero Printer writes bracketed keys.
type Printer struct {
	lang   string
	dir    string
	own    *texts
	source *texts         // for what the own ones lack
	zone   *time.Location // nil writes times as they come
}

// T returns the text of a key. Args are pairs of name and value for the {name} places; a number named "count" picks the plural form.
// A key without a text comes back in brackets.
func (p Printer) T(key string, args ...any) string {
	if p.own == nil {
		return "[" + key + "]"
	}
	cfg := i18n.LocalizeConfig{MessageID: key, TemplateParser: template.IdentityParser{}}
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] == "count" {
			if p.counted(key) {
				cfg.PluralCount = plural(args[i+1])
			}
		}
	}
	text, err := p.own.loc.Localize(&cfg)
	if err != nil {
		text, err = p.source.loc.Localize(&cfg)
	}
	if err != nil || text == "" {
		return "[" + key + "]"
	}
	if p.lang == pseudoLang && strings.ContainsFunc(text, unicode.IsLetter) {
		text = "\u2066" + text + "\u2069" // English among right-to-left text keeps its own direction (UAX #9, LRI and PDI)
	}
	return p.Fill(text, args)
}

// counted reports whether the text has plural forms; one without them may name a {count} all the same.
func (p Printer) counted(key string) bool {
	m := p.source.message[key]
	return m != nil && m.One != ""
}

// Has reports whether the key has a text, for optional texts such as the hint of a permission. English errors stand in the code.
func (p Printer) Has(key string) bool {
	if p.own == nil {
		return false
	}
	_, here := p.own.message[key]
	_, there := p.source.message[key]
	return here || there
}

// Lang returns the BCP 47 tag for the lang attribute.
func (p Printer) Lang() string {
	if p.lang == "" {
		return source.String()
	}
	return p.lang
}

// Dir returns "ltr" or "rtl", for the dir attribute.
func (p Printer) Dir() string {
	if p.dir == "" {
		return "ltr"
	}
	return p.dir
}

// fill puts the values at their {name} places.
// Fill puts arguments into a text where it names them, numbers as the reader writes them. It is for what stands in no catalogue, such
// as the English texts of errors.
func (p Printer) Fill(text string, args []any) string {
	if len(args) == 0 || !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), p.value(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (p Printer) value(v any) string {
	switch v := v.(type) {
	case string:
		return p.isolated(v)
	case int:
		return p.Number(int64(v))
	case int64:
		return p.Number(v)
	}
	return fmt.Sprint(v)
}

// isolated keeps the direction of a value written from left to right among text that is not (UAX #9, FSI and PDI).
func (p Printer) isolated(v string) string {
	if p.dir != "rtl" || !strings.ContainsFunc(v, func(r rune) bool { return unicode.Is(unicode.Latin, r) }) {
		return v
	}
	return "\u2068" + v + "\u2069"
}

// plural is the count as go-i18n takes it: it knows int, int64 and decimal strings.
func plural(v any) any {
	switch v := v.(type) {
	case int, int64, string:
		return v
	case int32:
		return strconv.Itoa(int(v))
	}
	return 0
}

type printerKey struct{}

// WithPrinter carries the printer to the components being rendered.
func WithPrinter(ctx context.Context, p Printer) context.Context {
	return context.WithValue(ctx, printerKey{}, p)
}

// From returns the printer that WithPrinter put there.
func From(ctx context.Context) Printer {
	p, _ := ctx.Value(printerKey{}).(Printer)
	return p
}
