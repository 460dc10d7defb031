package tuning

import (
	"context"
	"encoding/json"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// mostCounted is where counting ends: above it a number says "more than".
const mostCounted = 10_000

// Below says whom a change of a setting reaches.
type Below struct {
	Accounts int // below the account, closed ones left out; up to 10,001
	Own      int // of them with a value of their own, which a lock puts out of force; up to 10,001
}

// Below counts whom a lock of a setting would reach.
func (s *Service) Below(ctx context.Context, by authz.Actor, account ids.Account, tab Tab, name string) (Below, error) {
	r, ok := rights[tab]
	if !ok {
		return Below{}, errs.NoSuch("setting")
	}
	q, sc, err := s.op.Read(ctx, by, r.view, account)
	if err != nil {
		return Below{}, err
	}
	if _, _, err := s.find(tab, sc.Kind(), name); err != nil {
		return Below{}, err
	}
	return below(ctx, q, sc, name)
}

// Pair is one setting on two accounts.
type Pair struct {
	Name       string
	One, Other *Field // nil where accounts of that kind do not have it
	Same       bool   // the same is in force on both
}

// Comparison is a tab of two accounts side by side.
type Comparison struct {
	One, Other Page
	Pairs      []Pair // in the order of the tab
}

// Compare puts a tab of two accounts side by side.
func (s *Service) Compare(ctx context.Context, by authz.Actor, one, other ids.Account, tab Tab) (c Comparison, err error) {
	if c.One, err = s.View(ctx, by, one, tab); err != nil {
		return c, err
	}
	if c.Other, err = s.View(ctx, by, other, tab); err != nil {
		return c, err
	}
	others := map[string]*Field{}
	for _, f := range c.Other.Fields() {
		others[f.Name] = &f
	}
	for _, f := range c.One.Fields() {
		p := Pair{Name: f.Name, One: &f, Other: others[f.Name]}
		p.Same = p.Other != nil && string(p.Other.Value) == string(f.Value)
		c.Pairs = append(c.Pairs, p)
		delete(others, f.Name)
	}
	for _, f := range c.Other.Fields() {
		if only, left := others[f.Name]; left {
			c.Pairs = append(c.Pairs, Pair{Name: f.Name, Other: only})
		}
	}
	return c, nil
}

// MostTargets is how many accounts Apply changes at once.
const MostTargets = 200

// Apply gives accounts below an account the values that are in force on it, as values of their own: all of them in one
// step, or none. It locks nothing.
func (s *Service) Apply(ctx context.Context, by authz.Actor, from ids.Account, tab Tab, names []string, to []ids.Account) error {
	r, ok := rights[tab]
	switch {
	case !ok:
		return errs.NoSuch("setting")
	case len(names) == 0:
		return errs.Field("name", "setting.choose", "Choose the settings to apply.")
	case len(to) == 0:
		return errs.Field("to", "setting.choose_accounts", "Choose the accounts to apply them to.")
	case len(to) > MostTargets:
		return errs.Field("to", "setting.too_many", "Choose up to {most} accounts at once.", "most", MostTargets)
	}
	return s.op.Write(ctx, by, r.edit, from, func(ctx context.Context, w *op.W) error {
		page, err := s.page(ctx, w.Tx(), w.Scope(), tab)
		if err != nil {
			return err
		}
		edits, err := page.taken(names)
		if err != nil {
			return err
		}
		if err := allBelow(ctx, w.Tx(), w.Scope(), to); err != nil {
			return err
		}
		changed := false
		for _, account := range to {
			if err := w.On(ctx, r.edit, account, func(ctx context.Context, w *op.W) error {
				did, err := s.change(ctx, w, tab, edits)
				changed = changed || did
				return err
			}); err != nil {
				return err
			}
		}
		if !changed {
			return w.Unchanged()
		}
		return nil
	})
}

// taken are edits that give another account the values of some settings of the page.
func (p Page) taken(names []string) (map[string]Edit, error) {
	values := map[string]json.RawMessage{}
	for _, f := range p.Fields() {
		values[f.Name] = f.Value
	}
	edits := map[string]Edit{}
	for _, name := range names {
		v := values[name]
		if v == nil {
			return nil, errs.Field("name", "setting.unknown", "Leave out {setting}. There is no such setting here.", "setting", name)
		}
		edits[name] = Edit{Value: v}
	}
	return edits, nil
}
