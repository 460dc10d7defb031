package policy

import (
	"context"
	"net/netip"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/setting"
)

// Gate returns the gate of authorization: a grant counts for those who keep the rules of its account.
func Gate(known *setting.Known, now clock.Clock) authz.Gate {
	return func(ctx context.Context, q db.Queryer, by authz.Actor, g authz.Granted) error {
		rules, err := known.By(ctx, q, g.Account)
		if err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return nil // gone since; whoever asks finds nothing there
			}
			return err
		}
		if by.Kind() == authz.Key {
			return checkAddress(rules, APIAddresses, by)
		}
		if err := checkAddress(rules, PortalAddresses, by); err != nil {
			return err
		}
		if err := checkSession(rules, by, now); err != nil {
			return err
		}
		return checkSecond(rules, by, g, now)
	}
}

func checkAddress(rules *setting.InForce, k setting.Key[Networks], by authz.Actor) error {
	list, err := setting.In(rules, k)
	if err != nil || !list.On || list.Allows(address(by)) {
		return err
	}
	return errs.New(errs.Denied, "policy.address", "Come from an address that is allowed here, or ask an admin to add yours. {address} is not on the list.", "address", by.IP())
}

// address is where the actor comes from; one that is not known is the zero address.
func address(by authz.Actor) netip.Addr {
	ip, err := netip.ParseAddr(by.IP())
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}

// SessionOver is the code of the refusal of a session that is too old for an account, or was left alone for too long.
const SessionOver = "policy.session_over"

func checkSession(rules *setting.InForce, by authz.Actor, now clock.Clock) error {
	for _, s := range setting.StepsIn(rules, SignedOut) {
		if s.Value.Keep != by.Session() && by.Started().UnixMilli() <= s.Value.At {
			return errs.New(errs.Denied, "policy.signed_out", "Sign out and sign in again to open this account. Everyone was signed out of it.")
		}
	}
	idle, idles, err := setting.Both(rules, SessionIdle)
	if err != nil {
		return err
	}
	hours, ends, err := setting.Both(rules, SessionAbsolute)
	if err != nil {
		return err
	}
	if len(idles) == 0 && len(ends) == 0 {
		return nil // without a rule a session lives as long as authn lets it
	}
	at := now()
	tooIdle := len(idles) > 0 && at.Sub(by.Seen()) >= time.Duration(idle)*time.Minute
	tooOld := len(ends) > 0 && at.Sub(by.Started()) >= time.Duration(hours)*time.Hour
	if tooIdle || tooOld {
		return errs.New(errs.Denied, "policy.session_over", "Sign out and sign in again to open this account. Your session is older than its rules allow.")
	}
	return nil
}

// SecondFactorMissing is the code of the refusal of somebody who must set up a second factor first.
const SecondFactorMissing = "policy.second_factor"

func checkSecond(rules *setting.InForce, by authz.Actor, g authz.Granted, now clock.Clock) error {
	if by.Second() {
		return nil
	}
	due, needed, err := secondDue(rules, g)
	if err != nil || !needed || now().Before(due) {
		return err
	}
	return errs.New(errs.Denied, "policy.second_factor", "Set up a second step for signing in before you open this account. It is required here.")
}

// secondDue is when somebody with a grant must have a second factor, if they need one: days after the rule that
// concerns them was switched on, or after they joined.
func secondDue(rules *setting.InForce, g authz.Granted) (due time.Time, needed bool, err error) {
	_, required, err := setting.Both(rules, SecondFactor)
	if err != nil {
		return due, false, err
	}
	since := time.Time{}
	for _, s := range required {
		if s.Value == Nobody || s.Value == Admins && !g.Admin {
			continue
		}
		if !needed || s.Since.Before(since) {
			since = s.Since
		}
		needed = true
	}
	if !needed {
		return due, false, nil
	}
	days, err := setting.In(rules, SecondFactorDays)
	if err != nil {
		return due, false, err
	}
	if g.Since.After(since) {
		since = g.Since
	}
	return since.AddDate(0, 0, days), needed, nil
}
