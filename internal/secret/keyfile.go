package secret

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const keyFileHead = "# Master keys of this installation, newest last. Keep a copy apart from the backups:\n" +
	"# without it sealed values cannot be read, with it they can.\n"

// OpenKeyFile reads the master keys, oldest first, and makes the file with one
// new key if there is none.
func OpenKeyFile(path string) ([]Key, error) {
	keys, err := readKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	k := NewKey()
	made, err := createKeyFile(path, []Key{k})
	if err != nil {
		return nil, err
	}
	if !made {
		// Another process made it between our look and our write.
		return readKeyFile(path)
	}
	return []Key{k}, nil
}

// AddKey appends a new key to the file, and returns its id. It seals wherever the file is read from then on.
func AddKey(path string) (KeyID, error) {
	k := NewKey()
	return k.ID, changeKeyFile(path, func(keys []Key) ([]Key, error) { return append(keys, k), nil })
}

// The reasons why a key stays in the file.
var (
	ErrNoSuchKey = errors.New("the key file holds no key with this id")
	ErrNewestKey = errors.New("the newest key seals and stays")
)

// DropKey takes a key out of the file. What it sealed does not open any more.
func DropKey(path string, id KeyID) error {
	return changeKeyFile(path, func(keys []Key) ([]Key, error) {
		at := slices.IndexFunc(keys, func(k Key) bool { return k.ID == id })
		switch at {
		case -1:
			return nil, ErrNoSuchKey
		case len(keys) - 1:
			return nil, ErrNewestKey
		}
		return slices.Delete(keys, at, at+1), nil
	})
}

// changeKeyFile puts another file in the place of this one, whole or not at all, and one change after the other.
func changeKeyFile(path string, change func([]Key) ([]Key, error)) (err error) {
	dir, err := lockDir(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("change the key file: %w", err)
	}
	defer func() { err = errors.Join(err, dir.Close()) }() // ends the lock
	keys, err := readKeyFile(path)
	if err != nil {
		return err
	}
	if keys, err = change(keys); err != nil {
		return err
	}
	tmp := path + ".new"
	if err := writeSynced(tmp, encodeKeys(keys)); err != nil {
		return fmt.Errorf("write %s: %w", tmp, err)
	}
	if err := keepOwner(tmp, path); err != nil {
		return errors.Join(fmt.Errorf("give %s to the owner of %s: %w", tmp, path, err), os.Remove(tmp))
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(fmt.Errorf("replace %s: %w", path, err), os.Remove(tmp))
	}
	return syncDir(dir)
}

func readKeyFile(path string) ([]Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("run 'chmod 600 %s': the key file can be read by other users of this machine", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	keys, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("restore %s from a copy: %w", path, err)
	}
	return keys, nil
}

// createKeyFile writes the file whole or not at all and never over another one.
func createKeyFile(path string, keys []Key) (made bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, fmt.Errorf("make the directory of the key file: %w", err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(path), ".key-")
	if err != nil {
		return false, fmt.Errorf("write the key file: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	whole := filepath.Join(tmp, "key")
	if err := writeSynced(whole, encodeKeys(keys)); err != nil {
		return false, fmt.Errorf("write the key file: %w", err)
	}
	if err := os.Link(whole, path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return false, nil
		}
		return false, fmt.Errorf("write the key file: %w", err)
	}
	return true, nil
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(f.Sync(), f.Close())
}

func encodeKeys(keys []Key) []byte {
	var b bytes.Buffer
	b.WriteString(keyFileHead)
	for _, k := range keys {
		b.WriteString(k.ID.String() + " " + base64.StdEncoding.EncodeToString(k.key[:]) + "\n")
	}
	return b.Bytes()
}

func parseKeys(text []byte) ([]Key, error) {
	var keys []Key
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, ok := parseKey(line)
		if !ok {
			return nil, fmt.Errorf("line %d is not a key", i+1)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("it holds no key")
	}
	return keys, nil
}

func parseKey(line string) (Key, bool) {
	id, text, ok := strings.Cut(line, " ")
	if !ok {
		return Key{}, false
	}
	keyID, ok := ParseKeyID(id)
	if !ok {
		return Key{}, false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != MasterKeyLen {
		return Key{}, false
	}
	return Key{ID: keyID, key: [MasterKeyLen]byte(raw)}, true
}
