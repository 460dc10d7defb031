package quota

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// The audit actions of a change of limits, and of limits whose last day is over.
const (
	ActionLimits = "quota.limits_changed"
	ActionEnded  = "quota.limits_ended"
)

// Target is what of an account limits are set on: itself, a sub-account or a member.
type Target struct {
	Sub    ids.SubAccount
	Member ids.Membership
}

// Set is a limit that is set on a subject.
type Set struct {
	Limit
	Channel Channel
	Window  Window
	Ends    time.Time // from then on it is not in force; zero: never
	InForce bool      // and not stood in for by an override
	Used    int64     // of the window, units that nodes hold ready included, and without what was drawn of credits
}

// Below reports whether more is used than the limit allows: nothing is sent until the window lets go of some.
func (s Set) Below() bool { return s.InForce && s.Amount != Unlimited && s.Used > s.Amount }

// MostAmount is the greatest limit.
const MostAmount = 1 << 50

// ParseAmount reads an amount as it is typed into a field: empty or -1 is without a limit.
func ParseAmount(field, typed string) (int64, error) {
	if strings.TrimSpace(typed) == "" {
		return Unlimited, nil
	}
	n, ok := i18n.ParseNumber(typed)
	if !ok || n < Unlimited || n > MostAmount {
		return 0, errAmount(field)
	}
	return n, nil
}

func errAmount(field string) error {
	return errs.Field(field, "quota.amount_range", "Write a number from 0 to {most}, or -1 for no limit.", "most", int64(MostAmount))
}

// Edit is what becomes of the limit of a channel and window.
type Edit struct {
	Channel Channel
	Window  Window
	Remove  bool // the subject's own limit
	Limit   Limit
	Ends    time.Time
	LastDay string // instead of Ends: YYYY-MM-DD in the account's zone
}

// Field names the limit in forms, and what of it: "", action, cap, paced or until.
func (e Edit) Field(of string) string {
	name := string(e.Channel) + "_" + e.Window.String()
	if of != "" {
		name += "_" + of
	}
	return name
}

func (e Edit) check() error {
	l := e.Limit
	switch {
	case !slices.Contains(Channels(), e.Channel):
		return errs.Field("channel", "quota.channel_unknown", "Name a channel: email or sms.")
	case e.Remove:
		return nil
	case l.Amount < Unlimited || l.Amount > MostAmount:
		return errAmount(e.Field(""))
	case l.Action != Reject && l.Action != Hold && l.Action != Overage:
		return errs.Field(e.Field("action"), "quota.action_unknown", "Choose what happens at the limit: reject, hold or overage.")
	case l.Action == Overage && (l.Amount == Unlimited || l.Cap < l.Amount || l.Cap > MostAmount):
		return errs.Field(e.Field("cap"), "quota.cap_range", "Write a cap that is not below the limit. Overage lets through up to it.")
	case l.Action != Overage && l.Cap != 0:
		return errs.Field(e.Field("cap"), "quota.cap_unused", "Leave the cap out. Only overage has one.")
	case l.Paced && (l.Action == Overage || l.Amount == Unlimited):
		return errs.Field(e.Field("paced"), "quota.paced_over", "Choose either even pacing or overage, and a limit. Pacing spreads a limit over its window.")
	}
	return nil
}

// source is where a limit comes from that is set on a kind of layer by hand.
func (k Kind) source() Source {
	switch k {
	case "customer", Member:
		return FromOverride
	case "department":
		return FromAllocation
	case SubAccount:
		return FromLimit
	}
	return FromPool
}

// Limits lists the limits that are set on an account, or on a sub-account or a member of it.
func (s *Service) Limits(ctx context.Context, by authz.Actor, account ids.Account, t Target) ([]Set, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, account)
	if err != nil {
		return nil, err
	}
	return s.limits(ctx, q, sc, t)
}

func (s *Service) limits(ctx context.Context, q db.Queryer, sc authz.Scope, t Target) ([]Set, error) {
	if err := belongs(ctx, q, sc, t); err != nil {
		return nil, err
	}
	subject, _ := subjectOf(sc, t)
	rows, err := limitRows(ctx, q, sc, t)
	if err != nil {
		return nil, err
	}
	var keys []counted
	for _, c := range Channels() {
		keys = append(keys, counted{subject, c})
	}
	counters, err := countersOf(ctx, q, keys)
	if err != nil {
		return nil, err
	}
	cal, err := s.engine.Calendar(ctx, q, sc.Account())
	if err != nil {
		return nil, err
	}
	now := s.engine.clock()
	purses, err := readPurses(ctx, q, keys, now, "")
	if err != nil {
		return nil, err
	}
	out := make([]Set, len(rows))
	for i, r := range rows {
		c := counters[counted{subject, r.channel}].Counter
		c.turn(cal.At(now))
		purse := purses[counted{subject, r.channel}].of(&c)
		c.MonthUsed = purse.own(&c)
		overridden := slices.ContainsFunc(rows, func(o limitRow) bool {
			return o.channel == r.channel && o.window == r.window && o.subject == subject && r.subject != subject && o.inForce(now)
		})
		out[i] = Set{r.Limit, r.channel, r.window, r.ends, r.inForce(now) && !overridden, c.used(r.window)}
	}
	slices.SortFunc(out, func(a, b Set) int {
		return strings.Compare(fmt.Sprint(a.Channel, int(a.Window), a.Source), fmt.Sprint(b.Channel, int(b.Window), b.Source))
	})
	return out, nil
}

