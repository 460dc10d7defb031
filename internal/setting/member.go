package setting

import (
	"context"
	"encoding/json"
	"fmt"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// A membership may be the last link of its account's chain: a person has values of their own for some keys, below what the
// account inherits or sets. They are merged and locked like those of an account, and lock nothing themselves.

// ReadMember reads what is stored for some keys on the chain of a membership of the scope's account. Depth 0 is the
// membership, 1 its account.
func ReadMember(ctx context.Context, q db.Queryer, sc authz.Scope, m ids.Membership, keys ...Any) (Chain, error) {
	c, err := Read(ctx, q, sc, keys...)
	if err != nil {
		return c, err
	}
	own, err := memberRows(ctx, q, sc, m, names(keys))
	if err != nil {
		return c, fmt.Errorf("read the settings of %s: %w", m, err)
	}
	for _, rows := range c.rows {
		for i := range rows {
			rows[i].Depth++
		}
	}
	for _, o := range own {
		c.rows[o.key] = append(c.rows[o.key], o.Row)
	}
	return c, nil
}

// SetMember stores the own value of a membership of the scope's account; nil resets it.
func SetMember(ctx context.Context, tx *db.Tx, sc authz.Scope, m ids.Membership, k Any, value json.RawMessage) (Change, error) {
	c, err := ReadMember(ctx, tx, sc, m, k)
	if err != nil {
		return Change{}, err
	}
	above, own := Above(c.Rows(k))
	if value, err = k.fit(above, value); err != nil {
		return Change{}, err
	}
	change := Change{}
	if own != nil {
		change.Before = &Stored{Value: string(own.Value)}
	}
	if value != nil {
		change.After = &Stored{Value: string(value)}
	}
	switch {
	case change.Nothing():
		return change, nil
	case value == nil:
		return change, removeMember(ctx, tx, sc, m, k.ID())
	}
	return change, putMember(ctx, tx, sc, m, k.ID(), string(value))
}

// MemberValues are the own values of a membership of the scope's account, by the names of their keys.
func MemberValues(ctx context.Context, q db.Queryer, sc authz.Scope, m ids.Membership, keys ...Any) (map[string]json.RawMessage, error) {
	own, err := memberRows(ctx, q, sc, m, names(keys))
	out := make(map[string]json.RawMessage, len(own))
	for _, o := range own {
		out[o.key] = o.Value
	}
	return out, err
}

// fit refuses a value that cannot stand below the rows of a chain, and gives it as it is stored. Nil is no value.
func (k Key[T]) fit(above []Row, value json.RawMessage) (json.RawMessage, error) {
	if value == nil {
		return nil, admit(k, above, nil)
	}
	var v T
	if err := json.Unmarshal(value, &v); err != nil || string(value) == "null" {
		return nil, errs.New(errs.Invalid, "setting.type", "Send a value of the kind that the setting {setting} has.", "setting", k.Name)
	}
	if k.Check != nil {
		if err := k.Check(v); err != nil {
			return nil, err
		}
	}
	if err := admit(k, above, &v); err != nil {
		return nil, err
	}
	return write(v)
}

// InFor returns the value of a key in force for a member of the account, who has a value of their own or none (nil).
func InFor[T any](f *InForce, k Key[T], own json.RawMessage) (T, error) {
	v, err := In(f, k)
	s := f.values[k.Name]
	if err != nil || own == nil || s.from.Locked {
		return v, err
	}
	mine, err := k.read(own)
	if err != nil {
		return v, nil // as in Resolve: the value above stays in force
	}
	if merged, took := k.meet(v, mine, s.from); took {
		v = merged
	}
	return v, nil
}
