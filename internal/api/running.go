package api

import (
	"sync"

	"bailiwick/internal/authz"
)

// running are the requests under way in this process that may be sent again. On another node, the second of two
// waits in the database for the first.
type running struct {
	mu  sync.Mutex
	now map[[2]string]bool
}

func (u *running) begin(by authz.Actor) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.now == nil {
		u.now = map[[2]string]bool{}
	}
	k := [2]string{by.Credential(), by.Once().Key}
	if u.now[k] {
		return false
	}
	u.now[k] = true
	return true
}

func (u *running) end(by authz.Actor) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.now, [2]string{by.Credential(), by.Once().Key})
}
