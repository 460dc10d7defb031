package remote

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bailiwick/internal/api/client"
)

func TestEveryErrorHasItsExitCode(t *testing.T) {
	status := func(s int) error { return fmt.Errorf("list clients: %w", &client.Problem{Status: int64(s)}) }
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"done", nil, ExitOK},
		{"anything", errors.New("disk full"), ExitFailed},
		{"command line", &Usage{"x"}, ExitUsage},
		{"no answer", fmt.Errorf("x: %w", &client.Unreachable{Err: errors.New("refused")}), ExitUnavailable},
		{"access check says no", ErrNotAllowed, ExitDenied},
		{"several, the first", &told{status(http.StatusNotFound)}, ExitNotFound},
		{"malformed", status(http.StatusBadRequest), ExitUsage},
		{"a field", status(http.StatusUnprocessableEntity), ExitUsage},
		{"key refused", status(http.StatusUnauthorized), ExitDenied},
		{"denied", status(http.StatusForbidden), ExitDenied},
		{"missing", status(http.StatusNotFound), ExitNotFound},
		{"in the way", status(http.StatusConflict), ExitConflict},
		{"changed meanwhile", status(http.StatusPreconditionFailed), ExitConflict},
		{"too many requests", status(http.StatusTooManyRequests), ExitUnavailable},
		{"busy", status(http.StatusServiceUnavailable), ExitUnavailable},
		{"their fault", status(http.StatusInternalServerError), ExitFailed},
	} {
		if got := ExitOf(c.err); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if len(Exits()) != ExitFindings+1 {
		t.Error("the documentation leaves out an exit code")
	}
}

func TestErrorsNameTheFieldAndTheRemedy(t *testing.T) {
	var out strings.Builder
	Tell(&out, &client.Problem{Status: 422, Detail: "Some fields need attention.", Errors: []client.FieldProblem{{Location: "body.membership_end", Detail: "Choose a date\x1b[31m after the start."}}})
	want := "bailiwick: Some fields need attention.\n  membership-end: Choose a date[31m after the start.\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestTablesLineUpInEveryScript(t *testing.T) {
	rows := []string{"Acme", "東風電子", "e\u0301clair", "bad\x1b[2J\u202ename", ""}
	var out strings.Builder
	if err := table(&out, rows, column[string]{"name", func(s string) string { return s }}, column[string]{"end", func(string) string { return "|" }}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e") {
		t.Error("a name can steer the terminal")
	}
	for line := range strings.Lines(out.String()) {
		before, _, found := strings.Cut(line, "|")
		if found && columnsOf(before) != len("bad[2Jname")+2 {
			t.Errorf("%q is %d columns wide", before, columnsOf(before))
		}
	}
}

func TestTheKeyFileIsReadableByItsOwnerAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("bwk_x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := func(string) (string, bool) { return "", false }
	p := &Process{Env: none}
	if k, err := (flags{KeyFile: file}).key(p); err != nil || k != "bwk_x" {
		t.Errorf("%q, %v", k, err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := (flags{KeyFile: file}).key(p); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("others may read it: %v", err)
	}
	if _, err := (flags{}).key(p); ExitOf(err) != ExitUsage {
		t.Errorf("no key: %v", err)
	}
}
