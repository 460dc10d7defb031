package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/text/language"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// The settings of accounts.
var (
	TimeZone  = setting.Key[string]{Name: "account.time_zone", Default: "UTC", Merge: setting.Override[string], Check: checkZone}
	Language  = setting.Key[string]{Name: "account.language", Default: "", Merge: setting.Override[string], Check: checkLanguage}
	GraceDays = setting.Key[int]{Name: "account.grace_days", Default: 7, Merge: setting.Override[int], Check: between("account.grace_days", 0, 365), Parents: true,
		Control: setting.Control{Kind: setting.Number, Unit: "days", High: 365}}
	ReminderDays = setting.Key[[]int]{Name: "account.reminder_days", Default: []int{30, 7, 1}, Merge: setting.Override[[]int], Check: checkReminders, Parents: true,
		Control: setting.Control{Kind: setting.Numbers, Unit: "days", Mails: true}}
	RetentionDays = setting.Key[int]{Name: "account.retention_days", Default: 30, Merge: setting.Override[int], Check: between("account.retention_days", 1, 3650), Parents: true,
		Control: setting.Control{Kind: setting.Number, Unit: "days", Low: 1, High: 3650}}
)

// Inherited is the effective value of a setting with where it comes from.
type Inherited struct {
	Value  string
	Own    bool   // set on the account itself
	From   string // the name of the account that sets it, "" for the default or when the viewer may not know it
	Locked bool
}

// inherited reads a setting for display. An origin that the viewer may not know has no name.
func inherited(ctx context.Context, q db.Queryer, sc authz.Scope, k setting.Key[string]) (Inherited, error) {
	set, err := setting.Read(ctx, q, sc, k)
	if err != nil {
		return Inherited{}, err
	}
	return inheritedOf(set, sc, k)
}

// inheritedOf is inherited for whoever has read the settings.
func inheritedOf(set setting.Chain, sc authz.Scope, k setting.Key[string]) (Inherited, error) {
	v, from, err := setting.Of(k, set)
	if err != nil {
		return Inherited{}, fmt.Errorf("read %s: %w", k.Name, err)
	}
	own := !from.IsDefault() && from.Account == sc.Account()
	return Inherited{Value: v, Own: own, From: from.Name, Locked: from.LockedAbove()}, nil
}

// zoneOf is the account's time zone.
func zoneOf(ctx context.Context, q db.Queryer, sc authz.Scope) (*time.Location, error) {
	set, err := setting.Read(ctx, q, sc, TimeZone)
	if err != nil {
		return nil, err
	}
	return zoneIn(set)
}

// zoneIn is zoneOf for whoever has read the settings.
func zoneIn(set setting.Chain) (*time.Location, error) {
	name, _, err := setting.Of(TimeZone, set)
	if err != nil {
		return nil, fmt.Errorf("read the time zone: %w", err)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, nil // a zone that has left the tables must not stop the account
	}
	return loc, nil
}

// settle sets, changes or clears a text setting of the account that w is on: "" inherits.
func settle(ctx context.Context, w *op.W, k setting.Key[string], value string) (before Inherited, changed bool, err error) {
	before, err = inherited(ctx, w.Tx(), w.Scope(), k)
	if err != nil {
		return before, false, err
	}
	var c setting.Change
	switch {
	case value == "" && before.Own:
		c, err = setting.Reset(ctx, w.Tx(), w.Scope(), k)
	case value != "" && (!before.Own || before.Value != value):
		c, err = setting.Set(ctx, w.Tx(), w.Scope(), k, value, false)
	}
	return before, err == nil && !c.Nothing(), err
}

func checkZone(name string) error {
	if loc, err := time.LoadLocation(name); err != nil || name == "" || loc == time.Local {
		return errs.New(errs.Invalid, "account.time_zone_unknown", "Choose a time zone from the list, like Europe/Paris.")
	}
	return nil
}

func checkLanguage(tag string) error {
	if tag == "" {
		return nil
	}
	if _, err := language.Parse(tag); err != nil {
		return errs.New(errs.Invalid, "account.language_unknown", "Choose a language from the list.")
	}
	return nil
}

func between(name string, low, high int) func(int) error {
	return func(n int) error {
		if n < low || n > high {
			return errs.New(errs.Invalid, name+"_range", "Write a number of days from {low} to {high}.", "low", low, "high", high)
		}
		return nil
	}
}

func checkReminders(days []int) error {
	if len(days) > 10 || slices.ContainsFunc(days, func(n int) bool { return n < 1 || n > 365 }) {
		return errs.New(errs.Invalid, "account.reminder_days_range", "Write up to 10 numbers of days, each from 1 to 365.")
	}
	return nil
}

// Membership lists the settings of the life of accounts.
func Membership() []setting.Any { return []setting.Any{GraceDays, ReminderDays, RetentionDays} }

// Regional lists the settings that stand among an account's properties.
func Regional() []setting.Any { return []setting.Any{TimeZone, Language} }

// path reads the chain in sight.
func path(ctx context.Context, q db.Queryer, sc authz.Scope) ([]Crumb, error) {
	seen := sc.InSight()
	all, err := chainOf(ctx, q, sc)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(c Crumb) bool { return !slices.Contains(seen, c.ID) }), nil
}

func parentName(ctx context.Context, q db.Queryer, sc authz.Scope, parent ids.Account) (string, error) {
	all, err := path(ctx, q, sc)
	if err != nil {
		return "", err
	}
	for _, c := range all {
		if c.ID == parent {
			return c.Name, nil
		}
	}
	return "", nil
}
