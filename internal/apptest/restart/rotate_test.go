package restart_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bailiwick/internal/ids"
	"bailiwick/internal/masterkey"
	"bailiwick/internal/secret"
)

// TestSealingAnewSurvivesAKill kills the program while it seals anew what lies under the key before the newest.
func TestSealingAnewSurvivesAKill(t *testing.T) { eachDatabase(t, killedWhileSealingAnew) }

const storedFiles = 300

func killedWhileSealingAnew(t *testing.T, dsn string) {
	w := newTown(t, dsn)
	var files []ids.File
	for n := range storedFiles {
		id, err := w.Files.Keep(t.Context(), w.Platform, "kept", bytes.NewReader(fmt.Append(nil, "file ", n)), 1<<10)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, id)
	}
	old := w.keys()[0]
	if old.FileParts != storedFiles {
		t.Fatalf("%d files lie under the first key", old.FileParts)
	}
	if _, err := secret.AddKey(filepath.Join(w.data, "key")); err != nil {
		t.Fatal(err)
	}
	program := w.start(unused(t), nil)
	left := w.until(func(left int) bool { return left < storedFiles })
	if err := program.Process.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait() // it was killed
	if left == 0 {
		t.Log("all was done before the program was killed; this run proves little")
	}
	w.Exec(`UPDATE leases SET until = 0, next_at = 0 WHERE name = 'master_key.reseal'`) // as if the dead one's turn had lapsed
	program = w.start(unused(t), nil)
	w.until(func(left int) bool { return left == 0 })
	w.stop(program)
	for n, id := range files {
		r, err := w.Files.Open(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || string(text) != fmt.Sprint("file ", n) {
			t.Errorf("file %d: %q, %v", n, text, err)
		}
	}
	t.Logf("killed with %d of %d left", left, storedFiles)
}

func (w *town) keys() []masterkey.Key {
	w.t.Helper()
	all, err := w.MasterKeys.Keys(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// until looks how many parts of files the first key still seals, until it is as wanted.
func (w *town) until(wanted func(left int) bool) int {
	w.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	end := time.After(time.Minute)
	for {
		if left := w.keys()[0].FileParts; wanted(left) {
			return left
		}
		select {
		case <-tick.C:
		case <-end:
			w.t.Fatal("nothing more is sealed anew")
		}
	}
}

// unused is an address of this machine that nobody listens on.
func unused(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	return ln.Addr().String()
}
