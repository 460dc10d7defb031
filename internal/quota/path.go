package quota

import (
	"context"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
)

// Sender is who sends, and what: it decides which layers are passed.
type Sender struct {
	Account ids.Account
	Sub     ids.SubAccount // "" without one
	Member  ids.Membership // whose credential it is; "" for a service credential
	Channel Channel
}

// mostLayers: eight accounts, a member and a sub-account.
const mostLayers = 10

// path is the layers of a sender with their counters on this node, which are never changed once it is made.
type path struct {
	layers  []Layer
	holders []*holder
	ends    time.Time // when one of its limits ends; zero: never
	stopped bool      // its sub-account is suspended

	// What follows is known to whoever holds the log.
	writing uint64 // the chunk in which its account has a place
	place   uint64
}

func (p *path) key(i int) counted { return p.holders[i].counted }

// path finds the layers of a sender: from memory while nothing about them has changed, on any node.
func (e *Engine) path(ctx context.Context, s Sender) (*path, error) {
	if p := e.kept(ctx, s); p != nil {
		return p, nil
	}
	all, err := e.pathsOf(ctx, []Sender{s})
	if err != nil {
		return nil, err
	}
	return all[0].path, all[0].err
}

// kept is the path of a sender that is in memory, nil when none is.
func (e *Engine) kept(ctx context.Context, s Sender) *path {
	if p, ok := e.paths.Get(ctx, s); ok && (p.ends.IsZero() || e.clock().Before(p.ends)) {
		return p
	}
	return nil
}

// found is the path of a sender, or why it has none.
type found struct {
	path *path
	err  error
}

// pathsOf is path for many senders. Those that are not in memory are read together.
func (e *Engine) pathsOf(ctx context.Context, all []Sender) ([]found, error) {
	out := make([]found, len(all))
	var unknown []Sender
	for i, s := range all {
		if out[i].path = e.kept(ctx, s); out[i].path == nil {
			unknown = append(unknown, s)
		}
	}
	if unknown == nil {
		return out, nil
	}
	read, err := e.lookUp(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for i, s := range all {
		if out[i].path == nil {
			out[i] = read[s]
		}
	}
	return out, nil
}

// inForce picks the limit of each window of a subject. An override stands in for any other.
func inForce(rows []limitRow, subject string) Limits {
	all := NoLimits()
	for _, r := range rows {
		if r.subject == subject && (all[r.window].Source == "" || r.Source == FromOverride) {
			all[r.window] = r.Limit
		}
	}
	return all
}

// over lays the own limits of a layer over those that it would have without.
func over(below, own Limits) Limits {
	for w := range own {
		if own[w].Source == "" {
			own[w] = below[w]
		}
	}
	return own
}

// Calendar is how an account counts its days and months.
func (e *Engine) Calendar(ctx context.Context, q db.Queryer, id ids.Account) (Calendar, error) {
	known, err := e.known.By(ctx, q, id)
	if err != nil {
		return Calendar{}, err
	}
	name, err := setting.In(known, e.zone)
	if err != nil {
		return Calendar{}, err
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC // a zone that has left the tables must not stop the account
	}
	day, err := setting.In(known, MonthDay)
	return Calendar{zone, day}, err
}

// holder is the place of a counter's leases on this node.
func (e *Engine) holder(k counted, kind Kind, under terms) *holder {
	e.mu.Lock()
	h := e.holders[k]
	if h == nil {
		h = newHolder(k, kind, under)
		e.holders[k] = h
	}
	e.mu.Unlock()
	if lost := h.adopt(under); len(lost) > 0 {
		e.forsake(lost)
	}
	return h
}
