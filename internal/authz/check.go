package authz

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Checker answers permission questions. The zero Checker remembers nothing and reads the facts for each.
type Checker struct {
	pool  *db.DB
	cache *change.Cache[question, *decision]
	gate  Gate
}

// NewChecker makes a Checker that remembers its answers about persons and keys until the feed of the pool's node tells otherwise.
// Without a gate every grant counts, however somebody comes.
func NewChecker(pool *db.DB, feed *change.Feed, gate Gate) *Checker {
	return &Checker{pool, change.NewCache[question, *decision](feed, mostDecisions), gate}
}

// Link is one account on the target's chain, with the actor's grant on it if there is one.
type Link struct {
	Account     ids.Account
	Kind        string
	Name        string
	Held        bool // at least one own hold
	Closed      bool
	Still       int64          // Unix milliseconds until which the account is kept still for a move, 0 when it is not
	Membership  ids.Membership // "" without a grant
	Since       time.Time      // when the membership began
	Role        Role
	Extra       Set // what was ticked for the membership
	Group       Set // the permissions of its role group
	AllSubs     bool
	Package     ids.Package // what the account has bought, "" nothing
	PackageName string
	Bound       bool // the package withholds modules from the account's people and those below,
	Sold        Set  // and leaves these
	ByKey       bool // the actor is a Key: Scopes cuts the grant
	Scopes      Set
}

// machine marks the grant that a job or the console carries itself; holds and closing do not weaken it.
const machine Role = "machine"

// Facts are all that a decision depends on. Chain runs from the platform down; the target is last.
type Facts struct{ Chain []Link }

// Check mints the Scope of the account for by, or says why not: an account out of the actor's sight is not
// found, one in sight without p is denied.
func (c *Checker) Check(ctx context.Context, q db.Queryer, by Actor, p Perm, on ids.Account) (Scope, error) {
	d, refusal, err := c.see(ctx, q, &by, on)
	if err != nil {
		return Scope{}, err
	}
	if d.scope.perms.Has(p) {
		return d.scope, nil
	}
	if refusal != nil {
		return Scope{}, refusal
	}
	return Scope{}, c.denied(ctx, q, by, p, on)
}

// See mints the Scope of an account in the actor's sight, whatever they hold there. An account where nothing is
// held at all is not found.
func (c *Checker) See(ctx context.Context, q db.Queryer, by Actor, on ids.Account) (Scope, error) {
	d, _, err := c.see(ctx, q, &by, on) //nolint:errcheck // whoever is in sight may see, whatever else is refused
	if err != nil {
		return Scope{}, err
	}
	return d.scope, nil
}

func (c *Checker) see(ctx context.Context, q db.Queryer, by *Actor, on ids.Account) (d *decision, refusal, err error) {
	if !by.Known() {
		return nil, nil, errs.New(errs.Unauthenticated, "auth.required", "Sign in first.")
	}
	d, refusal, err = c.enter(ctx, q, by, on)
	switch {
	case err != nil:
		return nil, nil, err
	case d.seen:
		return d, refusal, nil
	case refusal != nil:
		return nil, nil, refusal
	}
	return nil, nil, errs.NoSuch("account")
}

// Allowed reports whether by holds p on the account, without saying why: an account out of sight is refused as any other.
func (c *Checker) Allowed(ctx context.Context, q db.Queryer, by Actor, p Perm, on ids.Account) (bool, error) {
	if !by.Known() {
		return false, nil
	}
	d, _, err := c.enter(ctx, q, &by, on) //nolint:errcheck // why not is not asked
	return err == nil && d.seen && d.scope.perms.Has(p), err
}

// Decide is the one implementation of the rules, over facts alone. It reports false when the actor has no grant on the chain.
func Decide(f Facts) (Scope, bool) {
	n := len(f.Chain)
	if n == 0 {
		return Scope{}, false
	}
	here := f.Chain[n-1]
	sc := Scope{root: here.Account, name: here.Name, kind: here.Kind, top: -1, chain: make([]ids.Account, n)}
	var st standing
	for i, l := range f.Chain {
		sc.chain[i] = l.Account
		st.enter(l)
		sc.still = max(sc.still, l.Still)
		if l.Role == "" {
			continue
		}
		whole := inForce(l, st)
		got := st.within(whole)
		if got.Empty() {
			continue
		}
		sc.granted = append(sc.granted, Granted{l.Account, l.admin(), l.Since})
		if sc.top < 0 {
			sc.top = i
		}
		sc.perms = sc.perms.Union(got)
		sc.whole = sc.whole.Union(whole)
		if i == n-1 && l.Role == Owner && (!l.ByKey || l.Scopes.Has(MessagesViewBody)) {
			sc.ownerHere = true
		}
		if i < n-1 {
			sc.above = sc.above.Union(got)
		}
		switch {
		case whole.Without(home).Empty(): // a Guest does nothing with sub-accounts
		case l.AllSubs:
			sc.subs.all = true
		default:
			sc.subs.mems = append(sc.subs.mems, l.Membership)
		}
	}
	if st.bound {
		sc.bought = bought{st.by, st.sold}
	}
	return sc, sc.top >= 0
}

