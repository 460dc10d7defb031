package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"
)

// reservedCalls names who may use these at all; tests are free but for sleeping.
var reservedCalls = map[string][]string{
	"time.Now":                      {"clock", "cmd"},
	"time.Sleep":                    {},
	"time.Since":                    {"clock"},
	"time.Until":                    {},
	"context.Background":            {"cmd", "app"},
	"context.TODO":                  {},
	"bailiwick/internal/authz.Mint": {"authz", "authn", "apikey", "jobs", "invite"},
	"net/http.Client":               {"outhttp", "client"},
	"net/http.DefaultClient":        {"outhttp"},
	"net/http.Get":                  {},
	"net/http.Post":                 {},
	"net/http.PostForm":             {},
	"net/http.Head":                 {},
	"net/http.ListenAndServe":       {},
	"net/http.HandleFunc":           {},
	"net/http.DefaultServeMux":      {},
	"log/slog.SetDefault":           {"cmd", "cli"},
	"log/slog.Default":              {},
	"fmt.Print":                     {},
	"fmt.Printf":                    {},
	"fmt.Println":                   {},
	"os.Getenv":                     {},
	"os.LookupEnv":                  {"cmd", "cli"},
	"os.Exit":                       {"cmd"},
}

// commands are generators and measuring programs beside a package: main functions of their own.
var commands = []string{"internal/secret/commongen", "internal/invite/disposablegen", "internal/config/settingsgen", "bench/start", "bench/lists", "bench/bulk", "bench/access", "bench/settings", "bench/quota", "bench/kill", "bench/killquota", "internal/api/clientgen", "internal/cli/commandsgen"}

func checkCalls(files []file) (out []string) {
	for _, f := range files {
		if f.isGenerated() || slices.Contains(commands, f.pkg) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			id, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			called := f.packageNamed(id.Name) + "." + sel.Sel.Name
			who, known := reservedCalls[called]
			free := f.isTest() && called != "time.Sleep"
			if known && !free && !slices.Contains(who, unit(f.pkg)) {
				out = append(out, fmt.Sprintf("%s/%s uses %s; only %v may", f.pkg, f.name, called, who))
			}
			return true
		})
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "init" && fn.Recv == nil && !f.isTest() {
				out = append(out, fmt.Sprintf("%s/%s has an init function: do it in a constructor", f.pkg, f.name))
			}
		}
	}
	return out
}

func TestReservedCalls(t *testing.T) { report(t, checkCalls(sources(t))) }

func TestReservedCallsCanFail(t *testing.T) {
	use := func(imp, expr string) string { return "import \"" + imp + "\"\nvar _ = " + expr }
	prove(t, checkCalls, []bad{
		{title: "the time of day", pkg: "internal/account", body: use("time", "time.Now()"), says: "time.Now"},
		{title: "the time of day as a value", pkg: "internal/app", body: use("time", "time.Now"), says: "time.Now"},
		{title: "under another name", pkg: "internal/account", body: "import t \"time\"\nvar _ = t.Now()", says: "time.Now"},
		{title: "a test that sleeps", pkg: "internal/account", name: "x_test.go", body: "import \"time\"\nfunc f() { time.Sleep(1) }", says: "time.Sleep"},
		{title: "a context of one's own", pkg: "internal/jobs", body: use("context", "context.Background()"), says: "context.Background"},
		{title: "an actor made by a feature", pkg: "internal/user", body: use("bailiwick/internal/authz", "authz.Mint(x)"), says: "authz.Mint"},
		{title: "an HTTP client of one's own", pkg: "internal/web", body: use("net/http", "http.Client{}"), says: "http.Client"},
		{title: "the default client", pkg: "internal/billing", body: "import \"net/http\"\nfunc f() { http.Get(``) }", says: "http.Get"},
		{title: "an init function", pkg: "internal/account", body: "func init() {}", says: "init"},

		{title: "the clock passes", pkg: "internal/clock", body: use("time", "time.Now()")},
		{title: "a variable named time passes", pkg: "internal/account", body: "var time struct{ Now int }\nvar _ = time.Now"},
		{title: "a test mints", pkg: "internal/user", name: "x_test.go", body: use("bailiwick/internal/authz", "authz.Mint(x)")},
	})
}
