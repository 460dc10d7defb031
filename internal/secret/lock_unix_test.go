//go:build unix

package secret

import (
	"os"
	"syscall"
	"testing"
)

// TestAnotherOwnerOfTheFileStaysItsOwner: root may run the command, and the server runs as somebody else.
func TestAnotherOwnerOfTheFileStaysItsOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	_, path, _ := watchedBox(t)
	const somebody = 4711
	if err := os.Chown(path, somebody, somebody); err != nil {
		t.Fatal(err)
	}
	addKey(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if was, ok := info.Sys().(*syscall.Stat_t); !ok || was.Uid != somebody || was.Gid != somebody || info.Mode().Perm() != 0o600 {
		t.Errorf("the file belongs to %+v, with mode %v", info.Sys(), info.Mode())
	}
}
