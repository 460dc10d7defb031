package setting

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Get returns the value in force on the scope's account, and its origin as the actor may know it.
func Get[T any](ctx context.Context, q db.Queryer, sc authz.Scope, k Key[T]) (T, Origin, error) {
	c, err := Read(ctx, q, sc, k)
	if err != nil {
		return k.Default, Origin{}, err
	}
	return Of(k, c)
}

// Read reads what is stored for some keys on the chain of the scope's account, in one query; Of resolves each.
func Read(ctx context.Context, q db.Queryer, sc authz.Scope, keys ...Any) (Chain, error) {
	links, err := chain(ctx, q, sc.Account(), names(keys))
	if err != nil {
		return Chain{}, fmt.Errorf("read the settings of %s: %w", sc.Account(), err)
	}
	if len(links) == 0 {
		return Chain{}, errs.NoSuch("account")
	}
	hide(links, sc.InSight()[0])
	return gather(links), nil
}

// Enforced returns the value in force on an account for the program itself, which applies it before or without an actor.
func Enforced[T any](ctx context.Context, q db.Queryer, account ids.Account, k Key[T]) (T, error) {
	links, err := chain(ctx, q, account, []string{k.Name})
	if err != nil {
		return k.Default, fmt.Errorf("read %s of %s: %w", k.Name, account, err)
	}
	if len(links) == 0 {
		return k.Default, errs.NoSuch("account")
	}
	v, _, err := Of(k, gather(links))
	return v, err
}

// Stored is an account's own value, as the audit log shows it.
type Stored struct {
	Value  string `audit:"show"` // JSON
	Locked bool   `audit:"show"`
}

// Change is what Set or Reset did to an account's own value, for the write's audit event. Nil is none.
type Change struct{ Before, After *Stored }

// Nothing reports whether the value was as asked for already.
func (c Change) Nothing() bool { return reflect.DeepEqual(c.Before, c.After) }

// Set stores the own value of the scope's account. Locked stops every account below it from having another.
func Set[T any](ctx context.Context, tx *db.Tx, sc authz.Scope, k Key[T], value T, locked bool) (Change, error) {
	if k.Check != nil {
		if err := k.Check(value); err != nil {
			return Change{}, err
		}
	}
	body, err := json.Marshal(value)
	if err != nil {
		return Change{}, fmt.Errorf("write %s: %w", k.Name, err)
	}
	before, err := changeable(ctx, tx, sc, k, &value)
	if err != nil {
		return Change{}, err
	}
	c := Change{before, &Stored{string(body), locked}}
	if c.Nothing() {
		return c, nil
	}
	return c, put(ctx, tx, sc, k.Name, *c.After, k.anew(before, value))
}

// anew reports whether a value is switched on by being stored now.
func (k Key[T]) anew(before *Stored, after T) bool {
	if before == nil {
		return true
	}
	was, err := k.read([]byte(before.Value))
	if err != nil {
		return true
	}
	return reflect.DeepEqual(was, k.Default) || k.Anew != nil && k.Anew(was, after)
}

// Reset removes the own value of the scope's account, so that the one above is in force.
func Reset[T any](ctx context.Context, tx *db.Tx, sc authz.Scope, k Key[T]) (Change, error) {
	before, err := changeable(ctx, tx, sc, k, nil)
	if err != nil || before == nil {
		return Change{}, err
	}
	return Change{Before: before}, remove(ctx, tx, sc, k.Name)
}

// changeable returns the own value, or refuses when the setting is locked above or value would be laxer than what is in force there.
func changeable[T any](ctx context.Context, tx *db.Tx, sc authz.Scope, k Key[T], value *T) (*Stored, error) {
	c, err := Read(ctx, tx, sc, k)
	if err != nil {
		return nil, err
	}
	rows := c.rows[k.Name]
	var own *Stored
	if n := len(rows); n > 0 && rows[n-1].Depth == 0 {
		own = &Stored{string(rows[n-1].Value), rows[n-1].Locked}
		rows = rows[:n-1]
	}
	return own, admit(k, rows, value)
}

// admit refuses to have a value, or none, below the rows of a chain: it is locked there, or would be laxer.
func admit[T any](k Key[T], above []Row, value *T) error {
	v, from, err := Resolve(k, above)
	if from.Locked {
		return refuse(from.LockedBy, "locked", "It is locked for all accounts below.")
	}
	if value == nil || err != nil || from.IsDefault() {
		return nil // an unreadable value above must not prevent setting a good one here
	}
	if _, takes := k.Merge(v, *value); !takes && !reflect.DeepEqual(v, *value) {
		return refuse(from.Place, "laxer", "The value in force above is stricter than this one.")
	}
	return nil
}

// refuse says who stands in the way, without naming whom the viewer does not know.
func refuse(by Place, code, why string) error {
	if by.Name == "" {
		return errs.New(errs.Conflict, "setting."+code+"_by_provider", "Ask your provider to change this setting. "+why)
	}
	return errs.New(errs.Conflict, "setting."+code, "Ask {who} to change this setting. "+why, "who", by.Name)
}

func names(keys []Any) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.ID()
	}
	return out
}

// hide takes away the names above the nearest reseller of the viewer, whose highest account is top: who stands behind a
// white label stays unknown.
func hide(links []link, top ids.Account) {
	known := 0 // the depth of the highest account with a name
	for _, l := range links {
		if l.kind == "reseller" || l.kind == "platform" {
			known = l.Depth
		}
		if l.Account == top {
			break
		}
	}
	for i := range links {
		if links[i].Depth > known {
			links[i].Name = ""
		}
	}
}

// gather puts the rows of each key together.
func gather(links []link) Chain {
	c := Chain{map[string][]Row{}}
	for _, l := range links {
		if l.key != "" {
			c.rows[l.key] = append(c.rows[l.key], l.Row)
		}
	}
	return c
}
