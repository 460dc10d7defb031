package nodes_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
)

// TestANodeOpensWhatAnotherSealedWithANewKey rotates the key on one node as the operator does, and has a third node seal with it
// that was started then. Nobody is told anything: the file is enough.
func TestANodeOpensWhatAnotherSealedWithANewKey(t *testing.T) {
	dsn, key := dbtest.PostgresDSN(t), ""
	w := apptest.New(t, dsn, func(c *config.Config) { key = c.KeyFile() })
	w.Clock.Set(clock.System()) // as the processes have it
	session := w.SignIn(apptest.OwnerEmail).Token
	first, second := serve(t, dsn, key), serve(t, dsn, key)

	cmd := exec.CommandContext(t.Context(), os.Args[0], "admin", "rotate-key", "--data", first.data)
	cmd.Env = append(os.Environ(), asProgram+"=1", "BAILIWICK_DATABASE="+dsn)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rotated := filepath.Join(first.data, "key")
	third := serve(t, dsn, rotated)
	third.post("/me/security/two-step", session, "current", apptest.Password)

	for _, c := range []struct {
		which string
		node  process
		want  int
	}{
		{"the node that sealed it", third, http.StatusOK},
		{"the node where the key was added", first, http.StatusOK},
		{"a node without the key", second, http.StatusInternalServerError},
	} {
		if got := c.node.ask(http.MethodGet, "/me/security/two-step", session, nil); got != c.want {
			t.Errorf("%s answers %d, not %d", c.which, got, c.want)
		}
	}
	file, err := os.ReadFile(rotated)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(second.data, "key"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := second.ask(http.MethodGet, "/me/security/two-step", session, nil); got != http.StatusOK {
		t.Errorf("with a copy of the file it answers %d", got)
	}
}
