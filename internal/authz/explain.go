package authz

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Step is one reason on the way to a decision.
type Step struct {
	Verdict Verdict
	Code    string // catalogue key "explain.<code>"
	Account ids.Account
	Name    string // the account's name
	Role    Role
	Package string // the name of the package that decided
}

// Verdict is what a step contributes.
type Verdict uint8

// The verdicts.
const (
	Neutral Verdict = iota // says something, decides nothing
	Grants
	Blocks
)

// Explanation is a decision with its reasons.
type Explanation struct {
	Perm    Perm
	On      ids.Account
	Seen    bool // the account is in the actor's sight
	Allowed bool
	Steps   []Step
}

// Explain says whether by holds p on the account, and which grant, role, hold or closing decided. It uses the same
// facts and the same rule as Check.
func (c *Checker) Explain(ctx context.Context, q db.Queryer, by Actor, p Perm, on ids.Account) (Explanation, error) {
	f, err := c.facts(ctx, q, by, on)
	if err != nil {
		return Explanation{}, err
	}
	return ExplainFacts(f, p, on), nil
}

// ExplainPerson is Explain about a person, asked by somebody else. It mints nothing.
func (c *Checker) ExplainPerson(ctx context.Context, q db.Queryer, of ids.User, p Perm, on ids.Account) (Explanation, error) {
	return c.Explain(ctx, q, *person(of), p, on)
}

// person is somebody who is asked about by others.
func person(of ids.User) *Actor { return &Actor{is: Identity{Kind: Person, User: of}} }

// PermsOfPerson returns everything a person holds on the account, asked by somebody else.
func (c *Checker) PermsOfPerson(ctx context.Context, q db.Queryer, of ids.User, on ids.Account) (Set, error) {
	d, err := c.decide(ctx, q, person(of), on)
	if err != nil {
		return Set{}, err
	}
	return d.scope.perms, nil
}

// GrantsOfPerson returns the accounts, from the platform down to the account, by which a person holds something there;
// none when p is not among what they hold.
func (c *Checker) GrantsOfPerson(ctx context.Context, q db.Queryer, of ids.User, p Perm, on ids.Account) ([]ids.Account, error) {
	d, err := c.decide(ctx, q, person(of), on)
	if err != nil || !d.scope.Has(p) {
		return nil, err
	}
	at := make([]ids.Account, len(d.scope.granted))
	for i, g := range d.scope.granted {
		at[i] = g.Account
	}
	return at, nil
}

// ExplainFacts explains the decision that Decide takes on the same facts.
func ExplainFacts(f Facts, p Perm, on ids.Account) Explanation {
	sc, seen := Decide(f)
	x := Explanation{Perm: p, On: on, Seen: seen, Allowed: seen && sc.Has(p)}
	var st standing
	grants := false
	for _, l := range f.Chain {
		st.enter(l)
		if l.Closed {
			x.Steps = append(x.Steps, Step{Verdict: Neutral, Code: "account_closed", Account: l.Account, Name: l.Name})
		}
		if l.Held {
			x.Steps = append(x.Steps, Step{Verdict: Neutral, Code: "account_held", Account: l.Account, Name: l.Name})
		}
		if l.Role == "" {
			continue
		}
		grants = true
		x.Steps = append(x.Steps, grantStep(l, p, st))
	}
	if !grants {
		x.Steps = append(x.Steps, Step{Verdict: Blocks, Code: "no_membership", Account: on})
	}
	return x
}

func grantStep(l Link, p Perm, st standing) Step {
	full := RoleSet(l.Role, l.Extra, l.Group)
	if l.ByKey {
		full = full.Union(OfKeys()).Intersect(l.Scopes.Union(home))
	}
	if l.Role == machine {
		full = l.Extra
	}
	step := func(v Verdict, code string) Step { return Step{v, code, l.Account, l.Name, l.Role, ""} }
	switch {
	case inForce(l, st).Has(p) && !st.within(inForce(l, st)).Has(p):
		return Step{Blocks, "package_withholds", l.Account, l.Name, l.Role, st.by}
	case inForce(l, st).Has(p):
		return step(Grants, "role_grants")
	case full.Has(p) && st.closed:
		return step(Blocks, "closed_blocks")
	case full.Has(p) && st.held:
		return step(Blocks, "hold_blocks")
	case l.ByKey && ofOwner(l, st).Has(p):
		return step(Blocks, "key_blocks")
	case l.Role == User && userSet.Has(p):
		return step(Neutral, "module_not_ticked")
	}
	return step(Neutral, "role_lacks")
}

// Refusal is the error for a permission that is not held on an account in sight.
func (x Explanation) Refusal() error {
	for _, s := range x.Steps {
		if s.Verdict == Blocks && s.Code == "hold_blocks" {
			return errs.New(errs.Denied, "auth.held", "Ask who set the hold to lift it. The account is suspended, so its people can look but not change.")
		}
		if s.Verdict == Blocks && s.Code == "key_blocks" {
			return errs.New(errs.Denied, "auth.key_lacks", "Use a key that includes {perm}, or make one. This key does not include it.", "perm", string(x.Perm))
		}
		if s.Verdict == Blocks && s.Code == "package_withholds" {
			return errs.New(errs.Denied, "auth.package_withholds", "Ask your provider for another package. {package} does not include this.", "package", s.Package)
		}
		if s.Verdict == Blocks && s.Code == "closed_blocks" {
			return errs.New(errs.Denied, "auth.closed", "Reopen the account first. It is closed.")
		}
	}
	return Denied()
}

// Denied is the refusal of somebody whose role does not include what they ask for.
func Denied() error {
	return errs.New(errs.Denied, "auth.denied", "Ask an admin of the account for access. Your role does not include this.")
}
