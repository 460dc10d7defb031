package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/op"
)

// Status is derived from holds and closing, never stored.
type Status string

// The statuses.
const (
	Active    Status = "active"
	Suspended Status = "suspended"
	Closed    Status = "closed"
)

// Source says who set a hold.
type Source string

// The sources of holds.
const (
	Operator Source = "operator" // set from the platform
	Parent   Source = "parent"   // from an account above that is not the platform
	Billing  Source = "billing"
	Abuse    Source = "abuse"
	Expiry   Source = "expiry" // the membership ended
	Self     Source = "self"   // by the account's own Owner
)

// Hold stops an account and everything below it from sending and changing.
type Hold struct {
	ID          ids.Hold    `audit:"-"`
	On          ids.Account `audit:"-"`
	OnName      string      `audit:"-"`
	Source      Source      `audit:"show"`
	SetFrom     ids.Account `audit:"show"`
	SetFromName string      `audit:"-"` // "" when that is out of the viewer's sight
	Reason      string      `audit:"show"`
	SetBy       string      `audit:"-"`
	SetByName   string      `audit:"-"` // "" when the account it was set from is out of the viewer's sight
	At          time.Time   `audit:"-"`
	CanLift     bool        `audit:"-"` // by the viewer
}

// Standing is an account's status with the holds that decide it, its own first.
type Standing struct {
	Status Status
	Holds  []Hold
}

// Own returns the holds on the account itself.
func (s Standing) Own(id ids.Account) []Hold {
	return slices.DeleteFunc(slices.Clone(s.Holds), func(h Hold) bool { return h.On != id })
}

const longestReason = 500

// Standing returns the account's status, the holds on it and above, and which of them the viewer can lift.
func (s *Service) Standing(ctx context.Context, by authz.Actor, id ids.Account) (Standing, error) {
	q, sc, err := s.op.See(ctx, by, id)
	if err != nil {
		return Standing{}, err
	}
	return standing(ctx, q, sc, by)
}

// standing blanks what is out of the viewer's sight: a client sees that its provider holds it, not who that is.
func standing(ctx context.Context, q db.Queryer, sc authz.Scope, by authz.Actor) (Standing, error) {
	a, err := get(ctx, q, sc, sc.Account())
	if err != nil {
		return Standing{}, err
	}
	return standingOf(ctx, q, sc, by, a)
}

func standingOf(ctx context.Context, q db.Queryer, sc authz.Scope, by authz.Actor, a Account) (Standing, error) {
	holds, err := chainHolds(ctx, q, sc)
	if err != nil {
		return Standing{}, err
	}
	owner, err := isOwner(ctx, q, sc, by)
	if err != nil {
		return Standing{}, err
	}
	out := Standing{Status: Active, Holds: holds}
	seen := sc.InSight()
	for i := range holds {
		h := &holds[i]
		h.CanLift = h.On == a.ID && (h.Source == Self && owner || mayLift(sc, a.Kind, h.SetFrom))
		if !slices.Contains(seen, h.SetFrom) {
			h.SetFrom, h.SetFromName, h.SetBy, h.SetByName = "", "", "", ""
		}
		if !slices.Contains(seen, h.On) {
			h.On, h.OnName = "", ""
		}
	}
	switch {
	case a.Closed():
		out.Status = Closed
	case len(holds) > 0:
		out.Status = Suspended
	}
	return out, nil
}

// mayLift is the reading twin of lifts, for the page; lifts decides.
func mayLift(sc authz.Scope, kind Kind, setFrom ids.Account) bool {
	p := kind.Perm(suspend)
	if setFrom == sc.Account() {
		return sc.Has(p)
	}
	return sc.HeldAbove(p) && slices.Contains(sc.InSight(), setFrom)
}

// Hold puts a hold on the account from the actor's own level: the platform's, a reseller's or its own Owner's.
func (s *Service) Hold(ctx context.Context, by authz.Actor, id ids.Account, reason string) error {
	reason = strings.TrimSpace(reason)
	var c errs.Collector
	if c.Line("reason", reason, longestReason); c.Err() != nil {
		return c.Err()
	}
	kind, err := s.kindOf(ctx, by, id)
	if err != nil {
		return err
	}
	return s.op.Write(ctx, by, kind.Perm(suspend), id, func(ctx context.Context, w *op.W) error {
		return orUnchanged(w)(holdIn(ctx, w, reason))
	})
}

