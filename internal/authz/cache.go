package authz

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// question is what a decision answers: what a person holds on an account, or one of their keys. The account comes
// first: no two accounts share an answer.
type question struct {
	account    ids.Account
	user       ids.User
	membership ids.Membership // of a key
	scopes     Set            // of a key
}

// ask is the question whether by may do something on the account. It reports false for an actor whose answers are not kept.
func ask(by *Actor, on ids.Account) (question, bool) {
	switch by.is.Kind {
	case Person:
		return question{account: on, user: by.is.User}, true
	case Key:
		return question{on, by.is.User, by.is.Membership, by.is.Perms}, true
	case Machine, Console:
	}
	return question{}, false
}

// decision is what Decide has said. It is never changed once it is made.
type decision struct {
	scope Scope
	seen  bool
}

// mostDecisions are kept, half a kilobyte each.
const mostDecisions = 1 << 16

// decide answers what by holds on the account: from memory when the pool is asked about a person or key and nothing
// the answer depends on has changed, else from q. Inside a transaction the facts are always the transaction's own.
func (c *Checker) decide(ctx context.Context, q db.Queryer, by *Actor, on ids.Account) (*decision, error) {
	asked, kept := ask(by, on)
	if !kept || c.cache == nil || q != db.Queryer(c.pool) {
		f, err := c.facts(ctx, q, *by, on)
		if err != nil {
			return nil, err
		}
		return decided(f), nil
	}
	if d, ok := c.cache.Get(ctx, asked); ok {
		return d, nil
	}
	return c.decideAnew(ctx, by, asked)
}

func (c *Checker) decideAnew(ctx context.Context, by *Actor, asked question) (*decision, error) {
	told := c.cache.Told()
	f, err := c.facts(ctx, c.pool, *by, asked.account)
	if err != nil {
		return nil, err
	}
	d := decided(f)
	if len(f.Chain) > 0 { // of an account that is made later nobody is told
		c.cache.Put(told, asked, d, f.subjects(asked.user)...)
	}
	return d, nil
}

func decided(f Facts) *decision {
	sc, seen := Decide(f)
	return &decision{sc, seen}
}

// Metrics lists what the checker measures of itself: how often it knew the answer.
func (c *Checker) Metrics() []prometheus.Collector {
	if c.cache == nil {
		return nil
	}
	count := func(answered string, n func() uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "bailiwick_access_decisions_total", Help: "Decisions on what somebody holds on an account, by where the answer came from: memory or database.",
			ConstLabels: prometheus.Labels{"answered": answered},
		}, func() float64 { return float64(n()) })
	}
	return []prometheus.Collector{count("memory", c.cache.Hits), count("database", c.cache.Misses)}
}

// subjects are all that the facts about a person were read from.
func (f Facts) subjects(user ids.User) []change.Subject {
	out := []change.Subject{{Kind: change.User, ID: string(user)}}
	for _, l := range f.Chain {
		out = append(out, change.Subject{Kind: change.Account, ID: string(l.Account)})
		if l.Package != "" {
			out = append(out, change.Subject{Kind: change.Package, ID: string(l.Package)})
		}
		if l.Role.IsGroup() {
			out = append(out, change.Subject{Kind: change.Role, ID: string(l.Role)})
		}
	}
	return out
}
