// Package i18n holds every text people read, in their language, with plurals, dates and numbers.
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed locale
var files embed.FS

// source is the language the texts are written in; the others are translated from it.
var source = language.English

// pseudoLang shows the source texts right to left, so that layouts are tested before a right-to-left translation exists.
const pseudoLang = "ar-XB"

// Catalogue is every text in every language. It is safe for concurrent use.
type Catalogue struct {
	langs []string
	match language.Matcher
	texts map[string]func() (*texts, error) // of each language; those nobody asks for cost no time and no memory
}

// texts are those of one language.
type texts struct {
	loc     *i18n.Localizer
	message map[string]*i18n.Message
}

// Option changes which languages Load offers.
type Option func(*Catalogue)

// WithPseudo adds a right-to-left pseudo-language (ar-XB) for tests of the layout.
func WithPseudo() Option {
	return func(c *Catalogue) { c.langs = append(c.langs, pseudoLang) }
}

// Load finds the embedded languages and reads the texts of the source language; another one is read when it is first asked for.
func Load(opts ...Option) (*Catalogue, error) {
	// The source language comes first: it is the answer when nothing matches.
	c := &Catalogue{langs: []string{source.String()}, texts: map[string]func() (*texts, error){}}
	dirs, err := fs.ReadDir(files, "locale")
	if err != nil {
		return nil, fmt.Errorf("list languages: %w", err)
	}
	for _, d := range dirs {
		lang := d.Name()
		c.texts[lang] = sync.OnceValues(func() (*texts, error) { return read(lang) })
		if lang != source.String() {
			c.langs = append(c.langs, lang)
		}
	}
	if _, err := c.texts[source.String()](); err != nil {
		return nil, err
	}
	for _, o := range opts {
		o(c)
	}
	tags := make([]language.Tag, 0, len(c.langs))
	for _, l := range c.langs {
		tags = append(tags, language.Make(l))
	}
	c.match = language.NewMatcher(tags)
	return c, nil
}

// read reads the area files of one language.
func read(lang string) (*texts, error) {
	names, err := fs.Glob(files, path.Join("locale", lang, "*.toml"))
	if err != nil {
		return nil, fmt.Errorf("list texts of %s: %w", lang, err)
	}
	bundle := i18n.NewBundle(language.Make(lang))
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	t := &texts{loc: i18n.NewLocalizer(bundle, lang), message: map[string]*i18n.Message{}}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		area := strings.TrimSuffix(path.Base(name), ".toml")
		mf, err := bundle.ParseMessageFileBytes(text, area+"."+lang+".toml")
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		for _, m := range mf.Messages {
			if _, twice := t.message[m.ID]; twice {
				return nil, fmt.Errorf("parse %s: text %q is defined twice", name, m.ID)
			}
			t.message[m.ID] = m
		}
	}
	return t, nil
}

// Langs returns the languages offered, the source language first.
func (c *Catalogue) Langs() []string { return append([]string(nil), c.langs...) }

// Match picks the offered language that suits an Accept-Language header best.
func (c *Catalogue) Match(accept string) string {
	want, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return c.langs[0]
	}
	_, at, sure := c.match.Match(want...)
	if sure == language.No {
		return c.langs[0]
	}
	return c.langs[at]
}

// For returns the printer of a language; one that is not offered gets the nearest that is.
func (c *Catalogue) For(lang string) Printer {
	lang = c.Match(lang)
	if lang == pseudoLang {
		return Printer{lang: lang, dir: "rtl", own: c.spoken(source.String()), source: c.spoken(source.String())}
	}
	return Printer{lang: lang, dir: direction(lang), own: c.spoken(lang), source: c.spoken(source.String())}
}

// spoken are the texts of a language, or the source's when they cannot be read, which only a broken program has.
func (c *Catalogue) spoken(lang string) *texts {
	if t, err := c.texts[lang](); err == nil {
		return t
	}
	t, _ := c.texts[source.String()]() //nolint:errcheck // English is read at the start, which fails without it
	return t
}

// direction of a language's script.
func direction(lang string) string {
	script, _ := language.Make(lang).Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}