// orUnchanged ends a write that changed nothing.
func orUnchanged(w *op.W) func(bool, error) error {
	return func(changed bool, err error) error {
		if err == nil && !changed {
			return w.Unchanged()
		}
		return err
	}
}

// holdIn puts a hold of the actor's own level on the account that w is on. It reports whether that was new.
func holdIn(ctx context.Context, w *op.W, reason string) (bool, error) {
	a, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil {
		return false, err
	}
	if a.Kind == Platform {
		return false, errs.New(errs.Invalid, "account.platform_hold", "Choose an account below the platform. The platform itself cannot be suspended.")
	}
	if a.Closed() {
		return false, errs.New(errs.Conflict, "account.closed", "Reopen the account first. It is closed.")
	}
	source, from, err := levelOf(ctx, w, a)
	if err != nil {
		return false, err
	}
	return setHold(ctx, w, a, Hold{Source: source, SetFrom: from, Reason: reason})
}

func setHold(ctx context.Context, w *op.W, a Account, h Hold) (bool, error) {
	h.ID, h.On, h.At, h.SetBy, h.SetByName = ids.NewHold(w.Tx().Now()), a.ID, w.Tx().Now(), w.By().ID(), w.By().Name()
	fresh, err := addHold(ctx, w.Tx(), w.Scope(), h)
	if err != nil || !fresh {
		return false, err
	}
	w.Audit(audit.Event{Action: "account.held", TargetType: "account", TargetID: string(a.ID), Target: a.Name, After: h})
	if err := tellAccount(ctx, w, notice.AccountHeld, nil); err != nil {
		return false, err
	}
	return true, listHeld(ctx, w.Tx(), w.Scope())
}

// levelOf finds from which account the actor suspends: the highest on which they hold the permission.
func levelOf(ctx context.Context, w *op.W, a Account) (Source, ids.Account, error) {
	chain, err := path(ctx, w.Tx(), w.Scope())
	if err != nil {
		return "", "", err
	}
	for _, c := range chain {
		ok, err := holds(ctx, w, a.Kind.Perm(suspend), c.ID)
		switch {
		case err != nil:
			return "", "", err
		case ok && c.ID == a.ID:
			return Self, a.ID, onlyOwner(ctx, w)
		case ok && c.Kind == Platform:
			return Operator, c.ID, nil
		case ok:
			return Parent, c.ID, nil
		}
	}
	return "", "", noSuspend()
}

func noSuspend() error {
	return errs.New(errs.Denied, "account.suspend_denied", "Ask an Owner of the account, or its provider. Your role does not include this.")
}

// onlyOwner refuses those who act at the account's own level and are neither its Owner nor a key of one.
func onlyOwner(ctx context.Context, w *op.W) error {
	owner, err := ownedBy(ctx, w.Tx(), w.Scope(), w.By())
	if err != nil {
		return err
	}
	if !owner {
		return noSuspend()
	}
	return nil
}

// holds reports whether the actor holds p on another account of the chain, by the same check as everywhere.
func holds(ctx context.Context, w *op.W, p authz.Perm, on ids.Account) (bool, error) {
	err := w.On(ctx, p, on, func(context.Context, *op.W) error { return nil })
	switch errs.KindOf(err) {
	case errs.Denied, errs.NotFound:
		return false, nil
	}
	return err == nil, err
}

// Lift lifts one hold. Who may suspend at the account it was set from, or above, may; and the account's Owner
// may lift the account's own, although a suspended account's people otherwise only look.
func (s *Service) Lift(ctx context.Context, by authz.Actor, id ids.Account, hold ids.Hold) error {
	return s.op.Write(ctx, by, authz.AccountView, id, func(ctx context.Context, w *op.W) error {
		a, err := get(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		all, err := chainHolds(ctx, w.Tx(), w.Scope())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(h Hold) bool { return h.ID == hold && h.On == id })
		if i < 0 {
			return errs.NoSuch("hold")
		}
		return lift(ctx, w, a, all[i])
	})
}

func lift(ctx context.Context, w *op.W, a Account, h Hold) error {
	ok, err := lifts(ctx, w, a, h)
	if err != nil {
		return err
	}
	if !ok {
		return errs.New(errs.Denied, "hold.lift_denied", "Ask who set this hold to lift it. It was set above you.")
	}
	return unhold(ctx, w, a, h)
}

