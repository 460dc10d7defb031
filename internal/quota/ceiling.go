package quota

import (
	"context"
	"math"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// asOf reads the database as of an instant.
type asOf struct {
	db.Queryer
	now time.Time
}

func within(tx *db.Tx) asOf { return asOf{tx, tx.Now()} }

// lets is how much a limit lets through.
func (l Limit) lets() int64 {
	switch {
	case l.Amount == Unlimited:
		return math.MaxInt64
	case l.Action == Overage:
		return l.Cap
	}
	return l.Amount
}

// raised checks a limit of the scope's account, or of a sub-account or a member of it, that stands where was stood before. Nobody
// raises one above their own, and an account hands out no more than it has.
func raised(ctx context.Context, w *op.W, t Target, e Edit, was Limit, own reach) error {
	if e.Limit.lets() <= was.lets() && was.Amount != Unlimited {
		return nil // it takes something away
	}
	if t.Member != "" && e.Limit.lets() > was.lets() {
		if err := belowOwn(own.most(e.Channel, e.Window), e); err != nil {
			return err
		}
	}
	if e.Limit.Amount == Unlimited && e.Limit.Source == "" {
		return nil // without a limit of its own it draws on the account above
	}
	chain := w.Scope().Chain()
	if t == (Target{}) {
		chain = chain[:len(chain)-1]
	}
	if err := belowAll(ctx, within(w.Tx()), w.Scope(), chain, t, e); err != nil || t != (Target{}) || len(chain) == 0 {
		return err
	}
	return newGiver(chain[len(chain)-1], w.Scope().Account()).hasRoom(ctx, within(w.Tx()), w.Scope(), e)
}

// belowAll refuses a limit above that of an account of the chain, and names the lowest.
func belowAll(ctx context.Context, q asOf, sc authz.Scope, chain []ids.Account, t Target, e Edit) error {
	all, err := accountLimits(ctx, q, sc, chain, e.Channel)
	if err != nil {
		return err
	}
	least, at := e.Limit.lets(), -1
	for i, id := range chain {
		has := all[id][e.Window].Amount
		if has == Unlimited || e.Limit.Amount == Unlimited && t != (Target{}) {
			continue
		}
		most, err := mostOf(ctx, q, id, has)
		if err != nil {
			return err
		}
		if most < least {
			least, at = most, i
		}
	}
	switch {
	case at < 0:
		return nil
	case sc.Sees(chain[at]) || t == (Target{}) && at == len(chain)-1:
		return errs.Field(e.Field(""), "quota.above_parent", "Write at most {most}, or remove the limit to draw on the account above. The account above has no more for this.", "most", least)
	}
	return errs.Field(e.Field(""), "quota.above_provider", "Write less, or ask your provider for more. An account further above has not as much.")
}

// giver is an account that hands out what it has. What it has given is added up once, however many limits are looked at.
type giver struct {
	id, except ids.Account // to all but one
	all        handed      // nil before it is needed
}

func newGiver(id, except ids.Account) *giver { return &giver{id: id, except: except} }

// given is what is handed out of a channel and window, and how much may be. It reports false where there is no limit.
func (g *giver) given(ctx context.Context, q asOf, sc authz.Scope, e Edit) (given, most int64, limited bool, err error) {
	if most, limited, err = toGive(ctx, q, sc, g.id, e); err != nil || !limited {
		return 0, 0, false, err
	}
	if g.all == nil {
		if g.all, err = handedOut(ctx, q, sc, g.id, g.except, q.now.UnixMilli()); err != nil {
			return 0, 0, false, err
		}
	}
	return g.all.of(e.Channel, e.Window), most, true, nil
}

// hasRoom refuses a limit that the account has no room for beside what it has given to others.
func (g *giver) hasRoom(ctx context.Context, q asOf, sc authz.Scope, e Edit) error {
	given, most, limited, err := g.given(ctx, q, sc, e)
	if err != nil || !limited {
		return err
	}
	if plus(given, max(0, e.Limit.lets())) > most {
		return errs.Field(e.Field(""), "quota.handed_out", "Write at most {left}, or take some back from another account first. The account above has handed out {given} of {most} for this.",
			"left", max(0, most-given), "given", given, "most", most)
	}
	return nil
}

// toGive is how much an account may hand out of a channel and window, and false when it has no limit of its own.
func toGive(ctx context.Context, q asOf, sc authz.Scope, id ids.Account, e Edit) (int64, bool, error) {
	all, err := accountLimits(ctx, q, sc, []ids.Account{id}, e.Channel)
	if err != nil || all[id][e.Window].Amount == Unlimited {
		return 0, false, err
	}
	most, err := mostOf(ctx, q, id, all[id][e.Window].Amount)
	return most, true, err
}

// mostOf is how much an account may hand out that has a limit.
func mostOf(ctx context.Context, q db.Queryer, id ids.Account, has int64) (int64, error) {
	percent, err := setting.Enforced(ctx, q, id, Oversell)
	return oversold(has, percent), err
}

// oversold is so many percent of a limit.
func oversold(has int64, percent int) int64 {
	return has/100*int64(percent) + has%100*int64(percent)/100
}

// reach is the limits of the memberships that somebody acts by on an account; none for whoever acts by none, and may give anything.
type reach []Grid

func reachOf(ctx context.Context, tx *db.Tx, sc authz.Scope, by authz.Actor) (reach, error) {
	acting, err := actsBy(ctx, tx, sc, by)
	if err != nil {
		return nil, err
	}
	var out reach
	for _, m := range acting {
		grid, err := gridOf(ctx, tx, string(m.id), m.role)
		if err != nil {
			return nil, err
		}
		out = append(out, grid)
	}
	return out, nil
}

// most is the highest limit of a channel and window.
func (r reach) most(c Channel, w Window) int64 {
	if len(r) == 0 {
		return math.MaxInt64
	}
	most := int64(0)
	for _, g := range r {
		most = max(most, g.Of(c, w).lets())
	}
	return most
}

// belowOwn refuses a limit of people above the own one of whoever sets it.
func belowOwn(most int64, e Edit) error {
	if e.Limit.lets() > most {
		return errs.Field(e.Field(""), "quota.above_yours", "Write at most {most}, or ask somebody with a higher limit. Nobody sets a limit above their own.", "most", most)
	}
	return nil
}

// alive picks the limits of a channel that are in force at an instant.
func alive(rows []limitRow, c Channel, now time.Time) (out []limitRow) {
	for _, r := range rows {
		if r.channel == c && r.inForce(now) {
			out = append(out, r)
		}
	}
	return out
}

// accountLimits reads the limits of accounts that are in force, those of their packages included.
func accountLimits(ctx context.Context, q asOf, sc authz.Scope, of []ids.Account, c Channel) (map[ids.Account]Limits, error) {
	bought, err := packagesOf(ctx, q, sc, of)
	if err != nil {
		return nil, err
	}
	var subjects []string
	for _, id := range of {
		subjects = append(subjects, string(id))
		if bought[id] != "" {
			subjects = append(subjects, bought[id])
		}
	}
	out := make(map[ids.Account]Limits, len(of))
	if len(subjects) == 0 {
		return out, nil
	}
	rows, err := limitsOf(ctx, q, subjects)
	if err != nil {
		return nil, err
	}
	rows = alive(rows, c, q.now)
	for _, id := range of {
		out[id] = over(inForce(rows, bought[id]), inForce(rows, string(id)))
	}
	return out, nil
}

// standing is what is in force for an account, or for a sub-account or a member of it.
func standing(ctx context.Context, tx *db.Tx, sc authz.Scope, t Target) (Grid, error) {
	subject, _ := subjectOf(sc, t)
	shared, err := sharedOf(ctx, tx, sc, t)
	if err != nil {
		return nil, err
	}
	return gridOf(ctx, tx, subject, shared)
}

// gridOf is the limits of a subject that are in force: its own, and else those of its package or role group.
func gridOf(ctx context.Context, tx *db.Tx, subject, shared string) (Grid, error) {
	rows, err := limitsOf(ctx, tx, []string{subject, shared})
	if err != nil {
		return nil, err
	}
	out := Grid{}
	for _, c := range Channels() {
		in := alive(rows, c, tx.Now())
		out[c] = over(inForce(in, shared), inForce(in, subject))
	}
	return out, nil
}

// Bought checks what a client gets by another package: where it may send more than before, it is under the same ceilings as a limit
// that is set for it. An override that ends is no reason to give it more: the package comes after it.
func Bought(ctx context.Context, tx *db.Tx, sc authz.Scope, was, is Grid) error {
	rows, err := limitsOf(ctx, tx, []string{string(sc.Account())})
	if err != nil {
		return err
	}
	chain := sc.Chain()
	parent := newGiver(chain[len(chain)-2], sc.Account())
	var c errs.Collector
	return each(&c, func(channel Channel, w Window) error {
		e := Edit{Channel: channel, Window: w, Limit: is.Of(channel, w)}
		apart := slices.ContainsFunc(rows, func(r limitRow) bool { return r.channel == channel && r.window == w && r.ends.IsZero() })
		if apart || e.Limit.Amount == Unlimited || e.Limit.lets() <= was.Of(channel, w).lets() && was.Of(channel, w).Amount != Unlimited {
			return nil
		}
		if err := belowAll(ctx, within(tx), sc, chain[:len(chain)-1], Target{}, e); err != nil {
			return err
		}
		return parent.hasRoom(ctx, within(tx), sc, e)
	})
}

// Offered checks the limits of a package that is made at the scope's account, and that its clients and those who sell to them have
// room for them. It comes after the limits are stored; was is what the package, or the one before it, gave until then.
func Offered(ctx context.Context, tx *db.Tx, sc authz.Scope, pkg ids.Package, was, is Grid) error {
	var c errs.Collector
	sellers := map[ids.Account]*giver{}
	return each(&c, func(channel Channel, w Window) error {
		e := Edit{Channel: channel, Window: w, Limit: is.Of(channel, w)}
		if e.Limit.Amount == Unlimited || e.Limit.lets() <= was.Of(channel, w).lets() && was.Of(channel, w).Amount != Unlimited {
			return nil
		}
		if err := belowAll(ctx, within(tx), sc, sc.Chain(), Target{}, e); err != nil {
			return err
		}
		parents, err := sellersOf(ctx, tx, sc, pkg, e)
		if err != nil {
			return err
		}
		for _, id := range parents {
			if sellers[id] == nil {
				sellers[id] = newGiver(id, "")
			}
			if err := sellers[id].withinOwn(ctx, within(tx), sc, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Sold checks that the scope's account has room for the clients that were given limits just now.
func Sold(ctx context.Context, tx *db.Tx, sc authz.Scope, is Grid) error {
	var c errs.Collector
	seller := newGiver(sc.Account(), "")
	return each(&c, func(channel Channel, w Window) error {
		e := Edit{Channel: channel, Window: w, Limit: is.Of(channel, w)}
		if e.Limit.Amount == Unlimited {
			return nil
		}
		if err := belowAll(ctx, within(tx), sc, sc.Chain(), Target{}, e); err != nil {
			return err
		}
		return seller.withinOwn(ctx, within(tx), sc, e)
	})
}

// withinOwn refuses what has the account hand out more than it has.
func (g *giver) withinOwn(ctx context.Context, q asOf, sc authz.Scope, e Edit) error {
	given, most, limited, err := g.given(ctx, q, sc, e)
	if err == nil && limited && given > most {
		err = errs.Field(e.Field(""), "quota.package_handed_out", "Write less, or raise the limit of the accounts that sell this package first. One of them would hand out {given} of {most}.", "given", given, "most", most)
	}
	return err
}

// Reopened checks that the account above the scope's has room again for what it had given it: while it was closed, that was free to give
// to others.
func Reopened(ctx context.Context, tx *db.Tx, sc authz.Scope) error {
	chain := sc.Chain()
	if len(chain) < 2 {
		return nil
	}
	with, without := newGiver(chain[len(chain)-2], ""), newGiver(chain[len(chain)-2], sc.Account())
	for _, channel := range Channels() {
		for _, w := range Windows() {
			e := Edit{Channel: channel, Window: w}
			given, most, limited, err := with.given(ctx, within(tx), sc, e)
			if err != nil {
				return err
			}
			if !limited || given <= most {
				continue
			}
			others, _, _, err := without.given(ctx, within(tx), sc, e)
			if err != nil {
				return err
			}
			if others < given {
				return errs.New(errs.Conflict, "account.reopen_limits", "Make room in the account above first, or ask your provider to. What it may hand out was given to others while this account was closed.")
			}
		}
	}
	return nil
}

// ForPeople checks the limits of a role group: nobody sets those of people above their own.
func ForPeople(ctx context.Context, w *op.W, was, is Grid) error {
	own, err := reachOf(ctx, w.Tx(), w.Scope(), w.By())
	if err != nil {
		return err
	}
	var c errs.Collector
	return each(&c, func(channel Channel, window Window) error {
		e := Edit{Channel: channel, Window: window, Limit: is.Of(channel, window)}
		if before := was.Of(channel, window); e.Limit.lets() <= before.lets() && before.Amount != Unlimited {
			return nil
		}
		return belowOwn(own.most(channel, window), e)
	})
}

// Given checks a role that somebody is given with which they can send: nobody gives more than they may send themselves. was is the role
// they had, "" for one with which they could not send.
func Given(ctx context.Context, tx *db.Tx, sc authz.Scope, by authz.Actor, was, is authz.Role) error {
	if was == is {
		return nil
	}
	own, err := reachOf(ctx, tx, sc, by)
	if err != nil {
		return err
	}
	before, err := gridOf(ctx, tx, "", string(was))
	if err != nil {
		return err
	}
	after, err := gridOf(ctx, tx, "", string(is))
	if err != nil {
		return err
	}
	for _, c := range Channels() {
		for _, w := range Windows() {
			if asks := after.Of(c, w).lets(); asks > own.most(c, w) && (was == "" || asks > before.Of(c, w).lets()) {
				return errs.New(errs.Denied, "role.sends_more", "Choose a role group whose people may send less, or ask somebody with a higher limit. Nobody gives more than they may send themselves.")
			}
		}
	}
	return nil
}

// Reaches checks the limits of the scope's account, and of what is below it, for a place under another account: they are under the same
// ceilings there as limits that are set.
func Reaches(ctx context.Context, q db.Queryer, now time.Time, sc, there authz.Scope) error {
	at, chain := asOf{q, now}, there.Chain()
	highest, err := highestBelow(ctx, at, sc)
	if err != nil {
		return err
	}
	own := map[Channel]Limits{}
	for _, channel := range Channels() {
		all, err := accountLimits(ctx, at, sc, []ids.Account{sc.Account()}, channel)
		if err != nil {
			return err
		}
		own[channel] = all[sc.Account()]
	}
	var c errs.Collector
	parent := newGiver(there.Account(), sc.Account())
	return each(&c, func(channel Channel, w Window) error {
		e := Edit{Channel: channel, Window: w, Limit: own[channel][w]}
		if e.Limit.Source != "" {
			if err := belowAll(ctx, at, there, chain, Target{}, e); err != nil {
				return err
			}
			if err := parent.hasRoom(ctx, at, there, e); err != nil {
				return err
			}
		}
		if e.Limit = highest.Of(channel, w); e.Limit.Source == "" {
			return nil
		}
		return belowAll(ctx, at, there, chain, Target{}, e)
	})
}

// each looks at every channel and window, and gathers what is said about them.
func each(c *errs.Collector, look func(Channel, Window) error) error {
	for _, channel := range Channels() {
		for _, w := range Windows() {
			if err := look(channel, w); err != nil {
				if err := c.Merge(err); err != nil {
					return err
				}
			}
		}
	}
	return c.Err()
}
