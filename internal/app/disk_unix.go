//go:build unix

package app

import (
	"fmt"
	"syscall"
)

// free returns how many bytes an ordinary user may still write below a directory.
func free(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return s.Bavail * uint64(s.Bsize), nil //nolint:gosec // its type differs between systems
}
