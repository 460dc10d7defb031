package dbtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// roomy is the directory below which databases of tests lie: in memory, where there is room. Nothing in them has to survive the
// machine, and waiting for its disk is half of the time of a test that writes.
func roomy() string {
	const memory, enough = "/dev/shm", 4 << 30 // bytes
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err == nil && fs.Bavail*uint64(fs.Bsize) >= enough {
		return memory
	}
	return os.TempDir()
}

// ownDir returns a directory of this user, for what test processes share.
func ownDir(name string) (string, error) {
	dir := filepath.Join(roomy(), fmt.Sprintf("%s-%d", name, os.Getuid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if !info.IsDir() || !ownedBy(info, serverUser().uid) && !ownedBy(info, os.Getuid()) {
		return "", fmt.Errorf("remove %s: it belongs to somebody else", dir)
	}
	return dir, nil
}

// scratch makes a directory for as long as the test lasts.
func scratch(t testing.TB) (string, error) {
	own, err := ofProcess()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(own.dir, "test-") //nolint:usetesting // where there is room, which may be memory
	if err != nil {
		return "", err
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir, nil
}

// process is the directory of one test process. The kernel lets go of the lock when the process ends, whatever end that is.
type process struct {
	dir  string
	lock *os.File
}

// ofProcess makes it, and removes those of processes that were killed.
var ofProcess = sync.OnceValues(func() (p process, err error) {
	base, err := ownDir("bailiwick-sqlite")
	if err != nil {
		return p, err
	}
	start, err := lockFile(filepath.Join(base, "start.lock"), syscall.LOCK_EX)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, start.Close()) }()
	others, err := filepath.Glob(filepath.Join(base, "process-*"))
	if err != nil {
		return p, err
	}
	for _, dir := range others {
		lock, err := lockFile(filepath.Join(dir, "use.lock"), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != nil {
			continue // it is alive, or of somebody who removes it
		}
		if err := errors.Join(os.RemoveAll(dir), lock.Close()); err != nil {
			return p, err
		}
	}
	if p.dir, err = os.MkdirTemp(base, "process-"); err != nil {
		return p, err
	}
	p.lock, err = lockFile(filepath.Join(p.dir, "use.lock"), syscall.LOCK_SH)
	return p, err
})
