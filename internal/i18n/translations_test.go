package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

func translations(t *testing.T) (*Catalogue, map[string]map[string]*i18n.Message) {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]*i18n.Message{}
	for lang, messages := range everyText(t, c) {
		if lang != source.String() {
			out[lang] = messages
		}
	}
	if len(out) == 0 {
		t.Fatal("there is no translation")
	}
	return c, out
}

func TestEveryTextIsTranslated(t *testing.T) {
	c, langs := translations(t)
	for lang, messages := range langs {
		for key := range english(t, c) {
			if messages[key] == nil {
				t.Errorf("%s lacks %q", lang, key)
			}
		}
	}
}

func TestEveryErrorIsTranslated(t *testing.T) {
	_, langs := translations(t)
	said := errorTexts(t, filepath.Join("..", ".."))
	if len(said) < 100 {
		t.Fatalf("only %d errors were found: the search is broken", len(said))
	}
	for lang, messages := range langs {
		for code, text := range said {
			m := messages[errorPrefix+code]
			if m == nil {
				t.Errorf("%s lacks %q for: %s", lang, errorPrefix+code, text)
				continue
			}
			if diff := cmp.Diff(places(text), places(m.Other)); diff != "" {
				t.Errorf("%s %q: places differ (-en +%s):\n%s", lang, errorPrefix+code, lang, diff)
			}
		}
		for key := range messages {
			if code, is := strings.CutPrefix(key, errorPrefix); is && said[code] == "" {
				t.Errorf("%s has %q, which nothing says", lang, key)
			}
		}
	}
}

func TestPluralsHaveEveryFormOfTheirLanguage(t *testing.T) {
	c, langs := translations(t)
	for lang, messages := range langs {
		want := pluralForms(t, lang)
		for key, m := range messages {
			if en := english(t, c)[key]; en == nil || en.One == "" {
				continue
			}
			for form, text := range map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other} {
				if has := text != ""; has != want[form] {
					t.Errorf("%s %q: plural form %s is there: %v, the language has it: %v", lang, key, form, has, want[form])
				}
			}
		}
	}
}

// pluralForms are the forms that a printer asks for, with some number up to 1,000 or with a million, which has its own in three of the languages.
func pluralForms(t *testing.T, lang string) map[string]bool {
	t.Helper()
	b := i18n.NewBundle(language.Make(lang))
	err := b.AddMessages(language.Make(lang), &i18n.Message{ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"})
	if err != nil {
		t.Fatal(err)
	}
	loc, forms := i18n.NewLocalizer(b, lang), map[string]bool{}
	for n := range 1001 {
		for _, count := range []int{n, n * 1_000_000} {
			form, err := loc.Localize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: count})
			if err != nil {
				t.Fatal(err)
			}
			forms[form] = true
		}
	}
	return forms
}

func TestThePluralFormsNameWhatTheOthersName(t *testing.T) {
	c, _ := translations(t)
	for lang, messages := range everyText(t, c) {
		for key, m := range messages {
			all := places(m.Other)
			for _, text := range forms(m) {
				if text == "" {
					continue
				}
				missing := slices.DeleteFunc(slices.Clone(all), func(p string) bool { return p == "count" || slices.Contains(places(text), p) })
				extra := slices.DeleteFunc(places(text), func(p string) bool { return slices.Contains(all, p) })
				if len(missing)+len(extra) > 0 {
					t.Errorf("%s %q: %q lacks %v and has %v besides", lang, key, text, missing, extra)
				}
			}
		}
	}
}

// errorTexts finds the English text of every error code in the program; one code says one thing.
func errorTexts(t *testing.T, root string) map[string]string {
	t.Helper()
	said := map[string]string{}
	say := func(where, code, text string) {
		if before := said[code]; before != "" && before != text {
			t.Errorf("%s: %q says %q, elsewhere %q", where, code, text, before)
		}
		said[code] = text
	}
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() && (d.Name() == "config" || d.Name() == "api") {
			return filepath.SkipDir // read by operators, and by programs and those who write them, in English
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "NoSuch" && unquote(n.Args[0]) != "" {
					say(path, unquote(n.Args[0])+".not_found", "There is nothing here. It may have been removed, or the link is incomplete.")
				}
				codeAndText(n.Args, func(code, text string) { say(path, code, text) })
			case *ast.CompositeLit:
				codeAndText(values(n.Elts), func(code, text string) { say(path, code, text) })
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// codeAndText finds a code such as "account.stale" followed by a sentence among arguments.
func codeAndText(args []ast.Expr, say func(code, text string)) {
	for i := range len(args) - 1 {
		code, text := unquote(args[i]), unquote(args[i+1])
		if errorCode.MatchString(code) && strings.Contains(text, " ") && strings.ContainsAny(text[len(text)-1:], ".}") {
			say(code, text)
		}
	}
}

// values are the elements of a literal without their keys.
func values(elements []ast.Expr) []ast.Expr {
	out := slices.Clone(elements)
	for i, e := range out {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			out[i] = kv.Value
		}
	}
	return out
}

func unquote(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}
