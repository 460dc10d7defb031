package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// checkShapes checks the signatures of features that make authorization impossible to forget: an exported method
// of a Service takes (context.Context, authz.Actor, ...), and a function that runs SQL takes an authz.Scope or
// the scope of its *op.W.
func checkShapes(files []file) (out []string) {
	for _, f := range files {
		tier, _ := place(unit(f.pkg))
		if f.isTest() || tier != features {
			continue
		}
		for _, fn := range functions(f) {
			name := nameOf(f, fn)
			params := paramTypes(fn)
			if receiver(fn) == "Service" && fn.Name.IsExported() && withoutActor[name] == "" && actorMakers[unit(f.pkg)] == "" &&
				(len(params) < 2 || params[0] != "context.Context" || params[1] != "authz.Actor") {
				out = append(out, fmt.Sprintf("%s: an exported Service method takes (context.Context, authz.Actor, ...); it has %v", name, params))
			}
			if calls(fn, "db", "All", "One", "Exists") || calls(fn, "", "Exec") {
				if !takesScope(fn, params) && unscoped[name] == "" && unscopedPackages[unit(f.pkg)] == "" {
					out = append(out, name+" runs SQL and takes no authz.Scope")
				}
			}
		}
	}
	return out
}

func takesScope(fn *ast.FuncDecl, params []string) bool {
	if slices.Contains(params, "authz.Scope") {
		return true
	}
	return slices.Contains(params, "*op.W") && calls(fn, "", "Scope")
}

// checkDoors checks who opens transactions: governed data is written through op.Write, so InTx is op's; Batch is
// for traffic and state, from the functions named in batchCallers.
func checkDoors(files []file) (out []string) {
	for _, f := range files {
		u := unit(f.pkg)
		tier, _ := place(u)
		if f.isTest() || u == "db" || u == "op" || tier == assembly {
			continue
		}
		for _, fn := range functions(f) {
			name := nameOf(f, fn)
			if calls(fn, "", "InTx") && inTxCallers[name] == "" {
				out = append(out, name+" opens a transaction of its own: write through op.Write")
			}
			if calls(fn, "", "Batch") && batchCallers[name] == "" && batchPackages[u] == "" {
				out = append(out, name+" calls Batch: write through op.Write, or name it in archtest if it writes traffic or state")
			}
		}
	}
	return out
}

// checkExceptions finds exceptions for functions that are gone, so that the lists do not rot.
func checkExceptions(files []file, lists ...map[string]string) (out []string) {
	there, units := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		if f.isTest() {
			continue
		}
		units[unit(f.pkg)] = true
		for _, fn := range functions(f) {
			there[nameOf(f, fn)] = true
		}
	}
	for _, list := range lists {
		for name, why := range list {
			pkg, _, _ := strings.Cut(name, ".")
			if units[pkg] && !there[name] {
				out = append(out, name+" is an exception, and there is no such function")
			}
			if len(why) < 10 {
				out = append(out, name+" is an exception without a reason")
			}
		}
	}
	return out
}

func functions(f file) (out []*ast.FuncDecl) {
	for _, d := range f.ast.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			out = append(out, fn)
		}
	}
	return out
}

// nameOf is "account.Service.Move" or "account.insert".
func nameOf(f file, fn *ast.FuncDecl) string {
	name := unit(f.pkg) + "."
	if r := receiver(fn); r != "" {
		name += r + "."
	}
	return name + fn.Name.Name
}

func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	e := fn.Recv.List[0].Type
	if s, ok := e.(*ast.StarExpr); ok {
		e = s.X
	}
	if id, ok := e.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

func paramTypes(fn *ast.FuncDecl) (out []string) {
	for _, p := range fn.Type.Params.List {
		s, e := "", p.Type
		if st, ok := e.(*ast.StarExpr); ok {
			s, e = "*", st.X
		}
		switch e := e.(type) {
		case *ast.SelectorExpr:
			if id, ok := e.X.(*ast.Ident); ok {
				s += id.Name + "." + e.Sel.Name
			}
		case *ast.Ident:
			s += e.Name
		}
		for range max(1, len(p.Names)) {
			out = append(out, s)
		}
	}
	return out
}

