package authz

import "bailiwick/internal/errs"

// Grant is a role with what was ticked for it.
type Grant struct {
	Role    Role
	Extra   Set
	Group   Set  // the permissions of the role group, when Role is one
	AllSubs bool // it covers every sub-account, those to come included
}

// Set is everything the grant holds.
func (g Grant) Set() Set { return RoleSet(g.Role, g.Extra, g.Group) }

// beyond reports whether the grant covers sub-accounts to come and the actor does not. For one that only comes in
// it means nothing.
func (s Scope) beyond(g Grant) bool {
	return g.AllSubs && !s.AllSubs() && !g.Set().Without(home).Empty()
}

// MayGive checks the delegation ceiling: nobody grants on the scope's account what they do not hold there. One
// exception: who holds clients.create above the account may give it an Owner. Message bodies are the Owner's to give.
func (s Scope) MayGive(g Grant) error {
	if err := s.givable(g); err != nil || g.Role == Owner && s.HeldAbove(ClientsCreate) {
		return err
	}
	return s.holds(g)
}

// MayTake is MayGive for oneself: the exception for Owners gives the giver nothing.
func (s Scope) MayTake(g Grant) error {
	if err := s.givable(g); err != nil {
		return err
	}
	return s.holds(g)
}

// givable checks what may be ticked, and who lets people read message bodies.
func (s Scope) givable(g Grant) error {
	if extra := g.Extra.Without(Grantable(g.Role)); !extra.Empty() {
		return errs.New(errs.Denied, "role.not_grantable", "Choose another role, or leave out {perm}. That role cannot hold it.", "perm", string(extra.First()))
	}
	if g.Extra.Has(MessagesViewBody) && !s.ownerHere {
		return errs.New(errs.Denied, "role.view_body_owner_only", "Ask an Owner of the account. Only they may let somebody read message bodies.")
	}
	return nil
}

func (s Scope) holds(g Grant) error {
	if missing := g.Set().Without(viewBody).Without(s.whole); !missing.Empty() {
		return errs.New(errs.Denied, "role.above_yours", "Choose a role with no more rights than your own. You do not hold {perm} here.", "perm", string(missing.First()))
	}
	if s.beyond(g) {
		return errs.New(errs.Denied, "user.subaccounts_above_yours", "Choose single sub-accounts. Your own access does not cover all of them.")
	}
	return nil
}

// MayManage checks rank: nobody edits, deactivates or removes someone with more rights than they have, or who
// covers more sub-accounts. Single sub-accounts are compared by user.CheckRank.
func (s Scope) MayManage(g Grant) error {
	if g.Role == Owner && s.HeldAbove(ClientsCreate) {
		return nil
	}
	if !g.Set().Without(viewBody).Without(s.whole).Empty() || s.beyond(g) {
		return errs.New(errs.Denied, "user.above_you", "Ask an Owner of the account. This person has more rights here than you.")
	}
	return nil
}
