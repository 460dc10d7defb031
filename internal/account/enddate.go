package account

import (
	"context"
	"slices"
	"strconv"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// endChanged lifts the hold of an ended membership at once when the end is moved to today or later, or emptied.
func endChanged(ctx context.Context, w *op.W, old, upd Account) error {
	if old.MembershipEnd == upd.MembershipEnd {
		return nil
	}
	zone, err := zoneOf(ctx, w.Tx(), w.Scope())
	if err != nil {
		return err
	}
	if upd.MembershipEnd != "" && upd.MembershipEnd < DateIn(w.Tx().Now(), zone) {
		return nil
	}
	all, err := chainHolds(ctx, w.Tx(), w.Scope())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(h Hold) bool { return h.On == upd.ID && h.Source == Expiry })
	if i < 0 {
		return nil
	}
	return unhold(ctx, w, upd, all[i])
}

// Phase is where a membership stands.
type Phase string

// The phases. A membership that is far from its end, or has none, is in none of them.
const (
	Ending  Phase = "ending"  // reminders go out
	InGrace Phase = "grace"   // the end has passed, everything still works
	Ended   Phase = "expired" // the grace has passed
)

// Stage is a phase with what is due in it: each step is done once for each end date.
type Stage struct {
	Phase Phase
	Step  string // "before-30", "grace-2", "expired"; "" when nothing is due
	Days  int    // until the end, or until the grace is over
}

// StageOn tells where a membership that ends on end stands today. Grace counts whole days after the last one.
func StageOn(end, today Date, grace int, reminders []int) Stage {
	if end == "" {
		return Stage{}
	}
	left := today.DaysUntil(end)
	switch {
	case left < -grace:
		return Stage{Ended, "expired", 0}
	case left < 0:
		return Stage{InGrace, "grace-" + strconv.Itoa(-left), grace + left}
	}
	next := 0
	for _, r := range reminders {
		if left <= r && (next == 0 || r < next) {
			next = r
		}
	}
	if next == 0 {
		return Stage{}
	}
	return Stage{Ending, "before-" + strconv.Itoa(next), left}
}

// stageOf reads the settings of the scope's account and tells where its membership stands now.
func (s *Service) stageOf(ctx context.Context, q db.Queryer, sc authz.Scope, a Account) (Stage, error) {
	if a.MembershipEnd == "" || a.Kind != Customer {
		return Stage{}, nil
	}
	set, err := setting.Read(ctx, q, sc, TimeZone, GraceDays, ReminderDays)
	if err != nil {
		return Stage{}, err
	}
	zone, err := zoneIn(set)
	if err != nil {
		return Stage{}, err
	}
	grace, _, err := setting.Of(GraceDays, set)
	if err != nil {
		return Stage{}, err
	}
	reminders, _, err := setting.Of(ReminderDays, set)
	if err != nil {
		return Stage{}, err
	}
	return StageOn(a.MembershipEnd, DateIn(s.now(), zone), grace, reminders), nil
}

// reach does what is due for the membership of the account that w is on: once, however often it runs.
func (s *Service) reach(ctx context.Context, w *op.W) error {
	a, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil {
		return err
	}
	st, err := s.stageOf(ctx, w.Tx(), w.Scope(), a)
	if err != nil {
		return err
	}
	if a.Closed() || st.Step == "" {
		return w.Unchanged()
	}
	fresh, err := markStep(ctx, w.Tx(), w.Scope(), a, st.Step)
	if err != nil {
		return err
	}
	held := false
	if st.Phase == Ended {
		if held, err = setHold(ctx, w, a, Hold{Source: Expiry, SetFrom: a.Parent}); err != nil {
			return err
		}
	}
	if !fresh && !held {
		return w.Unchanged()
	}
	w.Audit(audit.Event{Action: "membership." + string(st.Phase), TargetType: "account", TargetID: string(a.ID), Target: a.Name, After: told{st.Step, string(a.MembershipEnd)}})
	if !fresh {
		return nil
	}
	return s.tell(ctx, w, a, st)
}

// told is what the log says about a step.
type told struct {
	Step string `audit:"show"`
	End  string `audit:"show"`
}

// templates says which mail goes out in each phase, and whether the parent's admins get it too.
var templates = map[Phase]struct {
	mail    notify.Template
	parents bool
	bell    notice.Kind
	above   notice.Kind // what the parent's people are told, if they are
}{
	Ending:  {notify.MembershipEnding, true, notice.MembershipEnding, notice.ClientEnding},
	InGrace: {notify.MembershipGrace, false, notice.MembershipGrace, ""},
	Ended:   {notify.MembershipExpired, true, notice.MembershipExpired, notice.ClientExpired},
}

func (s *Service) tell(ctx context.Context, w *op.W, a Account, st Stage) error {
	t := templates[st.Phase]
	people, err := peopleToTell(ctx, w.Tx(), w.Scope(), a, t.parents)
	if err != nil {
		return err
	}
	for _, p := range people {
		m := notify.Mail{To: p.email, Name: p.name, Template: t.mail, Language: p.language, Account: a.ID, At: p.at, Link: secret.Wrap("/a/" + string(a.ID)),
			Data: []any{"account", a.Name, "date", notify.Day(a.MembershipEnd)}}
		if st.Phase != Ended {
			m.Data = append(m.Data, "count", st.Days)
		}
		if err := s.mail.Queue(ctx, w.Tx(), m); err != nil {
			return err
		}
	}
	return tellEnd(ctx, w, a, st)
}

// tellEnd is the bell's side of tell.
func tellEnd(ctx context.Context, w *op.W, a Account, st Stage) error {
	t, facts := templates[st.Phase], map[string]string{"date": string(a.MembershipEnd)}
	if st.Phase != Ended {
		facts["count"] = strconv.Itoa(st.Days)
	}
	if err := tellAccount(ctx, w, t.bell, facts); err != nil || !t.parents {
		return err
	}
	facts["client"] = a.Name
	return notice.Tell(ctx, w.Tx(), notice.New{Kind: t.above, Account: a.Parent, Target: string(a.ID), Facts: facts, By: w.By()})
}

// reader is somebody whom a mail goes to.
type reader struct {
	id, email, name, language string
	at                        ids.Account // where they belong
}

// Stage tells where the membership of an account stands today.
func (s *Service) Stage(ctx context.Context, by authz.Actor, id ids.Account) (Stage, error) {
	q, sc, err := s.op.See(ctx, by, id)
	if err != nil {
		return Stage{}, err
	}
	a, err := get(ctx, q, sc, id)
	if err != nil {
		return Stage{}, err
	}
	return s.stageOf(ctx, q, sc, a)
}
