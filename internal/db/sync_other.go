//go:build !linux

package db

import (
	"errors"
	"os"
)

// syncFile brings what was written to a file to the disk.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the database's own
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