type logged struct {
	Email string `audit:"show"`
	SMS   string `audit:"show"`
}

// SetLimits changes limits of an account, or of a sub-account or a member of it: all of the edits, or none. Those of an account
// belong to the accounts above it. It returns what is set then.
func (s *Service) SetLimits(ctx context.Context, by authz.Actor, account ids.Account, t Target, edits []Edit) (out []Set, err error) {
	err = s.op.Write(ctx, by, authz.QuotasEdit, account, func(ctx context.Context, w *op.W) error {
		changed, err := s.SetLimitsIn(ctx, w, t, edits)
		if err != nil {
			return err
		}
		if out, err = s.limits(ctx, w.Tx(), w.Scope(), t); err == nil && !changed {
			err = w.Unchanged()
		}
		return err
	})
	return out, err
}

// SetLimitsIn is SetLimits in a write on the account, and reports whether anything changed.
func (s *Service) SetLimitsIn(ctx context.Context, w *op.W, t Target, edits []Edit) (bool, error) {
	if !MaySet(w.Scope(), t) {
		return false, errs.New(errs.Denied, "quota.parents_field", "Ask your provider to change this. The limits of an account belong to the account above.")
	}
	before, err := s.limits(ctx, w.Tx(), w.Scope(), t)
	if err != nil {
		return false, err
	}
	cal, err := s.engine.Calendar(ctx, w.Tx(), w.Scope().Account())
	if err != nil {
		return false, err
	}
	own, err := reachOf(ctx, w.Tx(), w.Scope(), w.By()) // before the edits, which may be of one's own
	if err != nil {
		return false, err
	}
	var c errs.Collector
	for _, e := range edits {
		if err := set(ctx, w, t, e, cal.Zone, own); err != nil {
			if err := c.Merge(err); err != nil {
				return false, err
			}
		}
	}
	if err := c.Err(); err != nil {
		return false, err
	}
	after, err := s.limits(ctx, w.Tx(), w.Scope(), t)
	if err != nil {
		return false, err
	}
	was, is := record(before), record(after)
	if was == is {
		return false, nil
	}
	name, err := nameOf(ctx, w.Tx(), w.Scope(), t)
	if err != nil {
		return false, err
	}
	subject, kind := subjectOf(w.Scope(), t)
	w.Audit(audit.Event{Action: ActionLimits, TargetType: targetType(kind), TargetID: subject, Target: name, Before: was, After: is})
	return true, nil
}

func targetType(k Kind) string {
	if k == SubAccount || k == Member {
		return map[Kind]string{SubAccount: "subaccount", Member: "user"}[k]
	}
	return "account"
}

// record writes limits as the log shows them.
func record(all []Set) (l logged) {
	for _, s := range all {
		if s.Source == FromPackage || s.Source == FromRole {
			continue // not the subject's own
		}
		to := &l.Email
		if s.Channel == SMS {
			to = &l.SMS
		}
		if *to != "" {
			*to += "; "
		}
		*to += s.String() + " (" + string(s.Source) + ")"
	}
	return l
}

// String writes the limit for the log.
func (s Set) String() string {
	text := fmt.Sprintf("%v %d %s", s.Window, s.Amount, s.Action)
	if s.Action == Overage {
		text += fmt.Sprintf(" %d", s.Cap)
	}
	if s.Paced {
		text += " paced"
	}
	if !s.Ends.IsZero() {
		text += " until " + s.Ends.Format(time.RFC3339)
	}
	return text
}

// set does one edit, under the ceilings of whoever does it.
func set(ctx context.Context, w *op.W, t Target, e Edit, zone *time.Location, own reach) (err error) {
	if e.Limit.Action == "" {
		e.Limit.Action = Reject
	}
	if err := e.check(); err != nil {
		return err
	}
	if e.LastDay != "" && !e.Remove {
		if e.Ends, err = EndOfDay(e.Field("until"), e.LastDay, zone, w.Tx().Now()); err != nil {
			return err
		}
	}
	if !e.Remove && !e.Ends.IsZero() && !e.Ends.After(w.Tx().Now()) {
		return errs.Field(e.Field("until"), "package.until_past", "Choose today or a later day.")
	}
	subject, kind := subjectOf(w.Scope(), t)
	e.Limit.Source = kind.source()
	row := limitRow{e.Limit, subject, e.Channel, e.Window, e.Ends}
	was, err := standing(ctx, w.Tx(), w.Scope(), t)
	if err != nil {
		return err
	}
	if e.Remove {
		err = removeLimit(ctx, w.Tx(), w.Scope(), row)
	} else {
		err = putLimit(ctx, w.Tx(), w.Scope(), row)
	}
	if err != nil {
		return err
	}
	is, err := standing(ctx, w.Tx(), w.Scope(), t)
	if err != nil {
		return err
	}
	return raised(ctx, w, t, Edit{Channel: e.Channel, Window: e.Window, Limit: is.Of(e.Channel, e.Window)}, was.Of(e.Channel, e.Window), own)
}
