package authz

import (
	"slices"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// Scope proves that a check passed and limits what SQL sees. The zero Scope matches no row.
type Scope struct {
	root      ids.Account
	name      string
	kind      string
	perms     Set // what the actor holds at root
	whole     Set // what they would hold there if no package withheld anything
	above     Set // what the actor holds by grants strictly above root
	subs      subReach
	chain     []ids.Account // root's ancestors from the platform down, root last
	granted   []Granted     // of chain: where a grant of the actor is in force
	still     int64         // see Still
	ownerHere bool          // by a membership of the account itself
	bought    bought        // what the client of the chain has
	top       int           // index in chain of the highest account the actor has a grant on
}

// bought is the package of a client that withholds something.
type bought struct {
	name string // "" for none
	sold Set
}

// Withheld reports what of a set the package of the client, on which or in which the account is, withholds from its people, and the
// package's name. Whoever is given that there has it in vain.
func (s Scope) Withheld(set Set) (withheld Set, by string) {
	if s.bought.name == "" {
		return Set{}, ""
	}
	return set.Without(s.bought.sold), s.bought.name
}

// subReach is which sub-accounts the actor may use: all, or those of some memberships.
type subReach struct {
	all  bool
	mems []ids.Membership
}

// below keeps what is in sight to an account and what is below it. It reports false when the scope's account is elsewhere.
func (s *Scope) below(top ids.Account) bool {
	i := slices.Index(s.chain, top)
	s.top = max(s.top, i)
	return i >= 0
}

// Account is the account that the check was made on.
func (s Scope) Account() ids.Account { return s.root }

// Name is the account's name.
func (s Scope) Name() string { return s.name }

// Kind is the account's kind: platform, reseller, customer or department.
func (s Scope) Kind() string { return s.kind }

// Has reports whether the actor also holds p on the account.
func (s Scope) Has(p Perm) bool { return s.perms.Has(p) }

// Unborn is what the scope would be on an account of a kind that is made right below. It has no id yet, so it matches no row.
func (s Scope) Unborn(kind string) Scope {
	return Scope{kind: kind, perms: s.perms, whole: s.whole, above: s.perms}
}

// Perms is everything the actor holds on the account.
func (s Scope) Perms() Set { return s.perms }

// Whole is what the actor would hold on the account if no package withheld anything: what they may put into a role group. A package
// binds those who get a role as it binds those who give it.
func (s Scope) Whole() Set { return s.whole }

// HeldAbove reports whether the actor holds p by a grant strictly above the account, as the parent's fields demand.
func (s Scope) HeldAbove(p Perm) bool { return s.above.Has(p) }

// InSight returns the account's chain from the highest account the actor has a grant on, down to the account itself.
func (s Scope) InSight() []ids.Account {
	if s.root == "" {
		return nil
	}
	return slices.Clone(s.chain[s.top:])
}

// Sees reports whether an account is among those InSight.
func (s Scope) Sees(account ids.Account) bool {
	return s.root != "" && slices.Contains(s.chain[s.top:], account)
}

// Chain returns the account's ancestors from the platform down, the account last.
func (s Scope) Chain() []ids.Account { return slices.Clone(s.chain) }

// Still reports whether, at an instant, nothing in the account may be written because it or an account above is being moved. Only a
// scope of the writing transaction knows: nobody is told when it changes.
func (s Scope) Still(at time.Time) bool { return s.still > at.UnixMilli() }

const nothing = "1 = 0"

// Down keeps col to the account and everything below it. It is for point reads and writes, not for lists.
func (s Scope) Down(col string) (cond string, args []any) {
	if s.root == "" {
		return nothing, nil
	}
	return "EXISTS (SELECT 1 FROM account_tree t WHERE t.ancestor_id = ? AND t.descendant_id = " + col + ")", []any{s.root}
}

// Here keeps col to the account itself.
func (s Scope) Here(col string) (cond string, args []any) {
	if s.root == "" {
		return nothing, nil
	}
	return col + " = ?", []any{s.root}
}

// Up keeps col to the account and its ancestors, for what is inherited. It is for reading named columns only.
func (s Scope) Up(col string) (cond string, args []any) {
	if s.root == "" {
		return nothing, nil
	}
	return "EXISTS (SELECT 1 FROM account_tree t WHERE t.descendant_id = ? AND t.ancestor_id = " + col + ")", []any{s.root}
}

// AllSubs reports whether the actor may use every sub-account, those to come included.
func (s Scope) AllSubs() bool { return s.root != "" && s.subs.all }

// Sub keeps col to the sub-accounts that the actor may use.
func (s Scope) Sub(col string) (cond string, args []any) {
	switch {
	case s.root == "":
		return nothing, nil
	case s.subs.all:
		return "1 = 1", nil
	case len(s.subs.mems) == 0:
		return nothing, nil
	}
	return "EXISTS (SELECT 1 FROM membership_subaccounts ms WHERE ms.subaccount_id = " + col + " AND ms.membership_id IN " + db.In(len(s.subs.mems)) + ")",
		db.Args(s.subs.mems...)
}
