package policy

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/setting"
)

const day = 24 * time.Hour

// Concerned are the people of an account and below whom its rules concern, each once.
type Concerned struct {
	People        int
	Expired       int // whose password would have to be changed at their next sign-in
	Lacking       int // who have no second factor
	Admins        int
	AdminsLacking int
}

// Concerns counts whom the rules of an account concern if its own expiry were expiry days; below 0 as it is. It
// reports false when there are too many people to count.
func (s *Service) Concerns(ctx context.Context, by authz.Actor, account ids.Account, expiry int) (Concerned, bool, error) {
	q, sc, err := s.op.Read(ctx, by, authz.SecurityView, account)
	if err != nil {
		return Concerned{}, false, err
	}
	chain, err := setting.Read(ctx, q, sc, PasswordExpiry)
	if err != nil {
		return Concerned{}, false, err
	}
	var rules []since
	own := since{expiry, s.now()}
	for _, step := range setting.Steps(PasswordExpiry, chain.Rows(PasswordExpiry)) {
		r := since{step.Value, step.Since}
		if step.Depth == 0 && expiry >= 0 {
			if own.days > 0 && r.days > 0 {
				own.on = r.on // another number of days is the same rule still
			}
			continue
		}
		if r.days > 0 {
			rules = append(rules, r)
		}
	}
	if own.days > 0 {
		rules = append(rules, own)
	}
	return concerned(ctx, q, sc, rules, s.now())
}

// Expires is when a password expires that was set at an instant: the soonest of what the accounts of its person ask.
// Zero is never.
func Expires(set time.Time, rules []setting.Step[int]) time.Time {
	var soonest time.Time
	for _, r := range rules {
		if r.Value == 0 {
			continue
		}
		from := set
		if r.Since.After(from) {
			from = r.Since
		}
		if at := from.Add(time.Duration(r.Value) * day); soonest.IsZero() || at.Before(soonest) {
			soonest = at
		}
	}
	return soonest
}

// SecondDue is when the actor must have a second factor on an account, or false when they need none or have one.
func (s *Service) SecondDue(ctx context.Context, by authz.Actor, account ids.Account) (time.Time, bool, error) {
	_, sc, err := s.op.See(ctx, by, account)
	if err != nil || by.Second() || by.Kind() != authz.Person {
		return time.Time{}, false, err
	}
	var soonest time.Time
	for _, g := range sc.Entered() {
		known, err := s.known.On(ctx, g.Account)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return soonest, false, err
		}
		r := rulesOf(known)
		if r.unread != nil {
			return soonest, false, r.unread
		}
		if due, needed := r.secondDue(g); needed && (soonest.IsZero() || due.Before(soonest)) {
			soonest = due
		}
	}
	return soonest, !soonest.IsZero(), nil
}