// calls reports whether the function calls one of these methods: of the named package, or of anything if on is "".
// db.All[T](...) and db.All(...) are the same.
func calls(fn *ast.FuncDecl, on string, names ...string) (yes bool) {
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		c, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		callee := c.Fun
		switch x := callee.(type) {
		case *ast.IndexExpr:
			callee = x.X
		case *ast.IndexListExpr:
			callee = x.X
		}
		sel, ok := callee.(*ast.SelectorExpr)
		if !ok || !slices.Contains(names, sel.Sel.Name) {
			return true
		}
		id, isIdent := sel.X.(*ast.Ident)
		if on == "" || isIdent && id.Name == on {
			yes = true
		}
		return true
	})
	return yes
}

func TestShapes(t *testing.T) { report(t, checkShapes(sources(t))) }

func TestDoors(t *testing.T) { report(t, checkDoors(sources(t))) }

func TestExceptions(t *testing.T) {
	report(t, checkExceptions(sources(t), withoutActor, unscoped, batchCallers, inTxCallers))
	gone := map[string]string{"account.gone": "it was there once"}
	if got := checkExceptions(sample(t, "internal/account", "x.go", "func here() {}"), gone); len(got) != 1 {
		t.Errorf("an exception for a function that is gone: reported %q", got)
	}
	if got := checkExceptions(sample(t, "internal/account", "x.go", "func here() {}"), map[string]string{"account.here": ""}); len(got) != 1 {
		t.Errorf("an exception without a reason: reported %q", got)
	}
}

func TestShapeRulesCanFail(t *testing.T) {
	prove(t, checkShapes, []bad{
		{title: "a method without an actor", pkg: "internal/account", body: "func (s *Service) Move(ctx context.Context, id ids.Account) error { return nil }", says: "authz.Actor"},
		{title: "a method without a context", pkg: "internal/account", body: "func (s Service) Move(by authz.Actor) error { return nil }", says: "context.Context"},
		{title: "reading without a scope", pkg: "internal/account", body: "func get(ctx context.Context, q db.Queryer) { db.One(ctx, q, scan, sql) }", says: "account.get runs SQL"},
		{title: "with a type written out", pkg: "internal/account", body: "func get(ctx context.Context, q db.Queryer) { db.All[int](ctx, q, scan, sql) }", says: "no authz.Scope"},
		{title: "writing without a scope", pkg: "internal/account", body: "func put(ctx context.Context, tx *db.Tx) { tx.Exec(ctx, sql) }", says: "no authz.Scope"},
		{title: "a write that ignores its scope", pkg: "internal/account", body: "func put(ctx context.Context, w *op.W) { w.Tx().Exec(ctx, sql) }", says: "no authz.Scope"},

		{title: "a good method passes", pkg: "internal/account", body: "func (s *Service) Move(ctx context.Context, by authz.Actor) error { return nil }"},
		{title: "a scoped function passes", pkg: "internal/account", body: "func get(ctx context.Context, q db.Queryer, sc authz.Scope) { db.One(ctx, q, scan, sql) }"},
		{title: "a write's scope passes", pkg: "internal/account", body: "func put(ctx context.Context, w *op.W) { w.Tx().Exec(ctx, sql, w.Scope()) }"},
	})
	prove(t, checkDoors, []bad{
		{title: "a transaction of its own", pkg: "internal/account", body: "func (s *Service) f() { s.db.InTx(ctx, fn) }", says: "op.Write"},
		{title: "a batch nobody named", pkg: "internal/account", body: "func (s *Service) f() { s.db.Batch(ctx, fn) }", says: "Batch"},
		{title: "op itself passes", pkg: "internal/op", body: "func (r *Runner) Write() { r.db.InTx(ctx, fn) }"},
	})
}
