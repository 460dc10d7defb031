package secret

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const mailToken Purpose = "mail.token"

func testBox(t testing.TB, keys ...Key) *Box {
	t.Helper()
	b, err := NewBox(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBoxOpensOnlyWhereItWasSealed(t *testing.T) {
	k := NewKey()
	b := testBox(t, k)
	sealed := b.Seal(mailToken, "job_1", []byte("s3cret"))
	if bytes.Contains(sealed, []byte("s3cret")) {
		t.Fatal("the text is readable")
	}
	if got, err := b.Open(mailToken, "job_1", sealed); err != nil || string(got) != "s3cret" {
		t.Fatalf("got %q, %v", got, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another purpose":            func() ([]byte, error) { return b.Open("totp", "job_1", sealed) },
		"another subject":            func() ([]byte, error) { return b.Open(mailToken, "job_2", sealed) },
		"purpose and subject glued":  func() ([]byte, error) { return b.Open(mailToken+"job_", "1", sealed) },
		"cut":                        func() ([]byte, error) { return b.Open(mailToken, "job_1", sealed[:len(sealed)-1]) },
		"empty":                      func() ([]byte, error) { return b.Open(mailToken, "job_1", nil) },
		"another key of the same id": func() ([]byte, error) { return testBox(t, Key{ID: k.ID}).Open(mailToken, "job_1", sealed) },
	} {
		if got, err := open(); !errors.Is(err, ErrSealed) || got != nil {
			t.Errorf("%s: got %q, %v, want ErrSealed", name, got, err)
		}
	}
	for i := range sealed {
		bent := bytes.Clone(sealed)
		bent[i] ^= 0x40
		if _, err := b.Open(mailToken, "job_1", bent); err == nil {
			t.Errorf("byte %d altered, and it opens", i)
		}
	}
}

func TestKeyRotation(t *testing.T) {
	older, newer := NewKey(), NewKey()
	old := testBox(t, older).Seal(mailToken, "x", []byte("v"))
	b := testBox(t, older, newer)
	if got, err := b.Open(mailToken, "x", old); err != nil || string(got) != "v" {
		t.Errorf("the older key does not open: %q, %v", got, err)
	}
	if got := b.Older(); len(got) != 1 || got[0] != older.ID {
		t.Errorf("the older keys are %v", got)
	}
	fresh := b.Seal(mailToken, "x", []byte("v"))
	if id, _ := SealedBy(fresh); id != newer.ID || b.Seals() != newer.ID {
		t.Error("the newest key does not seal")
	}
	if _, err := testBox(t, newer).Open(mailToken, "x", old); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("without the older key: %v, want ErrUnknownKey", err)
	}
	if _, err := NewBox(older, older); err == nil {
		t.Error("one key twice is accepted")
	}
	if _, err := NewBox(); err == nil {
		t.Error("a box without keys is made")
	}
}

func TestKeyDoesNotPrint(t *testing.T) {
	k := NewKey()
	all := fmt.Sprintf("%v %+v %#v %s %x", k, k, k, k, k)
	if strings.Contains(all, fmt.Sprintf("%x", k.key[:4])) || strings.Contains(all, fmt.Sprintf("%v", k.key[:4])) {
		t.Errorf("the key prints: %s", all)
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "key")
	first, err := OpenKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, want 0600", info.Mode().Perm())
	}
	again, err := OpenKeyFile(path)
	if err != nil || len(again) != 1 || again[0] != first[0] {
		t.Errorf("the second start reads another key: %v", err)
	}
	added, err := AddKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err = OpenKeyFile(path)
	if err != nil || len(again) != 2 || again[0] != first[0] || again[1].ID != added {
		t.Errorf("after rotation: %v, %v", again, err)
	}
	if info, err = os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("after rotation the mode is %v, %v", info.Mode().Perm(), err)
	}
	for id, want := range map[KeyID]error{added: ErrNewestKey, NewKey().ID: ErrNoSuchKey} {
		if err := DropKey(path, id); !errors.Is(err, want) {
			t.Errorf("dropping %s: %v, want %v", id, err, want)
		}
	}
	if err := DropKey(path, first[0].ID); err != nil {
		t.Error(err)
	}
	if again, err = OpenKeyFile(path); err != nil || len(again) != 1 || again[0].ID != added {
		t.Errorf("after dropping the first: %v, %v", again, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("files were left behind: %v, %v", left, err)
	}
}

func TestKeyFileThatCannotBeTrusted(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		says string
	}{
		"readable by all": {"", 0o644, "chmod 600"},
		"empty":           {"", 0o600, "holds no key"},
		"cut line":        {"# x\n00112233 AAAA\n", 0o600, "line 2"},
		"no space":        {"0011223344", 0o600, "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "_"))
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			if _, err := OpenKeyFile(path); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want a text with %q", err, c.says)
			}
		})
	}
}

func TestStartingTwiceAtOnceMakesOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	got := make([][]Key, 8)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			keys, err := OpenKeyFile(path)
			if err != nil {
				t.Error(err)
			}
			got[i] = keys
		})
	}
	wg.Wait()
	for _, keys := range got {
		if len(keys) != 1 || keys[0] != got[0][0] {
			t.Fatal("two starts hold different keys")
		}
	}
}

func FuzzBoxOpen(f *testing.F) {
	b := testBox(f, NewKey())
	f.Add(b.Seal(mailToken, "x", []byte("v")))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, in []byte) {
		// Whatever opens must have been sealed by this run's random key.
		if got, err := b.Open(mailToken, "x", in); err == nil && string(got) != "v" {
			t.Errorf("forged: %q", got)
		}
	})
}

func FuzzKeyFile(f *testing.F) {
	f.Add(string(encodeKeys([]Key{NewKey()})))
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := parseKeys([]byte(text))
		if err == nil && len(keys) == 0 {
			t.Error("no key and no error")
		}
	})
}
