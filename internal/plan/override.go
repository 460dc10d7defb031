package plan

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/quota"
	"bailiwick/internal/setting"
)

// Amount is what a customer has of one term, and why.
type Amount struct {
	Term       Term
	Amount     int64  // in force; Unlimited is without a limit
	Package    int64  // what the package includes
	Overridden bool   // Amount stands instead of the package's
	LastDay    string // YYYY-MM-DD in the customer's zone on which it stands for the last time, "" for good
	Used       int64  // of a term that is counted
}

// Below reports an amount that is less than what is used already: nothing goes away, and nothing new is made.
func (a Amount) Below() bool { return a.Amount != Unlimited && a.Used > a.Amount }

// Bought is what a customer has bought.
type Bought struct {
	Package *Package // nil without one
	Amounts []Amount
	CanEdit bool // the reader may change it
}

// Bought returns what the customer has bought, and how much of it is used.
func (s *Service) Bought(ctx context.Context, by authz.Actor, customer ids.Account) (Bought, error) {
	q, sc, err := s.op.Read(ctx, by, authz.PackagesView, customer)
	if err != nil {
		return Bought{}, err
	}
	if buys(sc) != nil {
		return Bought{}, errs.NoSuch("package")
	}
	out := Bought{CanEdit: sc.HeldAbove(authz.PackagesAssign)}
	if out.Package, err = has(ctx, q, sc); err != nil {
		return Bought{}, err
	}
	own, err := overrides(ctx, q, sc, s.now())
	if err != nil {
		return Bought{}, err
	}
	used, err := countAll(ctx, q, sc, customer, s.now())
	if err != nil {
		return Bought{}, err
	}
	for _, term := range AllTerms() {
		a := Amount{Term: term, Amount: Unlimited, Package: Unlimited, Used: used[term]}
		if out.Package != nil {
			a.Package = out.Package.Terms.Of(term)
		}
		a.Amount = a.Package
		if o, there := own[term]; there {
			a.Amount, a.LastDay, a.Overridden = o.amount, o.lastDay, true
		}
		out.Amounts = append(out.Amounts, a)
	}
	return out, nil
}

func buys(sc authz.Scope) error {
	if sc.Kind() != "customer" {
		return errs.New(errs.Invalid, "package.not_client", "Choose a client. Only clients have a package.")
	}
	return nil
}

// Override is what a customer has instead of an amount of its package.
type Override struct {
	Term    Term
	Amount  int64  // Unlimited is without a limit
	LastDay string // YYYY-MM-DD in the customer's zone, "" for good
	Reset   bool   // the package's amount again; the rest says nothing
}

func (s *Service) zoneOf(ctx context.Context, w *op.W) (*time.Location, error) {
	name, _, err := setting.Get(ctx, w.Tx(), w.Scope(), s.zone)
	if err != nil {
		return nil, fmt.Errorf("read the time zone: %w", err)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, nil // a zone that has left the tables must not stop the account
	}
	return zone, nil
}

// change is how an override stands in the log.
type change struct {
	Term    string `audit:"show"`
	Amount  int64  `audit:"show"`
	LastDay string `audit:"show"`
}

// Override changes what a customer has instead of the amounts of its package. It is one of the parent's fields.
func (s *Service) Override(ctx context.Context, by authz.Actor, customer ids.Account, all []Override) error {
	return s.op.Write(ctx, by, authz.PackagesAssign, customer, func(ctx context.Context, w *op.W) error {
		changed, err := s.OverrideIn(ctx, w, all)
		if err == nil && !changed {
			err = w.Unchanged()
		}
		return err
	})
}

// OverrideIn is Override in a write on the customer, and reports whether anything changed.
func (s *Service) OverrideIn(ctx context.Context, w *op.W, all []Override) (bool, error) {
	if err := buys(w.Scope()); err != nil {
		return false, err
	}
	if !w.Scope().HeldAbove(authz.PackagesAssign) {
		return false, errs.New(errs.Denied, "account.package_parents", "Ask your provider to change this. The package belongs to the account above.")
	}
	old, err := overrides(ctx, w.Tx(), w.Scope(), time.UnixMilli(0))
	if err != nil {
		return false, err
	}
	zone, err := s.zoneOf(ctx, w)
	if err != nil {
		return false, err
	}
	var c errs.Collector
	changed := false
	for _, o := range all {
		before, there := old[o.Term]
		if o.Reset && !there || !o.Reset && there && before.amount == o.Amount && before.lastDay == strings.TrimSpace(o.LastDay) {
			continue
		}
		until, err := o.check(w.Tx().Now(), zone)
		if err != nil {
			if err := c.Merge(err); err != nil {
				return false, err
			}
			continue
		}
		if err := putOverride(ctx, w.Tx(), w.Scope(), o, until); err != nil {
			return false, err
		}
		changed = true
		e := audit.Event{Action: "package.overridden", TargetType: "account", TargetID: string(w.Scope().Account()), Target: w.Scope().Name()}
		if there {
			e.Before = change{string(o.Term), before.amount, before.lastDay}
		}
		if o.Reset {
			e.Action = "package.reset"
		} else {
			e.After = change{string(o.Term), o.Amount, o.LastDay}
		}
		w.Audit(e)
	}
	if err := c.Err(); err != nil {
		return false, err
	}
	return changed, nil
}

// check refuses what is no override, and returns the end of its last day in milliseconds, 0 for good.
func (o *Override) check(now time.Time, zone *time.Location) (int64, error) {
	if o.Reset {
		return 0, nil
	}
	var c errs.Collector
	Terms{o.Term: o.Amount}.clean(&c)
	if o.LastDay = strings.TrimSpace(o.LastDay); o.LastDay == "" || c.Err() != nil {
		return 0, c.Err()
	}
	end, err := quota.EndOfDay(string(o.Term)+"_until", o.LastDay, zone, now)
	if err != nil {
		return 0, err
	}
	return end.UnixMilli(), nil
}

// stored is an override as it is kept.
type stored struct {
	term    Term
	amount  int64
	lastDay string
}
