package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// tiers, lowest first. A package imports lower tiers only; inside a tier see sideways and the order of tier 3.
// A package under one of these belongs to it (web/ui to web). A new package must be placed here.
var tiers = [][]string{
	{"ids", "errs", "clock", "migrations"},
	{"db", "config", "secret", "mail", "outhttp", "obs", "i18n", "client", "certs", "sheet", "throttle", "stream"},
	{"tree", "change", "authz", "audit", "setting", "jobs", "page", "op"},
	// Tier 3 is an ordered list: a package imports only earlier ones.
	{
		"file", "notice", "quota", "plan", "brand", "notify", "onetime", "policy", "tuning", "module", "task", "trail", "account", "view", "role", "user", "outline", "access", "subaccount", "invite", "apikey", "authn", "rehearse", "usage",
		"contact", "message", "delivery", "submit", "webhook", "support", "provision", "exchange", "masterkey",
	},
	{"web", "api", "gateway", "billing", "cli"},
	{"app", "apptest", "archtest", "cmd", "bench", "demo"},
}

const (
	infrastructure = 1
	kernel         = 2
	features       = 3
	edges          = 4
	assembly       = 5
)

// sideways are the arrows inside tiers 1 and 2.
var sideways = map[string][]string{
	"config":  {"secret"},
	"mail":    {"db", "secret"},
	"audit":   {"authz", "page"},
	"authz":   {"tree", "change"},
	"setting": {"tree", "change", "authz"},
	"jobs":    {"authz"},
	"op":      {"tree", "change", "authz", "audit", "setting", "jobs", "page"},
}

// reserved names the only packages that may import these, and all below them.
var reserved = map[string][]string{
	"database/sql":                     {"db", "bench"}, // seeding a million rows
	"github.com/jackc/pgx":             {"db"},
	"modernc.org/sqlite":               {"db"},
	"github.com/pressly/goose":         {"db"},
	"net/http":                         {"web", "api", "client", "gateway", "billing", "cli", "outhttp", "app", "cmd", "bench", "certs", "stream"},
	"github.com/xuri/excelize":         {"sheet"},
	"github.com/caddyserver/certmagic": {"certs"},
	"go.uber.org/zap":                  {"certs"},
	"github.com/letsencrypt/pebble":    {},
	"html/template":                    {},
	"text/template":                    {},
	"github.com/a-h/templ":             {"web", "notify"},
	"github.com/danielgtaylor/huma":    {"api"},
	"os/exec":                          {"bench"},
	"net/smtp":                         {},
	"github.com/wneessen/go-mail":      {"mail"},
	"github.com/emersion/go-smtp":      {"gateway"},
	"golang.org/x/crypto/argon2":       {"secret"},
	"github.com/nicksnyder/go-i18n":    {"i18n"},
	"github.com/alecthomas/kong":       {"cli"},
	"github.com/chromedp/chromedp":     {},
	"github.com/google/go-cmp":         {},
	"testing":                          {"db"}, // for fstest.MapFS, a file system in memory
	"math/rand":                        {},
	"github.com/rogpeppe/go-internal":  {},
}

// unit is the package that tiers names: "web" for internal/web/ui.
func unit(pkg string) string {
	if pkg == "internal/api/client" {
		return "client" // speaks to the API from outside, and knows nothing of the program
	}
	first, rest, _ := strings.Cut(pkg, "/")
	if first == "internal" {
		first, _, _ = strings.Cut(rest, "/")
	}
	return first
}

func place(unit string) (tier, position int) {
	for i, names := range tiers {
		if p := slices.Index(names, unit); p >= 0 {
			return i, p
		}
	}
	return -1, -1
}

func checkImports(files []file) (out []string) {
	for _, f := range files {
		from := unit(f.pkg)
		if tier, _ := place(from); tier < 0 {
			out = append(out, fmt.Sprintf("%s is in no tier; place it in archtest", f.pkg))
			continue
		}
		if f.isTest() {
			continue
		}
		for _, imp := range f.imports() {
			if remark := reservedBy(from, imp); remark != "" {
				out = append(out, f.pkg+" "+remark)
			}
			if to, ours := strings.CutPrefix(imp, module); ours {
				if remark := badArrow(from, to); remark != "" {
					out = append(out, f.pkg+" "+remark)
				}
			}
		}
	}
	return out
}

func reservedBy(from, imp string) string {
	for lib, who := range reserved {
		if (imp == lib || strings.HasPrefix(imp, lib+"/")) && !slices.Contains(who, from) {
			// math/rand/v2 spreads retries and is refused for secrets by the linter.
			if imp == "math/rand/v2" || lib == "net/http" && imp != lib {
				continue
			}
			return fmt.Sprintf("imports %s; only %v may", imp, who)
		}
	}
	return ""
}

