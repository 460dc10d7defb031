package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bailiwick/internal/audit"
	"bailiwick/internal/i18n"
)

// TestEveryFieldInTheLogHasAName finds, by their types, the fields of everything that is recorded as before or after.
// Fields whose values the log does not keep are shown as changed, and need a name as well.
func TestEveryFieldInTheLogHasAName(t *testing.T) {
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	fields := loggedFields(t)
	for _, lang := range []string{"en", "ar"} {
		p := texts.For(lang)
		for field, where := range fields {
			if key := "field.log_" + field; !p.Has(key) {
				t.Errorf("%s records the field %s, which has no name in %s (%s)", where, field, lang, key)
			}
		}
	}
	if len(fields) < 50 {
		t.Errorf("%d fields: the search no longer finds them", len(fields))
	}
}

type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

// compiled asks for the packages of the program and what the compiler knows of each.
func compiled(t *testing.T) map[string]listed {
	t.Helper()
	var problem bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles", "bailiwick/internal/app")
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, problem.String())
	}
	all := map[string]listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

// loggedFields are the names of all fields that events may show, each with the package that records it.
func loggedFields(t *testing.T) map[string]string {
	t.Helper()
	all, fields := compiled(t), map[string]string{}
	fset := token.NewFileSet()
	from := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(all[path].Export) })
	for path, p := range all {
		if !strings.HasPrefix(path, "bailiwick/internal/") || path == "bailiwick/internal/audit" {
			continue
		}
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		if !slices.ContainsFunc(files, importsAudit) {
			continue
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		if _, err := (&types.Config{Importer: from}).Check(path, fset, files, info); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				for _, value := range recordedIn(n, info) {
					if err := walkFields(info.TypeOf(value), func(name string) { fields[name] = path }); err != nil {
						t.Errorf("%s: %v", fset.Position(value.Pos()), err)
					}
				}
				return true
			})
		}
	}
	return fields
}

func importsAudit(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"bailiwick/internal/audit"` })
}

// recordedIn are the values that a node gives to the fields Before and After of an event.
func recordedIn(n ast.Node, info *types.Info) (values []ast.Expr) {
	isEvent := func(e ast.Expr) bool {
		t := info.TypeOf(e)
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		return t != nil && t.String() == "bailiwick/internal/audit.Event"
	}
	shown := func(name string) bool { return name == "Before" || name == "After" }
	switch n := n.(type) {
	case *ast.CompositeLit:
		if !isEvent(n) {
			return nil
		}
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && shown(kv.Key.(*ast.Ident).Name) {
				values = append(values, kv.Value)
			}
		}
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if s, ok := to.(*ast.SelectorExpr); ok && len(n.Lhs) == len(n.Rhs) && shown(s.Sel.Name) && isEvent(s.X) {
				values = append(values, n.Rhs[i])
			}
		}
	}
	return values
}

// walkFields names the fields of a recorded struct, as audit.Diff does.
func walkFields(t types.Type, name func(string)) error {
	for {
		p, ok := t.Underlying().(*types.Pointer)
		if !ok {
			break
		}
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return fmt.Errorf("what is recorded is a %s here, of which nobody knows the fields", t)
	}
	for i := range s.NumFields() {
		f, tag := s.Field(i), reflect.StructTag(s.Tag(i)).Get("audit")
		if !f.Exported() || tag == "-" {
			continue
		}
		inside := tag == "" && walkedInto(f.Type())
		if !inside || !f.Anonymous() {
			name(audit.FieldName(f.Name()))
		}
		if inside {
			if err := walkFields(f.Type(), name); err != nil {
				return err
			}
		}
	}
	return nil
}

// walkedInto reports whether a struct has fields of its own to show, and is not a value such as a time.
func walkedInto(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for _, method := range []string{"Names", "String"} {
		if m, _, _ := types.LookupFieldOrMethod(t, false, nil, method); m != nil {
			if _, ok := m.(*types.Func); ok {
				return false
			}
		}
	}
	for i := range s.NumFields() {
		if s.Field(i).Exported() {
			return true
		}
	}
	return false
}
