package user

import (
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/module"
	"bailiwick/internal/quota"
	"bailiwick/internal/role"
)

// Access is what a membership gives: one role, what is ticked besides, and which sub-accounts.
type Access struct {
	Role    authz.Role
	Perms   authz.Set // the modules of a User, the access list of Support, and what an Owner adds
	AllSubs bool      // including future ones; else Subs
	Subs    []ids.SubAccount
}

var bodies = authz.SetOf(authz.MessagesViewBody)

// Default is the access of a person invited without any choice: a Guest.
func Default() Access { return Access{Role: authz.Guest, AllSubs: true} }

func (a Access) same(b Access) bool {
	return a.Role == b.Role && a.Perms == b.Perms && a.AllSubs == b.AllSubs && slices.Equal(a.Subs, b.Subs)
}

// Tidy brings an access into the form in which it is compared and stored: Owners and Admins reach every sub-account.
func (a Access) Tidy() Access {
	if a.Role == authz.Owner || a.Role == authz.Admin || a.Role == authz.Guest {
		a.AllSubs = true
	}
	if a.AllSubs {
		a.Subs = nil
		return a
	}
	a.Subs = slices.Clone(a.Subs)
	slices.Sort(a.Subs)
	a.Subs = slices.Compact(a.Subs)
	return a
}

// Grant returns what the access confers. A role group that cannot be used on the scope's account is a field error.
func (a Access) Grant(ctx context.Context, q db.Queryer, sc authz.Scope) (authz.Grant, error) {
	g := authz.Grant{Role: a.Role, Extra: a.Perms, AllSubs: a.AllSubs}
	if !a.Role.IsGroup() {
		return g, nil
	}
	group, err := role.Find(ctx, q, sc, a.Role)
	if errs.KindOf(err) == errs.NotFound {
		return g, errs.Field("role", "role.gone", "Choose another role. This role group does not exist here.")
	}
	g.Group = group.Perms
	return g, err
}

// CheckAccess checks that the holder of the scope may give the access on its account: the role can be used there,
// a User has a module, and nothing exceeds what the giver holds. What a person already has (had) is not given anew.
func CheckAccess(ctx context.Context, q db.Queryer, sc authz.Scope, a, had Access) error {
	if err := a.checkForm(ctx, q, sc); err != nil {
		return err
	}
	if err := module.CheckGiven(ctx, q, a.Perms.Without(had.Perms)); err != nil {
		return err
	}
	g, err := a.Grant(ctx, q, sc)
	if err != nil {
		return err
	}
	if had.Perms.Has(authz.MessagesViewBody) {
		g.Extra = g.Extra.Without(bodies)
	}
	g.AllSubs = g.AllSubs && !had.AllSubs
	if err := sc.MayGive(g); err != nil {
		return err
	}
	return checkSubs(ctx, q, sc, a, had)
}

// CheckSending checks that the access lets nobody send more than whoever gives it may send.
func CheckSending(ctx context.Context, tx *db.Tx, sc authz.Scope, by authz.Actor, a, had Access) error {
	g, err := a.Grant(ctx, tx, sc)
	if err != nil || !g.Set().Has(authz.MessagesSend) {
		return err
	}
	was := had.Role
	if was != "" {
		before, err := had.Grant(ctx, tx, sc)
		if err != nil && errs.KindOf(err) != errs.Invalid {
			return err
		}
		if err != nil || !before.Set().Has(authz.MessagesSend) {
			was = ""
		}
	}
	return quota.Given(ctx, tx, sc, by, was, a.Role)
}

// checkForm checks what does not depend on who gives.
func (a Access) checkForm(ctx context.Context, q db.Queryer, sc authz.Scope) error {
	if !a.Role.Known() {
		return errs.Field("role", "role.gone", "Choose another role. This role group does not exist here.")
	}
	if a.Role == authz.User && a.Perms.Without(bodies).Empty() {
		return errs.Field("modules", "user.needs_module", "Tick at least one module. A user needs at least one module.")
	}
	if a.Role != authz.Support {
		return nil
	}
	kind, err := kindOf(ctx, q, sc)
	if err != nil {
		return err
	}
	if kind != "platform" && kind != "reseller" {
		return errs.Field("role", "role.support_here", "Choose another role. Support exists only at the platform and at resellers.")
	}
	return nil
}

func checkSubs(ctx context.Context, q db.Queryer, sc authz.Scope, a, had Access) error {
	if a.AllSubs {
		return nil
	}
	if len(a.Subs) == 0 {
		return errs.Field("subaccounts", "user.needs_subaccount", "Choose at least one sub-account, or all of them.")
	}
	var fresh []ids.SubAccount
	for _, s := range a.Subs {
		if had.Role == "" || had.AllSubs || !slices.Contains(had.Subs, s) {
			fresh = append(fresh, s)
		}
	}
	n, err := countSubs(ctx, q, sc, fresh)
	if err != nil {
		return err
	}
	if n != len(fresh) {
		return errs.Field("subaccounts", "user.subaccount_gone", "Choose the sub-accounts again. At least one of them does not exist here.")
	}
	return nil
}

// CheckRank checks that the holder of the scope stands no lower on its account than who has the access: in what it
// confers (g) and in the sub-accounts that it covers.
func (a Access) CheckRank(ctx context.Context, q db.Queryer, sc authz.Scope, g authz.Grant) error {
	if err := sc.MayManage(g); err != nil || a.AllSubs || sc.AllSubs() {
		return err
	}
	n, err := countOutside(ctx, q, sc, a.Subs)
	if err == nil && n > 0 {
		err = errs.New(errs.Denied, "user.above_you", "Ask an Owner of the account. This person has more rights here than you.")
	}
	return err
}
