package setting

import (
	"context"
	"fmt"
	"slices"

	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Known answers what is in force on an account for the program itself, which applies it: from memory for as long as
// nothing on the account's chain has changed, on any node.
type Known struct {
	db    *db.DB
	keys  []Any
	drawn []func(*InForce) any
	cache *change.Cache[ids.Account, *InForce]
}

// mostKnown is how many accounts are kept in memory; each takes about two kilobytes.
const mostKnown = 1 << 14

// NewKnown makes a Known of keys.
func NewKnown(d *db.DB, f *change.Feed, keys []Any) (*Known, error) {
	if err := Unique(keys); err != nil {
		return nil, err
	}
	return &Known{db: d, keys: keys, cache: change.NewCache[ids.Account, *InForce](f, mostKnown)}, nil
}

// InForce is what all settings are on one account.
type InForce struct {
	values map[string]settled
	drawn  []any
}

type settled struct {
	value any // T
	steps any // []Step[T]
	from  Origin
	err   error
}

// On returns what is in force on an account.
func (k *Known) On(ctx context.Context, account ids.Account) (*InForce, error) {
	return k.By(ctx, k.db, account)
}

// By is On for somebody who holds a transaction, which must not wait for another connection: what is not in memory is
// read by q. What a transaction reads is not kept.
func (k *Known) By(ctx context.Context, q db.Queryer, account ids.Account) (*InForce, error) {
	if known, ok := k.cache.Get(ctx, account); ok {
		return known, nil
	}
	told := k.cache.Told()
	from, pool := q, q == db.Queryer(k.db)
	if pool {
		from = k.db.Keyed()
	}
	links, err := stored(ctx, from, account)
	if err != nil {
		return nil, fmt.Errorf("read the settings of %s: %w", account, err)
	}
	if len(links) == 0 {
		return nil, errs.NoSuch("account")
	}
	known := k.force(gather(links).rows)
	if pool {
		k.cache.Put(told, account, known, madeOf(links)...)
	}
	return known, nil
}

// learnAtOnce is how many accounts are read in one statement.
const learnAtOnce = 200

// Learn takes what is in force on many accounts into memory, with few statements, for whoever asks about one after another next.
// Accounts that are gone are left out.
func (k *Known) Learn(ctx context.Context, accounts []ids.Account) error {
	var missing []ids.Account
	for _, id := range accounts {
		if _, ok := k.cache.Get(ctx, id); !ok {
			missing = append(missing, id)
		}
	}
	told := k.cache.Told()
	for some := range slices.Chunk(missing, learnAtOnce) {
		chains, err := storedOf(ctx, k.db, some)
		if err != nil {
			return fmt.Errorf("read the settings of %d accounts: %w", len(some), err)
		}
		for id, links := range chains {
			k.cache.Put(told, id, k.force(gather(links).rows), madeOf(links)...)
		}
	}
	return nil
}

// madeOf is what must not change for what was made of a chain to stay true.
func madeOf(links []link) (of []change.Subject) {
	for i, l := range links {
		if i == 0 || l.Account != links[i-1].Account {
			of = append(of, change.Subject{Kind: change.Account, ID: string(l.Account)}, change.Subject{Kind: change.Setting, ID: string(l.Account)})
		}
	}
	return of
}

func (k *Known) force(rows map[string][]Row) *InForce {
	f := &InForce{values: make(map[string]settled, len(k.keys)), drawn: make([]any, len(k.drawn))}
	for _, key := range k.keys {
		f.values[key.ID()] = key.force(rows[key.ID()])
	}
	for i, from := range k.drawn {
		f.drawn[i] = from(f)
	}
	return f
}

// Drawn is what a feature makes of the values in force on an account, once and not at each request that asks for it.
type Drawn[T any] struct {
	known *Known
	at    int
}

// Draw has from make a T of the values in force on each account. It is called before the first account is read.
func Draw[T any](k *Known, from func(*InForce) T) Drawn[T] {
	k.drawn = append(k.drawn, func(f *InForce) any { return from(f) })
	return Drawn[T]{k, len(k.drawn) - 1}
}

// By is what was drawn for an account; Known.By says how it is read.
func (d Drawn[T]) By(ctx context.Context, q db.Queryer, account ids.Account) (T, error) {
	f, err := d.known.By(ctx, q, account)
	if err != nil {
		var none T
		return none, err
	}
	return f.drawn[d.at].(T), nil
}

// StepsIn returns the own values on the chain that a key's value in force comes from, from the platform down.
func StepsIn[T any](f *InForce, k Key[T]) []Step[T] {
	steps, _ := f.values[k.Name].steps.([]Step[T])
	return steps
}

// In returns the value of a key that is in force. A key that is not among the known ones has its default.
func In[T any](f *InForce, k Key[T]) (T, error) {
	s, ok := f.values[k.Name]
	if !ok {
		return k.Default, nil
	}
	v, ok := s.value.(T)
	if !ok || s.err != nil {
		return k.Default, s.err
	}
	return v, nil
}

// Take is In for whoever reads many: the first that cannot be read stays in failed.
func Take[T any](failed *error, f *InForce, k Key[T], to *T) {
	v, err := In(f, k)
	if err != nil && *failed == nil {
		*failed = fmt.Errorf("read %s: %w", k.Name, err)
	}
	*to = v
}

// Value is In for whoever has no more than the key's name: a T, or nil when the key is not among the known ones.
func (f *InForce) Value(name string) (any, error) {
	s := f.values[name]
	return s.value, s.err
}
