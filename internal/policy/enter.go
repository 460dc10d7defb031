package policy

import (
	"context"
	"sync"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
)

// Enter says whether the actor may come to an account the way they do, and notes which addresses of lists let them in.
// The answer is the gate's; whoever forgets to ask is asked by it all the same.
func (s *Service) Enter(ctx context.Context, by authz.Actor, on ids.Account) error {
	_, sc, err := s.op.See(ctx, by, on)
	if err != nil {
		return err
	}
	l, k := Portal, PortalAddresses
	if by.Kind() == authz.Key {
		l, k = API, APIAddresses
	}
	var used []entry
	ip := address(by)
	for _, g := range sc.Entered() {
		rules, err := s.known.On(ctx, g.Account)
		if err != nil {
			return err
		}
		for _, step := range setting.StepsIn(rules, k) {
			if e := step.Value.Holding(ip); step.Value.On && e != nil {
				used = append(used, entry{step.Account, l, e.Net})
			}
		}
	}
	if used = s.noted.due(used, s.now()); len(used) == 0 {
		return nil
	}
	return s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return noteUses(ctx, tx, used) })
}

const (
	noteEvery = time.Minute
	mostNoted = 1 << 14
)

// noted is when this node last noted the use of entries.
type noted struct {
	mu sync.Mutex
	at map[entry]time.Time
}

func newNoted() *noted { return &noted{at: map[entry]time.Time{}} }

// due are those whose use is to be noted now: each at most once a minute.
func (n *noted) due(used []entry, now time.Time) []entry {
	if len(used) == 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.at) >= mostNoted {
		clear(n.at)
	}
	var out []entry
	for _, e := range used {
		if last, ok := n.at[e]; ok && now.Sub(last) < noteEvery {
			continue
		}
		n.at[e] = now
		out = append(out, e)
	}
	return out
}
