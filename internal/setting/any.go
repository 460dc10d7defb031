package setting

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
)

// Any is a key of any type, so that the settings of an account can be listed, shown and changed alike.
type Any interface {
	ID() string
	About() About
	// Effective folds the rows of the key as Resolve does.
	Effective(rows []Row) (json.RawMessage, Origin, error)
	// SetJSON is Set with a value as it is stored.
	SetJSON(ctx context.Context, tx *db.Tx, sc authz.Scope, value json.RawMessage, locked bool) (Change, error)
	// Reset is Reset.
	Reset(ctx context.Context, tx *db.Tx, sc authz.Scope) (Change, error)

	force(rows []Row) settled
	fit(above []Row, value json.RawMessage) (json.RawMessage, error)
}

// TextKey is the key of the catalogues under which the label of a setting stands. The keys of its hint and its options
// begin with it.
func TextKey(name string) string { return "setting." + strings.ReplaceAll(name, ".", "_") }

// About is what a page needs to know of a key.
type About struct {
	Control Control
	On      []string   // kinds of account that have it; none for every kind
	Parents bool       // changed only from above the account, and by the platform itself
	Needs   authz.Perm // held besides what the tab asks, to change it
	Guard   bool
}

// ID returns the key's name.
func (k Key[T]) ID() string { return k.Name }

// About tells about the key.
func (k Key[T]) About() About { return About{k.Control, k.On, k.Parents, k.Needs, k.Guard} }

// Effective returns the value in force as JSON, with its origin.
func (k Key[T]) Effective(rows []Row) (json.RawMessage, Origin, error) {
	v, from, err := Resolve(k, rows)
	if err != nil {
		return nil, from, err
	}
	body, err := write(v)
	return body, from, err
}

// SetJSON stores the own value of the scope's account. A value of another type is refused.
func (k Key[T]) SetJSON(ctx context.Context, tx *db.Tx, sc authz.Scope, value json.RawMessage, locked bool) (Change, error) {
	var v T
	if err := json.Unmarshal(value, &v); err != nil || string(value) == "null" {
		return Change{}, errs.New(errs.Invalid, "setting.type", "Send a value of the kind that the setting {setting} has.", "setting", k.Name)
	}
	return Set(ctx, tx, sc, k, v, locked)
}

// Reset removes the own value of the scope's account.
func (k Key[T]) Reset(ctx context.Context, tx *db.Tx, sc authz.Scope) (Change, error) {
	return Reset(ctx, tx, sc, k)
}

func (k Key[T]) force(rows []Row) settled {
	v, from, err := Resolve(k, rows)
	return settled{v, Steps(k, rows), from, err}
}

// Unique reports a key that is listed twice or has no name.
func Unique(keys []Any) error {
	seen := map[string]bool{}
	for _, k := range keys {
		if k.ID() == "" || seen[k.ID()] {
			return fmt.Errorf("setting %q is listed twice or has no name", k.ID())
		}
		seen[k.ID()] = true
	}
	return nil
}

// Rows are the rows of a key, from the platform down.
func (c Chain) Rows(k Any) []Row { return c.rows[k.ID()] }

// Above are the rows without the account's own, and the own one if there is any.
func Above(rows []Row) (above []Row, own *Row) {
	if n := len(rows); n > 0 && rows[n-1].Depth == 0 {
		return rows[:n-1], &rows[n-1]
	}
	return rows, nil
}
