//go:build unix

package secret

import (
	"errors"
	"os"
	"syscall"
)

// lockDir keeps others from changing the key file in a directory until it is closed, or this process ends.
func lockDir(path string) (*os.File, error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}

// syncDir has a file that was renamed in a directory survive a power cut.
func syncDir(dir *os.File) error { return dir.Sync() }

// keepOwner gives a file to the owner of another: root may run the command, and the server must still read the file.
func keepOwner(path, like string) error {
	info, err := os.Stat(like)
	if err != nil {
		return err
	}
	was, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(was.Uid) == os.Geteuid() {
		return nil
	}
	return os.Chown(path, int(was.Uid), int(was.Gid))
}
