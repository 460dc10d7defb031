package quota

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// Service is what people and programs do with quotas.
type Service struct {
	op     *op.Runner
	engine *Engine
	pools  pools
	door   Door
}

// Door refuses those who may not send with a sub-account from where they are.
type Door func(ctx context.Context, by authz.Actor, sub ids.SubAccount) error

// NewService makes a Service.
func NewService(r *op.Runner, e *Engine, d Door) *Service {
	return &Service{op: r, engine: e, door: d}
}

// Ask is a request for units.
type Ask struct {
	Key        string // the asker's own name for it: sent again, it counts nothing
	Account    ids.Account
	Sub        ids.SubAccount // "" without one
	Channel    Channel
	Recipients int64
	Parts      int64         // of an SMS, for each recipient
	Lasts      time.Duration // how long it can be committed or released; 0 for a quarter of an hour
}

// Told is the answer to one of many.
type Told struct {
	Outcome Outcome
	Hidden  bool // the layer that binds is above what the asker sees
	Err     error
}

func (a Ask) check() error {
	switch {
	case a.Key == "" || len(a.Key) > LongestKey:
		return errs.Field("key", "quota.key_length", "Send a key of 1 to {most} bytes that names this request, so that it can be repeated.", "most", LongestKey)
	case a.Lasts < 0 || a.Lasts > LongestHold:
		return errs.Field("hold_seconds", "quota.hold_length", "Hold it for {most} seconds at most.", "most", int64(LongestHold/time.Second))
	}
	return nil
}

// credential names whoever asks, so that nobody meets another's keys.
func credential(by authz.Actor) string {
	if by.Kind() == authz.Key {
		return by.Credential()
	}
	return by.ID()
}

// Reserve answers each request: units are promised, durably, or it is said why not.
func (s *Service) Reserve(ctx context.Context, by authz.Actor, asks []Ask) ([]Told, error) {
	if err := few(len(asks)); err != nil {
		return nil, err
	}
	out := make([]Told, len(asks))
	requests, at := make([]Request, 0, len(asks)), make([]int, 0, len(asks))
	for i, a := range asks {
		checked := i > 0 && a.Account == asks[i-1].Account && a.Sub == asks[i-1].Sub && out[i-1].Err == nil // as most batches are of one sender
		if !checked {
			if _, out[i].Err = s.sends(ctx, by, a.Account, a.Sub); out[i].Err != nil {
				continue
			}
		}
		r, err := request(by, a)
		if out[i].Err = err; err == nil {
			requests, at = append(requests, r), append(at, i)
		}
	}
	outcomes, failed := s.engine.ReserveAll(ctx, requests)
	for j, i := range at {
		out[i] = Told{Outcome: outcomes[j], Err: failed[j]}
		if r := outcomes[j].Refused; r != nil && r.Binding.Layer >= 0 {
			sc, err := s.sends(ctx, by, asks[i].Account, asks[i].Sub) // asked again, rather than kept for all that are not refused
			out[i].Hidden = err != nil || !sc.Sees(outcomes[j].Layers[r.Binding.Layer].Account)
		}
	}
	return out, nil
}

func few(n int) error {
	if n < 1 || n > MostTogether {
		return errs.New(errs.Invalid, "quota.together", "Send 1 to {most} at once.", "most", MostTogether)
	}
	return nil
}

func request(by authz.Actor, a Ask) (Request, error) {
	if err := a.check(); err != nil {
		return Request{}, err
	}
	n, err := Units(a.Channel, a.Recipients, a.Parts)
	return Request{Sender{a.Account, a.Sub, by.Membership(), a.Channel}, Mark{credential(by), a.Key}, n, a.Lasts}, err
}

// sends checks that the actor may send on the account, with the sub-account if one is named.
func (s *Service) sends(ctx context.Context, by authz.Actor, account ids.Account, sub ids.SubAccount) (authz.Scope, error) {
	q, sc, err := s.op.Read(ctx, by, authz.MessagesSend, account)
	if err != nil {
		return sc, err
	}
	if err := mayUse(ctx, q, sc, sub); err != nil || sub == "" {
		return sc, err
	}
	return sc, s.door(ctx, by, sub)
}

// mayUse refuses a sub-account that is not among the actor's. Whether it belongs to the account is seen with its layers.
func mayUse(ctx context.Context, q db.Queryer, sc authz.Scope, sub ids.SubAccount) error {
	if sub == "" || sc.AllSubs() {
		return nil
	}
	ok, err := usable(ctx, q, sc, sub)
	if err == nil && !ok {
		err = errs.NoSuch("subaccount")
	}
	return err
}

// Settle commits or releases reserves of the actor's own credential. Each has an error of its own, nil when it is done.
func (s *Service) Settle(ctx context.Context, by authz.Actor, all []ids.Reserve, release bool) ([]error, error) {
	if _, _, err := s.op.Read(ctx, by, authz.MessagesSend, by.Account()); err != nil {
		return nil, err
	}
	if err := few(len(all)); err != nil {
		return nil, err
	}
	failed, err := s.engine.Settle(ctx, credential(by), all, release)
	if err != nil {
		return nil, err
	}
	out := make([]error, len(all))
	for i, id := range all {
		out[i] = failed[id]
	}
	return out, nil
}

// Question is what Explain is asked.
type Question struct {
	Sub     ids.SubAccount
	Member  ids.Membership // "" for a key's own
	Channel Channel
	Units   int64 // what if that many were sent now; 0 for 1
	Nobody  bool  // by no person: as a service key sends
}

// Explanation is how every layer stands. Of a layer above what the actor sees only its place is told, and when it opens.
type Explanation struct {
	Decision Decision
	Layers   []Shown
}

