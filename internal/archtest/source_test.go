package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "bailiwick/"

// file is one Go file of the module.
type file struct {
	pkg  string // directory from the module's root: "internal/web/ui"
	name string
	ast  *ast.File
}

// isTest reports whether the file is no part of the program: a test, or a package that only tests import.
func (f file) isTest() bool { return strings.HasSuffix(f.name, "_test.go") || isTestSupport(f.pkg) }

func (f file) isGenerated() bool { return strings.HasSuffix(f.name, "_templ.go") }

// isTestSupport is true of db/dbtest, mail/mailtest, apptest and all below them.
func isTestSupport(pkg string) bool {
	for _, part := range strings.Split(pkg, "/") {
		if strings.HasSuffix(part, "test") {
			return true
		}
	}
	return false
}

// imports gives the paths the file imports.
func (f file) imports() []string {
	out := make([]string, 0, len(f.ast.Imports))
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has checked it
		}
		out = append(out, p)
	}
	return out
}

// packageNamed gives the import path behind an identifier such as "time", or "".
func (f file) packageNamed(name string) string {
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if spec.Name != nil {
			if spec.Name.Name == name {
				return p
			}
		} else if path.Base(p) == name {
			return p
		}
	}
	return ""
}

// sources parses every Go file of the module.
func sources(t *testing.T) []file {
	t.Helper()
	root := filepath.Join("..", "..")
	var out []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != root && (strings.HasPrefix(base, ".") || base == "testdata" || base == "data" || base == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		out = append(out, parse(t, filepath.ToSlash(rel), d.Name(), string(src)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func parse(t *testing.T, pkg, name, src string) file {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file{pkg, name, f}
}

// sample is a file that exists only here, to prove that a rule can fail.
func sample(t *testing.T, pkg, name, body string) []file {
	t.Helper()
	return []file{parse(t, pkg, name, "package p\n"+body)}
}

func report(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}

// bad is a small piece of code that a rule must refuse, or let pass when says is empty.
type bad struct{ title, pkg, name, body, says string }

func prove(t *testing.T, rule func([]file) []string, cases []bad) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.title, func(t *testing.T) {
			name := c.name
			if name == "" {
				name = "x.go"
			}
			got := rule(sample(t, c.pkg, name, c.body))
			if c.says == "" {
				report(t, got)
				return
			}
			if len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), c.says) {
				t.Errorf("reported %q, want a remark with %q", got, c.says)
			}
		})
	}
}
