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
	rules := setting.Draw(known, rulesOf)
	return func(ctx context.Context, q db.Queryer, by authz.Actor, g authz.Granted) error {
		r, err := rules.By(ctx, q, g.Account)
		if err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return nil // gone since; whoever asks finds nothing there
			}
			return err
		}
		if r.unread != nil {
			return r.unread
		}
		if by.Kind() == authz.Key {
			return checkAddress(r.api, by)
		}
		if err := checkAddress(r.portal, by); err != nil {
			return err
		}
		if err := r.checkSession(by, now); err != nil {
			return err
		}
		return r.checkSecond(by, g, now)
	}
}

// rules are those of an account that bind everyone who comes to it.
type rules struct {
	portal, api Networks
	signedOut   []Out
	idle, life  time.Duration // of a session; 0 is as long as authn lets it live
	second      []setting.Step[string]
	secondDays  int
	unread      error // what could not be read shuts the account
}

func rulesOf(f *setting.InForce) *rules {
	r := &rules{second: setting.StepsIn(f, SecondFactor)}
	for _, s := range setting.StepsIn(f, SignedOut) {
		r.signedOut = append(r.signedOut, s.Value)
	}
	var who string // its steps say more; this says whether it can be read
	var minutes, hours int
	setting.Take(&r.unread, f, PortalAddresses, &r.portal)
	setting.Take(&r.unread, f, APIAddresses, &r.api)
	setting.Take(&r.unread, f, SecondFactor, &who)
	setting.Take(&r.unread, f, SecondFactorDays, &r.secondDays)
	setting.Take(&r.unread, f, SessionIdle, &minutes)
	setting.Take(&r.unread, f, SessionAbsolute, &hours)
	if len(setting.StepsIn(f, SessionIdle)) > 0 {
		r.idle = time.Duration(minutes) * time.Minute
	}
	if len(setting.StepsIn(f, SessionAbsolute)) > 0 {
		r.life = time.Duration(hours) * time.Hour
	}
	return r
}

func checkAddress(list Networks, by authz.Actor) error {
	if !list.On || list.Allows(address(by)) {
		return nil
	}
	return Refused(by.IP())
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

func (r *rules) checkSession(by authz.Actor, now clock.Clock) error {
	for _, out := range r.signedOut {
		if out.Keep != by.Session() && by.Started().UnixMilli() <= out.At {
			return errs.New(errs.Denied, "policy.signed_out", "Sign out and sign in again to open this account. Everyone was signed out of it.")
		}
	}
	if r.idle == 0 && r.life == 0 {
		return nil
	}
	at := now()
	tooIdle := r.idle > 0 && at.Sub(by.Seen()) >= r.idle
	tooOld := r.life > 0 && at.Sub(by.Started()) >= r.life
	if tooIdle || tooOld {
		return errs.New(errs.Denied, "policy.session_over", "Sign out and sign in again to open this account. Your session is older than its rules allow.")
	}
	return nil
}

// SecondFactorMissing is the code of the refusal of somebody who must set up a second factor first.
const SecondFactorMissing = "policy.second_factor"

func (r *rules) checkSecond(by authz.Actor, g authz.Granted, now clock.Clock) error {
	if by.Second() {
		return nil
	}
	due, needed := r.secondDue(g)
	if !needed || now().Before(due) {
		return nil
	}
	return errs.New(errs.Denied, "policy.second_factor", "Set up a second step for signing in before you open this account. It is required here.")
}

// secondDue is when somebody with a grant must have a second factor, if they need one: days after the rule that
// concerns them was switched on, or after they joined.
func (r *rules) secondDue(g authz.Granted) (due time.Time, needed bool) {
	since := time.Time{}
	for _, s := range r.second {
		if s.Value == Nobody || s.Value == Admins && !g.Admin {
			continue
		}
		if !needed || s.Since.Before(since) {
			since = s.Since
		}
		needed = true
	}
	if !needed {
		return due, false
	}
	if g.Since.After(since) {
		since = g.Since
	}
	return since.AddDate(0, 0, r.secondDays), true
}
