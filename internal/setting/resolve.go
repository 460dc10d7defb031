package setting

import (
	"encoding/json"
	"fmt"
	"time"

	"bailiwick/internal/errs"
)

// Row is one stored value.
type Row struct {
	Place
	Value  json.RawMessage
	Locked bool
	Since  time.Time // when it was last switched on; zero when that is not known
}

// Chain is what is stored on an account's chain: the rows of each key, from the platform down.
type Chain struct{ rows map[string][]Row }

// Below is the chain of an account that is made right below, and has nothing of its own yet.
func (c Chain) Below() Chain {
	out := Chain{make(map[string][]Row, len(c.rows))}
	for name, rows := range c.rows {
		for _, r := range rows {
			r.Depth++
			out.rows[name] = append(out.rows[name], r)
		}
	}
	return out
}

// Resolve folds the rows of a key, which run from the platform down, into the value in force.
//
// A row that cannot be read is passed over, so that the value above it stays in force; its lock holds. When a Guard key
// is left with nothing but its default by that, Resolve fails.
func Resolve[T any](k Key[T], rows []Row) (T, Origin, error) {
	v, from := k.Default, Origin{}
	for _, r := range rows {
		if from.Locked {
			from.Own = from.Own || r.Depth == 0
			continue
		}
		from.Own = r.Depth == 0
		if own, err := k.read(r.Value); err != nil {
			from.Unreadable = append(from.Unreadable, r.Account)
		} else if merged, took := k.meet(v, own, from); took {
			v, from.Place = merged, r.Place
		}
		if r.Locked {
			from.Locked, from.LockedBy = true, r.Place
		}
	}
	if k.Guard && from.IsDefault() && len(from.Unreadable) > 0 {
		return k.Default, from, errs.New(errs.Unavailable, "setting.unreadable",
			"Ask the operator to set {setting} again. Its stored value cannot be read, and a rule of security is not replaced by its default.", "setting", k.Name)
	}
	return v, from, nil
}

// Step is the own value of one account on the chain that has part in what is in force, or would have.
type Step[T any] struct {
	Place
	Value T
	Since time.Time // when it was last switched on there
}

// Steps are the values that Resolve folds, from the platform down: all that can be read, up to a lock.
func Steps[T any](k Key[T], rows []Row) []Step[T] {
	var out []Step[T]
	for _, r := range rows {
		if own, err := k.read(r.Value); err == nil {
			out = append(out, Step[T]{r.Place, own, r.Since})
		}
		if r.Locked {
			break
		}
	}
	return out
}

// meet merges own into the value in force; the first value on the chain meets nothing, for the default is no bound.
func (k Key[T]) meet(above, own T, from Origin) (T, bool) {
	if from.IsDefault() {
		return own, true
	}
	return k.Merge(above, own)
}

func (k Key[T]) read(stored json.RawMessage) (own T, err error) {
	if err := json.Unmarshal(stored, &own); err != nil {
		return own, fmt.Errorf("read %s: %w", k.Name, err)
	}
	if k.Check != nil {
		return own, k.Check(own)
	}
	return own, nil
}

// Of resolves a key on a chain that was read with its name.
func Of[T any](k Key[T], c Chain) (T, Origin, error) { return Resolve(k, c.rows[k.Name]) }
