package quota

import (
	"context"
	"fmt"
	"slices"

	"bailiwick/internal/change"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// passed is a layer, and the package or role group that its limits come from where it has none of its own, "" none.
type passed struct {
	Layer
	shared string
}

// route is which layers a sender passes, without their limits, and what that depends on.
type route struct {
	layers  []passed
	of      []change.Subject
	stopped bool // its sub-account is suspended
}

// loading is what paths are made of, read for many senders in a few statements.
type loading struct {
	subs      map[ids.SubAccount]identity
	members   map[ids.Membership]identity
	links     map[ids.Account][]link
	calendars map[ids.Account]Calendar
	limits    map[string][]limitRow
}

// lookUp makes the paths of senders and keeps them in memory.
func (e *Engine) lookUp(ctx context.Context, all []Sender) (map[Sender]found, error) {
	told := e.paths.Told()
	l, err := e.load(ctx, all)
	if err != nil {
		return nil, err
	}
	out, routes := make(map[Sender]found, len(all)), make(map[Sender]route, len(all))
	var subjects []string
	for _, s := range all {
		r, err := l.route(s)
		if err != nil {
			out[s] = found{err: err}
			continue
		}
		routes[s] = r
		for i := range r.layers {
			r.layers[i].Calendar = l.calendars[r.layers[i].Account]
			subjects = append(subjects, r.layers[i].Subject)
			if r.layers[i].shared != "" {
				subjects = append(subjects, r.layers[i].shared)
			}
		}
	}
	slices.Sort(subjects)
	rows, err := limitsOf(ctx, e.db, slices.Compact(subjects))
	if err != nil {
		return nil, fmt.Errorf("read the limits of layers: %w", err)
	}
	l.limits = map[string][]limitRow{}
	now := e.clock()
	for _, r := range rows {
		if r.inForce(now) {
			l.limits[r.subject] = append(l.limits[r.subject], r)
		}
	}
	for s, r := range routes {
		p, of := e.lay(l, s, r)
		e.paths.Put(told, s, p, of...)
		out[s] = found{path: p}
	}
	return out, nil
}

// lay makes the path of a route, and says what it depends on.
func (e *Engine) lay(l loading, s Sender, r route) (*path, []change.Subject) {
	p := &path{stopped: r.stopped}
	of := r.of
	limits := func(subject string) Limits {
		all := NoLimits()
		for _, row := range l.limits[subject] {
			if row.channel != s.Channel {
				continue
			}
			if !row.ends.IsZero() && (p.ends.IsZero() || row.ends.Before(p.ends)) {
				p.ends = row.ends
			}
			if all[row.window].Source == "" || row.Source == FromOverride {
				all[row.window] = row.Limit
			}
		}
		return all
	}
	for _, layer := range r.layers {
		layer.Limits = over(limits(layer.shared), limits(layer.Subject))
		p.layers = append(p.layers, layer.Layer)
		of = append(of, change.Subject{Kind: change.Quota, ID: layer.Subject})
		if layer.shared != "" {
			of = append(of, change.Subject{Kind: change.Quota, ID: layer.shared})
		}
		p.holders = append(p.holders, e.holder(counted{layer.Subject, s.Channel}, layer.Kind, layer.terms()))
	}
	return p, of
}

// load reads what the routes of senders are made of.
func (e *Engine) load(ctx context.Context, all []Sender) (l loading, err error) {
	var subs []ids.SubAccount
	var members []ids.Membership
	var accounts []ids.Account
	for _, s := range all {
		if s.Sub != "" {
			subs = append(subs, s.Sub)
		} else {
			accounts = append(accounts, s.Account)
		}
		if s.Member != "" {
			members = append(members, s.Member)
		}
	}
	if l.subs, err = subAccountsOf(ctx, e.db, distinct(subs)); err != nil {
		return l, err
	}
	if l.members, err = membersOf(ctx, e.db, distinct(members)); err != nil {
		return l, err
	}
	for _, sub := range l.subs {
		accounts = append(accounts, sub.account)
	}
	for _, m := range l.members {
		accounts = append(accounts, m.account)
	}
	if l.links, err = linksOf(ctx, e.db, distinct(accounts)); err != nil {
		return l, err
	}
	l.calendars = map[ids.Account]Calendar{}
	for _, chain := range l.links {
		if err := e.calendars(ctx, chain, l.calendars); err != nil {
			return l, err
		}
	}
	return l, nil
}

// calendars finds how the accounts of a chain count their days. One without settings of its own counts as the one above it.
func (e *Engine) calendars(ctx context.Context, chain []link, known map[ids.Account]Calendar) error {
	for i, l := range slices.Backward(chain) {
		if _, ok := known[l.id]; ok {
			continue
		}
		if !l.sets && i < len(chain)-1 {
			known[l.id] = known[chain[i+1].id]
			continue
		}
		cal, err := e.Calendar(ctx, e.db, l.id)
		if err != nil {
			return err
		}
		known[l.id] = cal
	}
	return nil
}

func distinct[T ~string](all []T) []T {
	slices.Sort(all)
	return slices.Compact(all)
}

// route finds which layers a sender passes.
func (l *loading) route(s Sender) (r route, err error) {
	if !slices.Contains(Channels(), s.Channel) {
		return r, errs.Field("channel", "quota.channel_unknown", "Name a channel: email or sms.")
	}
	at := s.Account
	if s.Sub != "" {
		sub, ok := l.subs[s.Sub]
		if !ok {
			return r, errs.NoSuch("subaccount")
		}
		at, r.stopped = sub.account, sub.stopped
		r.layers = append(r.layers, passed{Layer: Layer{Subject: string(s.Sub), Kind: SubAccount, Name: sub.name, Account: at}})
		r.of = append(r.of, change.Subject{Kind: change.Quota, ID: string(s.Sub)})
	}
	chain := l.links[at]
	if len(chain) == 0 {
		return r, errs.NoSuch("account")
	}
	if !slices.ContainsFunc(chain, func(l link) bool { return l.id == s.Account }) {
		return r, errs.NoSuch("subaccount") // it belongs elsewhere
	}
	if s.Member != "" {
		m, ok := l.members[s.Member]
		if !ok {
			return r, errs.NoSuch("user")
		}
		layer := passed{Layer: Layer{Subject: string(s.Member), Kind: Member, Name: m.name, Account: m.account}}
		r.of = append(r.of, change.Subject{Kind: change.User, ID: string(m.user)})
		if _, err := ids.ParseRole(m.role); err == nil {
			layer.shared = m.role
		}
		r.layers = append(r.layers, layer)
	}
	for _, l := range chain {
		r.layers = append(r.layers, passed{Layer{Subject: string(l.id), Kind: Kind(l.kind), Name: l.name, Account: l.id, credits: l.credits}, l.bought})
		r.of = append(r.of, change.Subject{Kind: change.Account, ID: string(l.id)}, change.Subject{Kind: change.Setting, ID: string(l.id)})
	}
	return r, nil
}
