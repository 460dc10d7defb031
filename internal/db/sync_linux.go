package db

import (
	"errors"
	"os"
	"syscall"
)

// syncFile brings what was written to a file to the disk, and of what is known about it as much as is needed to read it.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Fdatasync(int(f.Fd()))
	}
	return errors.Join(err, f.Close())
}
