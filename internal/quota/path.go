package quota

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
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
	if p, ok := e.paths.Get(ctx, s); ok && (p.ends.IsZero() || e.clock().Before(p.ends)) {
		return p, nil
	}
	told := e.paths.Told()
	found, of, stopped, err := e.layers(ctx, s)
	if err != nil {
		return nil, err
	}
	subjects := make([]string, 0, 2*len(found))
	for _, l := range found {
		subjects = append(subjects, l.Subject)
		if l.shared != "" {
			subjects = append(subjects, l.shared)
		}
	}
	rows, err := limitsOf(ctx, e.db, subjects)
	if err != nil {
		return nil, fmt.Errorf("read the limits of %s: %w", s.Account, err)
	}
	p := &path{stopped: stopped}
	now := e.clock()
	rows = slices.DeleteFunc(rows, func(r limitRow) bool { return r.channel != s.Channel || !r.inForce(now) })
	for _, r := range rows {
		if !r.ends.IsZero() && (p.ends.IsZero() || r.ends.Before(p.ends)) {
			p.ends = r.ends
		}
	}
	for _, l := range found {
		l.Limits = over(inForce(rows, l.shared), inForce(rows, l.Subject))
		p.layers = append(p.layers, l.Layer)
		of = append(of, change.Subject{Kind: change.Quota, ID: l.Subject})
		if l.shared != "" {
			of = append(of, change.Subject{Kind: change.Quota, ID: l.shared})
		}
		p.holders = append(p.holders, e.holder(counted{l.Subject, s.Channel}, l.Kind, l.Limits))
	}
	e.paths.Put(told, s, p, of...)
	return p, nil
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

// passed is a layer, and the package or role group that its limits come from where it has none of its own, "" none.
type passed struct {
	Layer
	shared string
}

// layers reads which layers a sender passes, without their limits, and what that depends on.
func (e *Engine) layers(ctx context.Context, s Sender) (out []passed, of []change.Subject, stopped bool, err error) {
	if !slices.Contains(Channels(), s.Channel) {
		return nil, nil, false, errs.Field("channel", "quota.channel_unknown", "Name a channel: email or sms.")
	}
	at := s.Account
	if s.Sub != "" {
		sub, err := subAccountOf(ctx, e.db, s.Sub)
		if err != nil {
			return nil, nil, false, err
		}
		at, stopped = sub.account, sub.stopped
		out = append(out, passed{Layer: Layer{Subject: string(s.Sub), Kind: SubAccount, Name: sub.name, Account: at}})
		of = append(of, change.Subject{Kind: change.Quota, ID: string(s.Sub)})
	}
	links, err := linksOf(ctx, e.db, at)
	if err != nil {
		return nil, nil, false, err
	}
	if !slices.ContainsFunc(links, func(l link) bool { return l.id == s.Account }) {
		return nil, nil, false, errs.NoSuch("subaccount") // it belongs elsewhere
	}
	if s.Member != "" {
		m, err := memberOf(ctx, e.db, s.Member)
		if err != nil {
			return nil, nil, false, err
		}
		layer := passed{Layer: Layer{Subject: string(s.Member), Kind: Member, Name: m.name, Account: m.account}}
		of = append(of, change.Subject{Kind: change.User, ID: string(m.user)})
		if _, err := ids.ParseRole(m.role); err == nil {
			layer.shared = m.role
		}
		out = append(out, layer)
	}
	for _, l := range links {
		out = append(out, passed{Layer{Subject: string(l.id), Kind: Kind(l.kind), Name: l.name, Account: l.id}, l.bought})
		of = append(of, change.Subject{Kind: change.Account, ID: string(l.id)}, change.Subject{Kind: change.Setting, ID: string(l.id)})
	}
	for i := range out {
		if out[i].Calendar, err = e.Calendar(ctx, e.db, out[i].Account); err != nil {
			return nil, nil, false, err
		}
	}
	return out, of, stopped, nil
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
func (e *Engine) holder(k counted, kind Kind, limits Limits) *holder {
	e.mu.Lock()
	h := e.holders[k]
	if h == nil {
		h = newHolder(k, kind, limits)
		e.holders[k] = h
	}
	e.mu.Unlock()
	e.forsake(h.adopt(limits))
	return h
}