// admin reports whether a grant lets change people or the rules of security, wherever the account stands.
func (l Link) admin() bool {
	set := RoleSet(l.Role, l.Extra, l.Group)
	return l.Role == Owner || l.Role == Admin || set.Has(UsersEdit) || set.Has(SecurityEdit)
}

// inForce is what a grant gives when its own account stands as it does, but for the package: the people of a suspended
// account only look, those of a closed one are gone but for its Owner. Holds and closing below the grant do not weaken it.
func inForce(l Link, st standing) Set {
	if l.Role == machine {
		return l.Extra
	}
	if l.ByKey {
		return cutByKey(l, st)
	}
	return ofPerson(l, st)
}

func ofPerson(l Link, st standing) Set {
	set := RoleSet(l.Role, l.Extra, l.Group)
	switch {
	case st.closed && l.Role == Owner:
		return set.Intersect(closedOwner)
	case st.closed:
		return Set{}
	case st.held:
		return set.Intersect(readOnly)
	}
	return set
}

func (c *Checker) facts(ctx context.Context, q db.Queryer, by Actor, on ids.Account) (Facts, error) {
	chain, err := db.All(ctx, q, scanLink, `
		SELECT a.id, a.kind, a.name, EXISTS (SELECT 1 FROM holds h WHERE h.account_id = a.id), a.closed_at IS NOT NULL,
		       COALESCE((SELECT v.still_until FROM account_moves v WHERE v.account_id = a.id
		           AND (v.task_id = '' OR EXISTS (SELECT 1 FROM tasks k WHERE k.id = v.task_id AND k.state IN ('waiting', 'running')))), 0),
		       COALESCE(m.id, ''), COALESCE(m.role, ''), COALESCE(m.perms, '[]'), COALESCE(m.all_subaccounts, FALSE), COALESCE(r.perms, '[]'), COALESCE(m.created_at, 0),
		       a.package_id, COALESCE(k.name, ''), COALESCE(k.perms, '')
		FROM account_tree t
		JOIN accounts a ON a.id = t.ancestor_id
		LEFT JOIN memberships m ON m.account_id = a.id AND m.user_id = ? AND m.deactivated_at IS NULL
		LEFT JOIN roles r ON r.id = m.role
		LEFT JOIN packages k ON k.id = a.package_id
		WHERE t.descendant_id = ? ORDER BY t.depth DESC`, by.User(), on)
	if err != nil {
		return Facts{}, fmt.Errorf("load the chain of %s: %w", on, err)
	}
	if by.Kind() == Key {
		byKey(chain, by)
	}
	if by.Kind() == Machine || by.Kind() == Console {
		for i := range chain {
			if chain[i].Account == by.Account() {
				chain[i].Role, chain[i].Extra, chain[i].AllSubs = machine, by.is.Perms, true
			}
		}
	}
	return Facts{chain}, nil
}

func scanLink(r db.Row) (l Link, err error) {
	var extra, group, sold string
	var since int64
	if err := r.Scan(&l.Account, &l.Kind, &l.Name, &l.Held, &l.Closed, &l.Still, &l.Membership, &l.Role, &extra, &l.AllSubs, &group, &since, &l.Package, &l.PackageName, &sold); err != nil {
		return l, err
	}
	l.Since = time.UnixMilli(since)
	if l.Extra, err = DecodeSet(extra); err != nil {
		return l, fmt.Errorf("permissions of %s: %w", l.Membership, err)
	}
	if l.Group, err = DecodeSet(group); err != nil {
		return l, fmt.Errorf("permissions of %s: %w", l.Role, err)
	}
	if l.Bound = sold != ""; l.Bound {
		if l.Sold, err = DecodeSet(sold); err != nil {
			return l, fmt.Errorf("modules of %s: %w", l.Package, err)
		}
		l.Sold = Sold(l.Sold)
	}
	return l, nil
}

func (c *Checker) denied(ctx context.Context, q db.Queryer, by Actor, p Perm, on ids.Account) error {
	x, err := c.Explain(ctx, q, by, p, on)
	if err != nil {
		return err
	}
	return x.Refusal()
}
