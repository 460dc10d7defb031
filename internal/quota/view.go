package quota

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// View is the limits of an account, or of a sub-account or a member of it, with what is used of them.
type View struct {
	Rows    []Row // every channel and window
	CanEdit bool  // the reader may change them
}

// Row is one channel and window.
type Row struct {
	Channel Channel
	Window  Window
	Limit   Limit  // in force
	Own     *Limit // set on the subject itself, nil when it is not
	LastDay string // YYYY-MM-DD in the account's zone on which Own stands for the last time, "" for good
	Shared  Limit  // of the package or role group: in force without Own
	Used    int64
	Ends    time.Time
}

// Below reports whether more is used than the limit allows: nothing is sent until the window lets go of some.
func (r Row) Below() bool { return r.Limit.Amount != Unlimited && r.Used > r.Limit.Amount }

// View shows the limits of an account, or of a sub-account or a member of it.
func (s *Service) View(ctx context.Context, by authz.Actor, account ids.Account, t Target) (View, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, account)
	if err != nil {
		return View{}, err
	}
	if err := belongs(ctx, q, sc, t); err != nil {
		return View{}, err
	}
	rows, err := limitRows(ctx, q, sc, t)
	if err != nil {
		return View{}, err
	}
	subject, _ := subjectOf(sc, t)
	cal, err := s.engine.Calendar(ctx, q, account)
	if err != nil {
		return View{}, err
	}
	out, now := View{CanEdit: MaySet(sc, t)}, s.engine.clock()
	m := cal.At(now)
	keys := []counted{{subject, Email}, {subject, SMS}}
	counters, leases, err := usedOf(ctx, q, keys, m)
	if err != nil {
		return View{}, err
	}
	purses, err := unspent(ctx, q, keys, leases, now)
	if err != nil {
		return View{}, err
	}
	for _, c := range Channels() {
		counter := counters[counted{subject, c}]
		purse := purses[counted{subject, c}].of(counter)
		counter.MonthUsed = purse.own(counter)
		for _, w := range Windows() {
			r := Row{Channel: c, Window: w, Shared: free(), Used: counter.used(w), Ends: ends(m, w)}
			for _, l := range rows {
				switch {
				case l.channel != c || l.window != w || !l.inForce(now):
				case l.subject != subject:
					r.Shared = l.Limit
				case r.Own == nil || l.Source == FromOverride:
					r.Own, r.LastDay = &l.Limit, lastDay(l.ends, cal.Zone)
				}
			}
			if r.Limit = r.Shared; r.Own != nil {
				r.Limit = *r.Own
			}
			out.Rows = append(out.Rows, r)
		}
	}
	return out, nil
}

// MaySet reports whether whoever looks sets limits of an account, or of a sub-account or a member of it. Those of an account belong to
// the accounts above it.
func MaySet(sc authz.Scope, t Target) bool {
	if t == (Target{}) && sc.Kind() != "platform" {
		return sc.HeldAbove(authz.QuotasEdit)
	}
	return sc.Has(authz.QuotasEdit)
}

// ends is when a window is over, zero for the hour, which rolls.
func ends(m Moment, w Window) time.Time {
	switch w {
	case Day:
		return time.UnixMilli(m.DayEnds).UTC()
	case Month:
		return time.UnixMilli(m.MonthEnds).UTC()
	case Hour:
	}
	return time.Time{}
}

func lastDay(ends time.Time, zone *time.Location) string {
	if ends.IsZero() {
		return ""
	}
	return ends.Add(-time.Millisecond).In(zone).Format(time.DateOnly)
}

// EndOfDay is when a day is over that was typed as the last one, zero for "".
func EndOfDay(field, day string, zone *time.Location, now time.Time) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	d, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil || d.Year() < 1900 || d.Year() > 9990 {
		return time.Time{}, errs.Field(field, "date.unreadable", "Write the date as year-month-day, like 2027-03-31.")
	}
	y, m, n := d.Date()
	end := date{y, m, n}.next().begins(zone)
	if !end.After(now) {
		return time.Time{}, errs.Field(field, "package.until_past", "Choose today or a later day.")
	}
	return end, nil
}

// Handed is what an account has given to one of those right below it.
type Handed struct {
	Account ids.Account
	Name    string
	Limits  Grid // in force
}

// mostHanded is how many accounts a list of what is handed out holds.
const mostHanded = 200

// HandedOut lists the accounts right below that have a limit of their own or a package, the first by name.
func (s *Service) HandedOut(ctx context.Context, by authz.Actor, account ids.Account) ([]Handed, error) {
	q, sc, err := s.op.Read(ctx, by, authz.QuotasView, account)
	if err != nil {
		return nil, err
	}
	all, shared, err := children(ctx, q, sc)
	if err != nil {
		return nil, err
	}
	return all, addHanded(ctx, q, all, shared, s.engine.clock())
}

func addHanded(ctx context.Context, q db.Queryer, all []Handed, shared []string, now time.Time) error {
	subjects := make([]string, 0, 2*len(all))
	for i, h := range all {
		subjects = append(subjects, string(h.Account), shared[i])
	}
	if len(subjects) == 0 {
		return nil
	}
	rows, err := limitsOf(ctx, q, subjects)
	if err != nil {
		return err
	}
	for i := range all {
		all[i].Limits = Grid{}
		for _, c := range Channels() {
			in := alive(rows, c, now)
			all[i].Limits[c] = over(inForce(in, shared[i]), inForce(in, string(all[i].Account)))
		}
	}
	return nil
}
