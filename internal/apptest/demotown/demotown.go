// Package demotown gives tests an installation with the platform of the demo in it.
package demotown

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/demo"
	"bailiwick/internal/secret"
)

// Fill loads the demo into an installation that nobody has set up.
func Fill(t testing.TB, w *apptest.World) demo.Loaded {
	t.Helper()
	out, err := demo.Load(t.Context(), demo.Options{App: w.App, Clock: w.Clock, Now: apptest.Start, Hasher: secret.NewHasher(secret.CheapParams), Password: secret.Wrap(apptest.Password)})
	if err != nil {
		t.Fatal(err)
	}
	w.Platform = out.Platform
	return out
}

// New returns an installation on SQLite with the demo in it. It is loaded once for each process; every test has a copy of its own.
func New(t testing.TB) (*apptest.World, demo.Loaded) {
	t.Helper()
	s, err := shared(t)
	if err != nil {
		t.Fatal(err)
	}
	w := apptest.Bare(t, dbtest.SQLiteFile(t, s.database), func(c *config.Config) { err = os.WriteFile(c.KeyFile(), s.key, 0o600) })
	if err != nil {
		t.Fatal(err)
	}
	w.Platform = s.loaded.Platform
	return w, s.loaded
}

// snapshot is what is left of an installation when its program has ended.
type snapshot struct {
	database, key []byte
	loaded        demo.Loaded
}

var (
	mu   sync.Mutex
	once *snapshot
)

func shared(t testing.TB) (*snapshot, error) {
	mu.Lock()
	defer mu.Unlock()
	if once != nil {
		return once, nil
	}
	path, keyFile := dbtest.SQLiteDSN(t), ""
	s := &snapshot{loaded: Fill(t, apptest.Bare(t, path, func(c *config.Config) { keyFile = c.KeyFile() }))}
	var readDB, readKey error
	s.database, readDB = dbtest.Content(t.Context(), path)
	s.key, readKey = os.ReadFile(keyFile)
	if err := errors.Join(readDB, readKey); err != nil {
		return nil, fmt.Errorf("keep what the demo has loaded: %w", err)
	}
	once = s
	return once, nil
}
