package quota

import (
	"context"
	"fmt"
	"sync"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
)

// Pool is what an account has of a month's units, and what became of it.
type Pool struct {
	Limit int64 // Unlimited without one
	Most  int64 // how much of it may be handed out: more than Limit where the account may oversell
	Given int64 // to the accounts right below
	Sent  int64
	Began time.Time // the month, in the account's zone
}

// Left is how much can still be handed out, 0 where there is no limit.
func (p Pool) Left() int64 { return max(0, p.Most-p.Given) }

// Pool reads how an account's month stands on a channel. It may be as old as within, on a node that was asked before.
func (s *Service) Pool(ctx context.Context, by authz.Actor, account ids.Account, c Channel, within time.Duration) (Pool, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, account)
	if err != nil {
		return Pool{}, err
	}
	k, now := pooled{account, c}, s.engine.clock()
	if p, ok := s.pools.get(k, now.Add(-within)); ok && within > 0 {
		return p, nil
	}
	p, err := s.pool(ctx, q, sc, c)
	if err != nil {
		return Pool{}, fmt.Errorf("read the pool of %s: %w", account, err)
	}
	s.pools.put(k, p, now)
	return p, nil
}

func (s *Service) pool(ctx context.Context, q db.Queryer, sc authz.Scope, c Channel) (out Pool, err error) {
	p, err := s.engine.path(ctx, Sender{Account: sc.Account(), Channel: c})
	if err != nil {
		return out, err
	}
	l, m, key := p.layers[0], p.layers[0].Calendar.At(s.engine.clock()), p.key(0)
	out.Limit, out.Began = l.Limits[Month].Amount, time.UnixMilli(m.MonthBegan).In(l.Calendar.Zone)
	used, _, err := usedOf(ctx, q, []counted{key}, m)
	if err != nil {
		return out, err
	}
	out.Sent = used[key].used(Month)
	if sc.Kind() != "platform" && sc.Kind() != "reseller" {
		return out, nil
	}
	given, err := handedOut(ctx, q, sc, sc.Account(), "", s.engine.clock().UnixMilli())
	if out.Given = given.of(c, Month); err != nil || out.Limit == Unlimited {
		return out, err
	}
	known, err := s.engine.known.By(ctx, q, sc.Account())
	if err != nil {
		return out, err
	}
	percent, err := setting.In(known, Oversell)
	out.Most = oversold(out.Limit, percent)
	return out, err
}

// usedOf reads counters of an account as they are without what nodes hold ready.
func usedOf(ctx context.Context, q db.Queryer, keys []counted, m Moment) (map[counted]*Counter, []leaseRow, error) {
	leases, err := leasesOf(ctx, q, keys) // first: what returns in between counts as used, never as free
	if err != nil {
		return nil, nil, err
	}
	rows, err := countersOf(ctx, q, keys)
	if err != nil {
		return nil, nil, err
	}
	out := make(map[counted]*Counter, len(keys))
	for _, k := range keys {
		c := rows[k].Counter
		for _, l := range leases {
			if l.counted == k {
				c.giveBack(l.Charge, l.size-l.spent)
			}
		}
		c.turn(m)
		out[k] = &c
	}
	return out, leases, nil
}

// pools are the pools that a node has read of late: they stand on every page, and adding up what a large reseller has given takes
// its time.
type pools struct {
	mu   sync.Mutex
	read map[pooled]readPool
}

type pooled struct {
	account ids.Account
	channel Channel
}

type readPool struct {
	Pool
	at time.Time
}

const mostPools = 4096

// get returns a pool that was read after an instant.
func (p *pools) get(k pooled, after time.Time) (Pool, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, there := p.read[k]
	return r.Pool, there && r.at.After(after)
}

func (p *pools) put(k pooled, v Pool, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read == nil || len(p.read) >= mostPools {
		p.read = map[pooled]readPool{}
	}
	p.read[k] = readPool{v, at}
}