// Shown is a layer as the actor may know it.
type Shown struct {
	Layer
	Hidden bool
	Used   [windows]int64
	Ends   [windows]int64 // Unix milliseconds: when the day and the month end, and when what was used in the hour counts no more; 0 for an empty one
	Begins [windows]int64 // when they began
	Leased int64          // of the month, units that nodes hold ready; they are not in Used
	Purse  Purse          // the credits that extend the month, without what nodes hold ready
}

// Next is the credit that is drawn on next once the month is used up, and false without one.
func (s Shown) Next(now time.Time) (Credit, bool) {
	for _, c := range s.Purse.Credits {
		if c.left(now.UnixMilli()) > 0 {
			return c, true
		}
	}
	return Credit{}, false
}

// Most is how much can be sent in a window: its limit, and of a month the credits as well. It is Unlimited without a limit.
func (s Shown) Most(w Window, now time.Time) int64 {
	l := s.Limits[w].Amount
	if w != Month || l == Unlimited {
		return l
	}
	return plus(l, s.Credits(now))
}

// Credits is what credits add to the month: what was drawn of them in it, and what can still be.
func (s Shown) Credits(now time.Time) int64 {
	return plus(s.Purse.Drawn, CreditLeft(s.Purse.Credits, now.UnixMilli()))
}

// Began is when the day or the month began.
func (s Shown) Began(w Window) time.Time { return time.UnixMilli(s.Begins[w]).UTC() }

// Explain says how all layers of a sender stand, which binds, and what would become of some units now.
func (s *Service) Explain(ctx context.Context, by authz.Actor, account ids.Account, in Question) (Explanation, error) {
	q, sc, err := s.op.See(ctx, by, account)
	if err == nil && !sc.Has(authz.MessagesSend) {
		q, sc, err = s.op.Read(ctx, by, authz.QuotasView, account)
	}
	if err != nil {
		return Explanation{}, err
	}
	if err := mayUse(ctx, q, sc, in.Sub); err != nil {
		return Explanation{}, err
	}
	if in.Nobody {
		in.Member = ""
	} else if in.Member == "" {
		in.Member = by.Membership()
	} else if err := known(ctx, q, sc, in.Member, by.Membership()); err != nil {
		return Explanation{}, err
	}
	if in.Units < 0 || in.Units > MostUnits {
		return Explanation{}, errs.Field("units", "quota.too_many", "Ask for fewer at once. The most is {most}.", "most", int64(MostUnits))
	}
	p, err := s.engine.path(ctx, Sender{account, in.Sub, in.Member, in.Channel})
	if err != nil {
		return Explanation{}, err
	}
	return s.explain(ctx, q, sc, p, max(in.Units, 1))
}

// known refuses a member whom the actor may not see.
func known(ctx context.Context, q db.Queryer, sc authz.Scope, m, own ids.Membership) error {
	if m == own {
		return nil
	}
	who, err := memberOf(ctx, q, m)
	if err != nil {
		return err
	}
	if !sc.Has(authz.QuotasView) || !sc.Sees(who.account) {
		return errs.NoSuch("user")
	}
	return nil
}

func (s *Service) explain(ctx context.Context, q db.Queryer, sc authz.Scope, p *path, n int64) (Explanation, error) {
	keys := make([]counted, len(p.layers))
	for i := range keys {
		keys[i] = p.key(i)
	}
	if err := s.engine.Fold(ctx); err != nil {
		return Explanation{}, err
	}
	leases, err := leasesOf(ctx, q, keys) // first: what returns in between counts as used, never as free
	if err != nil {
		return Explanation{}, err
	}
	counters, err := countersOf(ctx, q, keys)
	if err != nil {
		return Explanation{}, err
	}
	now := s.engine.clock()
	var with []counted
	for i, l := range p.layers {
		if l.credits != 0 {
			with = append(with, keys[i])
		}
	}
	purses, err := unspent(ctx, q, with, leases, now)
	if err != nil {
		return Explanation{}, err
	}
	var out Explanation
	var states []State
	for i, l := range p.layers {
		st := State{Layer: l, Counter: counters[keys[i]].Counter, Moment: l.Calendar.At(now)}
		before := st.Counter.MonthUsed
		for _, lease := range leases {
			if lease.counted == keys[i] {
				st.Counter.giveBack(lease.Charge, lease.size-lease.spent)
			}
		}
		shown := Shown{Layer: l, Hidden: !sc.Sees(l.Account), Leased: before - st.Counter.MonthUsed, Ends: [windows]int64{0, st.Moment.DayEnds, st.Moment.MonthEnds}, Begins: [windows]int64{0, st.Moment.DayBegan, st.Moment.MonthBegan}}
		st.Counter.turn(st.Moment)
		st.Purse = purses[keys[i]].of(&st.Counter)
		shown.Purse = st.Purse
		for _, w := range Windows() {
			shown.Used[w] = st.Counter.used(w)
		}
		shown.Ends[Hour] = st.Counter.empties()
		states, out.Layers = append(states, st), append(out.Layers, shown)
	}
	out.Decision = Decide(states, n)
	return out, nil
}

// Subject is what a target of the scope's account is counted under, and its name. What the actor may not know is not found.
func Subject(ctx context.Context, q db.Queryer, sc authz.Scope, t Target) (subject, name string, err error) {
	name, err = nameOf(ctx, q, sc, t)
	subject, _ = subjectOf(sc, t)
	return subject, name, err
}

// subjectOf is what a limit is set on, and where: the account itself, one of its sub-accounts, or one of its people.
func subjectOf(sc authz.Scope, t Target) (subject string, kind Kind) {
	switch {
	case t.Sub != "":
		return string(t.Sub), SubAccount
	case t.Member != "":
		return string(t.Member), Member
	}
	return string(sc.Account()), Kind(sc.Kind())
}
