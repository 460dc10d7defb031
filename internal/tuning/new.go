package tuning

import (
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// Tabs are all tabs.
func Tabs() []Tab { return []Tab{Branding, Settings, Security, Contacts} }

// MayEdit reports whether somebody sees a tab of the scope's account and may change what stands there.
func MayEdit(sc authz.Scope, tab Tab) bool {
	r, ok := rights[tab]
	return ok && sc.Has(r.view) && sc.Has(r.edit)
}

// ViewNew shows a tab as it stands on an account of a kind that is made right below parent: with nothing of its own, and with
// the rights that its maker has on it.
func (s *Service) ViewNew(ctx context.Context, by authz.Actor, parent ids.Account, kind string, tab Tab) (Page, error) {
	r, ok := rights[tab]
	if !ok {
		return Page{}, errs.NoSuch("setting")
	}
	q, sc, err := s.op.Read(ctx, by, r.view, parent)
	if err != nil {
		return Page{}, err
	}
	chain, err := setting.Read(ctx, q, sc, s.keys(tab, kind)...)
	if err != nil {
		return Page{}, err
	}
	return s.fill(chain.Below(), sc.Unborn(kind), tab)
}

// TabOf is the tab under which a setting stands.
func (s *Service) TabOf(name string) (Tab, bool) {
	for _, g := range s.groups {
		if slices.ContainsFunc(g.Keys, func(k setting.Any) bool { return k.ID() == name }) {
			return g.Tab, true
		}
	}
	return "", false
}

// SaveIn is Save in a write on the account, for one that nobody else can have changed meanwhile.
func (s *Service) SaveIn(ctx context.Context, w *op.W, tab Tab, edits map[string]Edit) error {
	r, ok := rights[tab]
	if !ok {
		return errs.NoSuch("setting")
	}
	if !w.Scope().Has(r.edit) {
		return authz.Denied()
	}
	_, err := s.change(ctx, w, tab, edits)
	return err
}