func lifts(ctx context.Context, w *op.W, a Account, h Hold) (bool, error) {
	if h.Source == Self {
		owner, err := isOwner(ctx, w.Tx(), w.Scope(), w.By())
		if owner || err != nil {
			return owner, err
		}
	}
	return holds(ctx, w, a.Kind.Perm(suspend), h.SetFrom)
}

func unhold(ctx context.Context, w *op.W, a Account, h Hold) error {
	if err := dropHold(ctx, w.Tx(), w.Scope(), h.ID); err != nil {
		return err
	}
	w.Audit(audit.Event{Action: "account.hold_lifted", TargetType: "account", TargetID: string(a.ID), Target: a.Name, Before: h})
	if err := tellAccount(ctx, w, notice.AccountResumed, nil); err != nil {
		return err
	}
	return listHeld(ctx, w.Tx(), w.Scope())
}

// tellAccount tells the people of the account that w is on what was done to it.
func tellAccount(ctx context.Context, w *op.W, k notice.Kind, facts map[string]string) error {
	return notice.Tell(ctx, w.Tx(), notice.New{Kind: k, Account: w.Scope().Account(), Facts: facts, By: w.By()})
}

// SetActive is the Active toggle: it lifts or sets the hold of the actor's own level and returns what remains.
func (s *Service) SetActive(ctx context.Context, by authz.Actor, id ids.Account, active bool) (Standing, error) {
	if !active {
		if err := s.Hold(ctx, by, id, ""); err != nil {
			return Standing{}, err
		}
		return s.Standing(ctx, by, id)
	}
	err := s.op.Write(ctx, by, authz.AccountView, id, func(ctx context.Context, w *op.W) error {
		return orUnchanged(w)(resumeIn(ctx, w))
	})
	if err != nil {
		return Standing{}, err
	}
	return s.Standing(ctx, by, id)
}

// resumeIn lifts the hold of the actor's own level from the account that w is on. Other holds remain.
func resumeIn(ctx context.Context, w *op.W) (bool, error) {
	a, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil {
		return false, err
	}
	all, err := chainHolds(ctx, w.Tx(), w.Scope())
	if err != nil {
		return false, err
	}
	owner, err := isOwner(ctx, w.Tx(), w.Scope(), w.By())
	if err != nil {
		return false, err
	}
	source, from, err := levelOf(ctx, w, a)
	if errs.KindOf(err) == errs.Denied && owner {
		source, from, err = Self, a.ID, nil // held, the Owner only looks, but may take back what was their own
	}
	if err != nil {
		return false, err
	}
	for _, h := range all {
		if h.On == a.ID && h.Source == source && h.SetFrom == from {
			return true, unhold(ctx, w, a, h)
		}
	}
	return false, nil
}

// Level is what the Active toggle shows somebody: whether they have a level of their own here, and its hold.
type Level struct {
	May  bool
	Held bool
}

// OwnLevel tells from which account the viewer would suspend this one, and whether that level holds it now. It finds
// the level as a write does: the highest account of the chain on which they hold the permission.
func (s *Service) OwnLevel(ctx context.Context, by authz.Actor, id ids.Account) (Level, error) {
	q, sc, err := s.op.See(ctx, by, id)
	if err != nil {
		return Level{}, err
	}
	a, err := get(ctx, q, sc, id)
	if err != nil || a.Kind == Platform {
		return Level{}, err
	}
	owner, err := isOwner(ctx, q, sc, by)
	if err != nil {
		return Level{}, err
	}
	from := ids.Account("")
	for _, above := range sc.InSight() {
		_, at, err := s.op.See(ctx, by, above)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return Level{}, err
		}
		if at.Has(a.Kind.Perm(suspend)) {
			from = above
			break
		}
	}
	if (from == "" || from == id) && !owner {
		return Level{}, nil
	}
	if from == "" {
		from = id // suspended, its Owner only looks, but may take back their own hold
	}
	all, err := chainHolds(ctx, q, sc)
	if err != nil {
		return Level{}, err
	}
	held := slices.ContainsFunc(all, func(h Hold) bool {
		return h.On == id && h.SetFrom == from && (h.Source == Operator || h.Source == Parent || h.Source == Self)
	})
	if from == id && !sc.Has(a.Kind.Perm(suspend)) {
		return Level{held, held}, nil // only something to take back
	}
	return Level{true, held}, nil
}
