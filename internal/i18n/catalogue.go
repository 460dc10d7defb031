// Package i18n holds every text people read, in their language, with plurals, dates and numbers.
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

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

// Catalogue is every text in every language. It does not change after Load.
type Catalogue struct {
	bundle  *i18n.Bundle
	langs   []string
	match   language.Matcher
	message map[string]map[string]*i18n.Message // language, key
}

// Option changes which languages Load offers.
type Option func(*Catalogue)

// WithPseudo adds a right-to-left pseudo-language (ar-XB) for tests of the layout.
func WithPseudo() Option {
	return func(c *Catalogue) { c.langs = append(c.langs, pseudoLang) }
}

// Load reads the embedded texts.
func Load(opts ...Option) (*Catalogue, error) {
	c := &Catalogue{bundle: i18n.NewBundle(source), message: map[string]map[string]*i18n.Message{}}
	c.bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	// The source language comes first: it is the answer when nothing matches.
	c.langs = []string{source.String()}
	dirs, err := fs.ReadDir(files, "locale")
	if err != nil {
		return nil, fmt.Errorf("list languages: %w", err)
	}
	for _, d := range dirs {
		if err := c.read(d.Name()); err != nil {
			return nil, err
		}
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

// read loads the area files of one language.
func (c *Catalogue) read(lang string) error {
	names, err := fs.Glob(files, path.Join("locale", lang, "*.toml"))
	if err != nil {
		return fmt.Errorf("list texts of %s: %w", lang, err)
	}
	if lang != source.String() {
		c.langs = append(c.langs, lang)
	}
	c.message[lang] = map[string]*i18n.Message{}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		area := strings.TrimSuffix(path.Base(name), ".toml")
		mf, err := c.bundle.ParseMessageFileBytes(text, area+"."+lang+".toml")
		if err != nil {
			return fmt.Errorf("parse %s: %w", name, err)
		}
		for _, m := range mf.Messages {
			if _, twice := c.message[lang][m.ID]; twice {
				return fmt.Errorf("parse %s: text %q is defined twice", name, m.ID)
			}
			c.message[lang][m.ID] = m
		}
	}
	return nil
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
		return Printer{cat: c, lang: lang, dir: "rtl", loc: i18n.NewLocalizer(c.bundle, source.String())}
	}
	return Printer{cat: c, lang: lang, dir: direction(lang), loc: i18n.NewLocalizer(c.bundle, lang, source.String())}
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