// badArrow says why a package may not import another of ours, or "".
func badArrow(from, toPkg string) string {
	to := unit(toPkg)
	if from == to && !isTestSupport(toPkg) {
		return ""
	}
	fromTier, fromAt := place(from)
	toTier, toAt := place(to)
	switch {
	case isTestSupport(toPkg) && from == "bench": // for a private PostgreSQL
		return ""
	case isTestSupport(toPkg):
		return "imports " + toPkg + ", which is for tests"
	case toTier < 0:
		return "imports " + toPkg + ", which is in no tier"
	case to == "app" || to == "demo":
		if from != "cmd" && from != "cli" && from != "demo" && from != "bench" {
			return "imports " + to + "; only cmd, cli, demo, bench and apptest may"
		}
		return ""
	case toTier > fromTier:
		return fmt.Sprintf("(tier %d) imports %s (tier %d)", fromTier, toPkg, toTier)
	case toTier < fromTier:
		return ""
	case fromTier == features && toAt > fromAt:
		return fmt.Sprintf("imports %s, which comes later in tier 3", toPkg)
	case fromTier == features || fromTier == assembly:
		return ""
	case !slices.Contains(sideways[from], to):
		return fmt.Sprintf("imports %s of its own tier", toPkg)
	}
	return ""
}

func TestImports(t *testing.T) { report(t, checkImports(sources(t))) }

func TestImportRulesCanFail(t *testing.T) {
	imp := func(p string) string { return "import _ \"" + p + "\"" }
	prove(t, checkImports, []bad{
		{title: "upwards", pkg: "internal/db", body: imp("bailiwick/internal/account"), says: "tier 3"},
		{title: "a word imports a word", pkg: "internal/ids", body: imp("bailiwick/internal/errs"), says: "own tier"},
		{title: "sideways in tier 1", pkg: "internal/secret", body: imp("bailiwick/internal/mail"), says: "own tier"},
		{title: "against an arrow of tier 2", pkg: "internal/authz", body: imp("bailiwick/internal/op"), says: "own tier"},
		{title: "later in tier 3", pkg: "internal/account", body: imp("bailiwick/internal/invite"), says: "later"},
		{title: "an edge imports an edge", pkg: "internal/web/ui", body: imp("bailiwick/internal/api"), says: "own tier"},
		{title: "web imports app", pkg: "internal/web", body: imp("bailiwick/internal/app"), says: "only cmd"},
		{title: "web imports demo", pkg: "internal/web", body: imp("bailiwick/internal/demo"), says: "only cmd"},
		{title: "a package nobody placed", pkg: "internal/util", body: "", says: "no tier"},
		{title: "importing a package nobody placed", pkg: "internal/web", body: imp("bailiwick/internal/util"), says: "no tier"},
		{title: "test support in the program", pkg: "internal/app", body: imp("bailiwick/internal/mail/mailtest"), says: "for tests"},
		{title: "a driver in a feature", pkg: "internal/account", body: imp("github.com/jackc/pgx/v5"), says: "only [db]"},
		{title: "HTTP in a feature", pkg: "internal/account", body: imp("net/http"), says: "net/http"},
		{title: "a process started", pkg: "internal/web", body: imp("os/exec"), says: "os/exec"},
		{title: "templates in a feature", pkg: "internal/account", body: imp("github.com/a-h/templ"), says: "templ"},
		{title: "the linear generator", pkg: "internal/authn", body: imp("math/rand"), says: "math/rand"},

		{title: "downwards passes", pkg: "internal/account", body: imp("bailiwick/internal/db")},
		{title: "earlier in tier 3 passes", pkg: "internal/invite", body: imp("bailiwick/internal/account")},
		{title: "an arrow of tier 2 passes", pkg: "internal/op", body: imp("bailiwick/internal/audit")},
		{title: "cli over app passes", pkg: "internal/cli", body: imp("bailiwick/internal/app")},
		{title: "addresses need no HTTP", pkg: "internal/account", body: imp("net/netip")},
		{title: "a test imports what it needs", pkg: "internal/db", name: "x_test.go", body: imp("bailiwick/internal/account")},
	})
}

// TestNoDrawers keeps packages named for what they know.
func TestNoDrawers(t *testing.T) {
	drawers := []string{"util", "utils", "common", "helper", "helpers", "manager", "base", "models", "types", "misc", "x"}
	for _, f := range sources(t) {
		if slices.Contains(drawers, path.Base(f.pkg)) {
			t.Errorf("%s: name the package for what it knows", f.pkg)
		}
	}
}
