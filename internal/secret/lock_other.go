//go:build !unix

package secret

import "os"

// lockDir only finds out whether the directory is there.
func lockDir(path string) (*os.File, error) { return os.Open(path) }

// syncDir is left to the system.
func syncDir(*os.File) error { return nil }

// keepOwner is left to the directory, from which files inherit.
func keepOwner(string, string) error { return nil }
