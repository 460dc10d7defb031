package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
)

// keyFile is the file that the keys of a Box come from.
type keyFile struct {
	path string
	log  *slog.Logger

	mu   sync.Mutex  // held while the file is looked at and read
	seen fs.FileInfo // as it was when it was last read, nil when it was not there
}

// OpenBox returns a Box over a key file, which it makes with one new key if there is none. The newest key seals. A key that is
// added later opens as soon as something is met that it sealed, and seals after Reload: until then other nodes may not have it.
func OpenBox(path string, log *slog.Logger) (*Box, error) {
	if _, err := OpenKeyFile(path); err != nil {
		return nil, err
	}
	b := &Box{file: &keyFile{path: path, log: log}}
	return b, b.Reload()
}

// Reload reads the key file again; from now on its newest key seals. A file that cannot be used leaves the keys as they were.
func (b *Box) Reload() error {
	if b.file == nil {
		return errors.New("the keys come from no file")
	}
	b.file.mu.Lock()
	defer b.file.mu.Unlock()
	r, err := b.file.read()
	if err != nil {
		return err
	}
	b.ring.Store(r)
	return nil
}

// Look reads the key file if it has changed since it was last read. The key that seals goes on to seal, as long as it is there.
func (b *Box) Look() { b.look() }

// look returns the keys as they are in the file. It reads the file once for each change, whatever is asked of it.
func (b *Box) look() *ring {
	if b.file == nil {
		return b.ring.Load()
	}
	b.file.mu.Lock()
	defer b.file.mu.Unlock()
	before := b.ring.Load()
	if !b.file.changed() {
		return before
	}
	r, err := b.file.read()
	if err != nil {
		b.file.log.Error("the keys stay as they were: the key file has changed and cannot be used", "error", err)
		return before
	}
	if slices.Contains(r.order, before.seals) {
		r.seals = before.seals
	}
	b.ring.Store(r)
	b.file.log.Info("the key file has changed and was read", "keys", len(r.order), "seals", r.seals.String())
	return r
}

func (f *keyFile) changed() bool {
	now, err := os.Stat(f.path)
	if err != nil || f.seen == nil {
		return (err == nil) != (f.seen != nil)
	}
	return !os.SameFile(f.seen, now) || !f.seen.ModTime().Equal(now.ModTime()) || f.seen.Size() != now.Size() || f.seen.Mode() != now.Mode()
}

// read looks at the file before it reads it, so that what changes meanwhile is read once more.
func (f *keyFile) read() (*ring, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		f.seen = nil
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	f.seen = info
	keys, err := readKeyFile(f.path)
	if err != nil {
		return nil, err
	}
	return newRing(keys)
}
