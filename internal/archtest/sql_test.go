package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// statement matches a text that begins as SQL does. SQL is written in capitals here, prose is not.
var statement = regexp.MustCompile(`^\s*(SELECT\s|INSERT INTO\s|UPDATE\s+\w+\s+SET\s|DELETE FROM\s|WITH\s+(RECURSIVE\s+)?\w+\s*(\(|AS\b)|CREATE\s|ALTER\s|DROP\s|PRAGMA\s)`)

// oneSided is what only one of the two databases understands, or what is slow or wrong on one of them.
var oneSided = []struct {
	what   *regexp.Regexp
	remedy string
}{
	{regexp.MustCompile(`(?i)\bIN\s*\(\s*SELECT\s+(\w+\.)?descendant_id\b`), "use Scope.Down, which says EXISTS: SQLite reads the whole subtree for IN"},
	{regexp.MustCompile(`(?i)\b(lower|upper)\s*\(`), "use the folded column: the databases fold differently"},
	{regexp.MustCompile(`(?i)\bnow\s*\(|\bCURRENT_(TIMESTAMP|DATE|TIME)\b|\bdatetime\s*\(|\bstrftime\s*\(`), "bind tx.Ms(): a transaction has one instant"},
	{regexp.MustCompile(`(?i)\bANY\s*\(`), "use db.In"},
	{regexp.MustCompile(`(?i)\bFOR\s+(UPDATE|SHARE)\b`), "use db.SkipLocked, or rely on InTx"},
	{regexp.MustCompile(`(?i)\bINSERT\s+OR\b|\bREPLACE\s+INTO\b`), "use ON CONFLICT"},
	{regexp.MustCompile(`(?i)\bILIKE\b`), "use LIKE on the folded column"},
	{regexp.MustCompile(`\$[1-9]`), "use ? for parameters"},
	{regexp.MustCompile(`(?i)\bAUTOINCREMENT\b|\bSERIAL\b`), "let the program make the id"},
	{regexp.MustCompile(`->>|@>|::[a-z]`), "neither JSON operators nor :: casts"},
}

// remarksOn lists what in a text would not run alike on both databases.
func remarksOn(sql string) (out []string) {
	for _, o := range oneSided {
		if m := o.what.FindString(sql); m != "" {
			out = append(out, fmt.Sprintf("%q: %s", strings.TrimSpace(m), o.remedy))
		}
	}
	return out
}

func isSQLFile(name string) bool { return strings.HasPrefix(name, "sql") }

// checkSQL finds SQL outside the sql*.go files of kernel, features and mail, and one-sided SQL anywhere.
func checkSQL(files []file) (out []string) {
	for _, f := range files {
		if f.isTest() || f.isGenerated() || unit(f.pkg) == "db" || unit(f.pkg) == "bench" {
			continue
		}
		tier, _ := place(unit(f.pkg))
		for _, text := range literals(f.ast) {
			sql := statement.MatchString(text)
			switch {
			case sql && tier >= edges:
				out = append(out, fmt.Sprintf("%s/%s holds SQL: an edge calls a service", f.pkg, f.name))
			case sql && tier == features && !isSQLFile(f.name):
				out = append(out, fmt.Sprintf("%s/%s holds SQL; move it to sql.go: %.40q", f.pkg, f.name, text))
			}
			if sql || isSQLFile(f.name) {
				for _, r := range remarksOn(text) {
					out = append(out, fmt.Sprintf("%s/%s: %s", f.pkg, f.name, r))
				}
			}
		}
	}
	return out
}

func literals(f *ast.File) (out []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if s, err := strconv.Unquote(l.Value); err == nil {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

func TestSQL(t *testing.T) { report(t, checkSQL(sources(t))) }

func TestSQLRulesCanFail(t *testing.T) {
	lit := func(s string) string { return "const q = `" + s + "`" }
	prove(t, checkSQL, []bad{
		{title: "SQL beside the logic", pkg: "internal/account", name: "move.go", body: lit("UPDATE accounts SET name = ?"), says: "move it to sql.go"},
		{title: "SQL in an edge", pkg: "internal/web", name: "sql.go", body: lit("SELECT 1"), says: "an edge"},
		{title: "a subtree by IN", pkg: "internal/account", name: "sql.go", body: lit("SELECT id FROM accounts WHERE id IN (SELECT descendant_id FROM account_tree)"), says: "EXISTS"},
		{title: "a fragment of it", pkg: "internal/authz", name: "sql.go", body: lit(" AND id IN (SELECT t.descendant_id FROM account_tree t)"), says: "EXISTS"},
		{title: "lower", pkg: "internal/user", name: "sql_list.go", body: lit("SELECT id FROM users WHERE lower(email) = ?"), says: "folded"},
		{title: "now", pkg: "internal/jobs", name: "run.go", body: lit("DELETE FROM jobs WHERE at < now()"), says: "tx.Ms"},
		{title: "ANY", pkg: "internal/user", name: "sql.go", body: lit("SELECT 1 WHERE id = ANY(?)"), says: "db.In"},
		{title: "a lock", pkg: "internal/user", name: "sql.go", body: lit("SELECT 1 FROM x FOR UPDATE"), says: "SkipLocked"},
		{title: "a numbered parameter", pkg: "internal/user", name: "sql.go", body: lit("SELECT 1 WHERE id = $1"), says: "use ?"},

		{title: "SQL in sql.go passes", pkg: "internal/user", name: "sql.go", body: lit("SELECT id FROM users WHERE email_fold = ?")},
		{title: "prose passes", pkg: "internal/user", name: "user.go", body: lit("Select a client, or update it now (any time).")},
	})
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+\.sql$`)

func TestMigrations(t *testing.T) {
	dir := filepath.Join("..", "..", "migrations")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	last := "0000"
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".sql") {
			continue
		}
		m := migrationName.FindStringSubmatch(e.Name())
		if m == nil || m[1] <= last {
			t.Fatalf("%s: a migration is named NNNN_subject.sql, with a number of its own", e.Name())
		}
		last = m[1]
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range remarksOn(withoutComments(string(text))) {
			t.Errorf("%s: %s", e.Name(), r)
		}
	}
}

var comment = regexp.MustCompile(`(?s)/\*.*?\*/|--[^\n]*`)

func withoutComments(sql string) string { return comment.ReplaceAllString(sql, "") }
