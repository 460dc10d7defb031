package secret

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// watchedBox is a Box over a key file, and what it logs.
func watchedBox(t *testing.T) (b *Box, path string, logged *bytes.Buffer) {
	t.Helper()
	path, logged = filepath.Join(t.TempDir(), "key"), &bytes.Buffer{}
	b, err := OpenBox(path, slog.New(slog.NewTextHandler(logged, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b, path, logged
}

func addKey(t *testing.T, path string) KeyID {
	t.Helper()
	id, err := AddKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

func TestANewKeyOpensWhereverItIsMetAndSealsOnceItIsSaid(t *testing.T) {
	b, path, _ := watchedBox(t)
	old := b.Seals()
	added := addKey(t, path)
	elsewhere, err := OpenBox(path, slog.New(slog.DiscardHandler)) // a node that was started after the rotation
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Open(mailToken, "x", elsewhere.Seal(mailToken, "x", []byte("v"))); err != nil || string(got) != "v" {
		t.Errorf("what the new key sealed: %q, %v", got, err)
	}
	if b.Seals() != old || len(b.Older()) != 0 {
		t.Error("the new key seals before this node was told: another one may not have it")
	}
	if err := b.Reload(); err != nil {
		t.Fatal(err)
	}
	if b.Seals() != added || len(b.Older()) != 1 || b.Older()[0] != old {
		t.Errorf("%s seals, and %v are older", b.Seals(), b.Older())
	}
	addKey(t, path)
	if elsewhere, err = OpenBox(path, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if !b.CheckMAC(mailToken, "text", elsewhere.MAC(mailToken, "text")) || b.Seals() != added {
		t.Error("a code of a new key is not known, or the new key seals")
	}
	for _, id := range []KeyID{old, elsewhere.Seals()} {
		if err := DropKey(path, id); err != nil && !errors.Is(err, ErrNewestKey) {
			t.Fatal(err)
		}
	}
	b.Look()
	if got := b.Keys(); len(got) != 2 || got[0] != added || b.Seals() != added {
		t.Errorf("after the oldest key was dropped: %v", got)
	}
}

func TestAKeyThatIsGoneSealsNoMore(t *testing.T) {
	b, path, _ := watchedBox(t)
	added := addKey(t, path)
	if err := DropKey(path, b.Seals()); err != nil {
		t.Fatal(err)
	}
	b.Look()
	if b.Seals() != added {
		t.Error("a key that is not in the file any more seals")
	}
}

func TestAKeyFileThatCannotBeUsedChangesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		says string
	}{
		"broken":          {"0011223344 nonsense\n", 0o600, "line 1 is not a key"},
		"empty":           {"", 0o600, "holds no key"},
		"readable by all": {"", 0o644, "chmod 600"},
		"a key twice":     {strings.Repeat(string(encodeKeys([]Key{{}})), 2), 0o600, "named twice"},
	} {
		t.Run(name, func(t *testing.T) {
			b, path, logged := watchedBox(t)
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sealed, old := b.Seal(mailToken, "x", []byte("v")), b.Seals()
			write(t, path, c.text, c.mode)
			b.Look()
			if !strings.Contains(logged.String(), c.says) || !strings.Contains(logged.String(), "level=ERROR") {
				t.Errorf("the log says %q, without %q", logged, c.says)
			}
			before := logged.Len()
			b.Look()
			if logged.Len() != before {
				t.Errorf("the file was read again, although it did not change: %s", logged)
			}
			if err := b.Reload(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("told to read it: %v, without %q", err, c.says)
			}
			if got, err := b.Open(mailToken, "x", sealed); err != nil || string(got) != "v" || b.Seals() != old {
				t.Errorf("the keys have changed: %q, %v", got, err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := b.Reload(); err == nil {
				t.Error("no file, and no error")
			}
			write(t, path, string(whole), 0o600)
			if err := b.Reload(); err != nil || b.Seals() != old {
				t.Errorf("the whole file again: %v", err)
			}
		})
	}
}

// TestWhoeverMakesUpKeysHasNothingRead: the file is looked at, and read only when it has changed.
func TestWhoeverMakesUpKeysHasNothingRead(t *testing.T) {
	b, path, logged := watchedBox(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	// Another content that looks alike from outside would be noticed if it were read.
	write(t, path, strings.Repeat("x", int(info.Size())), 0o600)
	if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	forged := testBox(t, NewKey()).Seal(mailToken, "x", []byte("v"))
	for range 100 {
		if _, err := b.Open(mailToken, "x", forged); !errors.Is(err, ErrUnknownKey) {
			t.Fatal(err)
		}
		if b.CheckMAC(mailToken, "x", []byte("made up")) {
			t.Fatal("a made-up code is taken")
		}
	}
	if logged.Len() > 0 {
		t.Errorf("the file was read: %s", logged)
	}
}

func TestRotatingWhileManySealAndOpen(t *testing.T) {
	b, path, _ := watchedBox(t)
	const rotations = 8
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				sealed, code := b.Seal(mailToken, "x", []byte("v")), b.MAC(mailToken, "x")
				if _, err := b.Open(mailToken, "x", sealed); err != nil || !b.CheckMAC(mailToken, "x", code) {
					t.Errorf("what was sealed a moment ago: %v", err)
					return
				}
			}
		})
	}
	for range rotations {
		addKey(t, path)
		b.Look()
		if err := b.Reload(); err != nil {
			t.Error(err)
		}
	}
	close(done)
	wg.Wait()
	if got := len(b.Keys()); got != rotations+1 {
		t.Errorf("%d keys", got)
	}
}

func TestTwoWhoAddKeysAtOnceLoseNone(t *testing.T) {
	_, path, _ := watchedBox(t)
	const many = 12
	ids := make([]KeyID, many)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			var err error
			if ids[i], err = AddKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	keys, err := OpenKeyFile(path)
	if err != nil || len(keys) != many+1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	there := map[KeyID]bool{}
	for _, k := range keys {
		there[k.ID] = true
	}
	for _, id := range ids {
		if !there[id] {
			t.Errorf("%s was added and is not there", id)
		}
	}
}
