package authz

import (
	"context"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Granted is a grant that is in force on an account.
type Granted struct {
	Account ids.Account
	Admin   bool      // it lets change people or the rules of security
	Since   time.Time // when the membership began
}

// Gate says whether a grant counts for somebody who comes the way the actor has come; a denial says why it does not.
// Each grant is bound by the rules of its own account.
type Gate func(ctx context.Context, q db.Queryer, by Actor, g Granted) error

// gated reports whether the actor comes from outside: with a session or a key.
func (a *Actor) gated() bool { return a.is.Session != "" || a.is.Kind == Key && !a.is.Begun }

// enter decides as the grants that pass the gate would have it. refusal is why another one does not count.
func (c *Checker) enter(ctx context.Context, q db.Queryer, by *Actor, on ids.Account) (d *decision, refusal, err error) {
	if d, err = c.decide(ctx, q, by, on); err != nil {
		return nil, nil, err
	}
	if d = d.below(by.within); !d.seen || c.gate == nil || !by.gated() {
		return d, nil, nil
	}
	var shut []ids.Account
	for _, g := range d.scope.granted {
		err := c.gate(ctx, q, *by, g)
		if err == nil {
			continue
		}
		if errs.KindOf(err) != errs.Denied {
			return nil, nil, err
		}
		shut, refusal = append(shut, g.Account), err
	}
	if len(shut) == 0 {
		return d, nil, nil
	}
	if d, err = c.without(ctx, q, by, on, shut); err != nil {
		return nil, nil, err
	}
	return d.below(by.within), refusal, nil
}

// below is the decision where nothing is seen but an account and what is below it, unless that is "".
func (d *decision) below(top ids.Account) *decision {
	if top == "" || !d.seen {
		return d
	}
	kept := *d
	if kept.seen = kept.scope.below(top); !kept.seen {
		return &decision{}
	}
	return &kept
}

// without decides as if the actor had no grants on some accounts.
func (c *Checker) without(ctx context.Context, q db.Queryer, by *Actor, on ids.Account, shut []ids.Account) (*decision, error) {
	f, err := c.facts(ctx, q, *by, on)
	if err != nil {
		return nil, err
	}
	for i := range f.Chain {
		for _, at := range shut {
			if f.Chain[i].Account == at {
				f.Chain[i].Role = ""
			}
		}
	}
	return decided(f), nil
}

// Entered are the grants by which the actor comes to an account, from the platform down.
func (s Scope) Entered() []Granted { return s.granted }

// HasGrantHere reports whether the actor has a grant on the account itself.
func (s Scope) HasGrantHere() bool {
	n := len(s.granted)
	return n > 0 && s.granted[n-1].Account == s.root
}
