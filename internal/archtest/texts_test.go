package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/a-h/templ/parser/v2"
	"github.com/a-h/templ/parser/v2/visitor"
)

// samples shows made-up clients in every component; they are no texts of the portal.
const samples = "internal/web/ui/gallery"

// spoken are attributes whose values people read or hear.
var spoken = map[string]bool{"title": true, "alt": true, "placeholder": true, "aria-label": true, "aria-description": true, "label": true}

// spokenFields are the fields of page structs and components that hold a text.
var spokenFields = map[string]bool{"Label": true, "Title": true, "Text": true, "Hint": true, "Placeholder": true, "Detail": true, "Heading": true, "Caption": true}

func TestEveryTextOfATemplateComesFromTheCatalogue(t *testing.T) {
	seen := 0
	root := filepath.Join("..", "..", "internal")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".templ") || strings.Contains(filepath.ToSlash(path), samples) {
			return err
		}
		tf, err := parser.Parse(path)
		if err != nil {
			return fmt.Errorf("parse %s: %w", path, err)
		}
		seen++
		for _, text := range spokenIn(tf) {
			t.Errorf("%s writes %q itself; give it a key in the catalogue", path, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 10 {
		t.Fatalf("only %d templates were found", seen)
	}
}

func TestATextWrittenInATemplateIsFound(t *testing.T) {
	for body, want := range map[string]int{
		`<p>Hello</p>`: 1, `<p>{ p.T("home.title") }</p>`: 0, `<input placeholder="Search" name="q"/>`: 1, `<kbd>K</kbd>`: 0, `<p>· 3 %</p>`: 0,
	} {
		tf, err := parser.ParseString("package x\n\ntempl page() {\n\t" + body + "\n}\n")
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got := spokenIn(tf); len(got) != want {
			t.Errorf("%s: found %q, want %d texts", body, got, want)
		}
	}
}

// spokenIn lists the words that a template writes by itself. Names of keys stand in kbd, machine text in code.
func spokenIn(tf *parser.TemplateFile) (out []string) {
	v := visitor.New()
	element := v.Element
	v.Element = func(e *parser.Element) error {
		if e.Name == "kbd" || e.Name == "code" {
			return nil
		}
		return element(e)
	}
	v.Text = func(n *parser.Text) error {
		if strings.ContainsFunc(n.Value, unicode.IsLetter) && !strings.HasPrefix(n.Value, "&") {
			out = append(out, n.Value)
		}
		return nil
	}
	v.ConstantAttribute = func(n *parser.ConstantAttribute) error {
		if spoken[n.Key.String()] && strings.ContainsFunc(n.Value, unicode.IsLetter) {
			out = append(out, n.Value)
		}
		return nil
	}
	_ = tf.Visit(v) // the functions above never fail
	return out
}

func TestEveryTextOfAHandlerComesFromTheCatalogue(t *testing.T) {
	for _, f := range sources(t) {
		if f.isTest() || f.isGenerated() || !strings.HasPrefix(f.pkg, "internal/web") || f.pkg == samples {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			kv, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, isName := kv.Key.(*ast.Ident)
			lit, isLiteral := kv.Value.(*ast.BasicLit)
			if !isName || !isLiteral || lit.Kind != token.STRING || !spokenFields[key.Name] {
				return true
			}
			if text, err := strconv.Unquote(lit.Value); err != nil || strings.ContainsFunc(text, unicode.IsLetter) {
				t.Errorf("%s/%s writes %s: %s itself; give it a key in the catalogue", f.pkg, f.name, key.Name, lit.Value)
			}
			return true
		})
	}
}
