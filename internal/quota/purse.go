package quota

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"bailiwick/internal/db"
)

// purse is the credits of a counter with what was drawn of them, by month. Only whoever holds the log draws on them.
type purse struct {
	credits []Credit // the one that expires first stands first
	months  map[int64]int64
	minutes []drawing // those from which units may be recalled
}

// clone is a purse to try something with.
func (p *purse) clone() *purse {
	if p == nil {
		return nil
	}
	return &purse{slices.Clone(p.credits), maps.Clone(p.months), slices.Clone(p.minutes)}
}

// of is the purse as it stands in the month of a counter.
func (p *purse) of(c *Counter) Purse {
	if p == nil {
		return Purse{}
	}
	return Purse{p.credits, p.months[c.Month]}
}

// takeBack has units not drawn any more.
func (p *purse) takeBack(d drawing) {
	if i := slices.IndexFunc(p.credits, func(c Credit) bool { return c.ID == d.credit.ID }); i >= 0 {
		p.credits[i].Used -= d.units
		p.months[d.month] -= d.units
	}
}

// recall takes units of a charge back, and says which of them were drawn of credits.
func (p *purse) recall(at Charge, n int64) []drawing {
	back := giveBack(p.minutes, at, n)
	for _, d := range back {
		p.takeBack(d)
	}
	return back
}

// keepEnded is how long credits are looked at that have ended: for longer than a month in which something was drawn of them.
const keepEnded = 40 * 24 * time.Hour

// readPurses reads the credits of counters that have any.
func readPurses(ctx context.Context, q db.Queryer, keys []counted, now time.Time, lock string) (map[counted]*purse, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	credits, err := creditsOf(ctx, q, keys, now.Add(-keepEnded).UnixMilli(), lock)
	if err != nil || len(credits) == 0 {
		return nil, err
	}
	out := map[counted]*purse{}
	for _, c := range credits {
		p := out[c.counted]
		if p == nil {
			p = &purse{months: map[int64]int64{}}
			out[c.counted] = p
		}
		if n := len(p.credits); n == 0 || p.credits[n-1].ID != c.ID {
			p.credits = append(p.credits, c.Credit)
		}
		p.credits[len(p.credits)-1].Used += c.drawn
		p.months[c.month] += c.drawn
	}
	return out, nil
}

// lockPurses reads the credits that the items of a batch may draw on, and keeps others from voiding them meanwhile.
func (b *batch) lockPurses(ctx context.Context) (err error) {
	wanted := map[counted]bool{}
	for _, it := range b.items {
		if it.replay != nil {
			continue
		}
		for i, l := range it.ticket.path.layers {
			if l.credits != 0 && it.ticket.taken[i] == nil {
				wanted[it.ticket.path.key(i)] = true
			}
		}
	}
	for _, r := range b.refills {
		if r.layer.credits != 0 {
			wanted[r.h.counted] = true
		}
	}
	keys := slices.SortedFunc(maps.Keys(wanted), counted.compare)
	if b.purses, err = readPurses(ctx, b.tx, keys, b.now, db.Lock(b.tx.Dialect())); err != nil || len(b.purses) == 0 {
		return err
	}
	var minutes []minuteOf
	for _, l := range b.engine.logbook.live { // from which units may be recalled
		if b.purses[l.counted] != nil {
			minutes = append(minutes, minuteOf{l.counted, l.Minute})
		}
	}
	slices.SortFunc(minutes, minuteOf.compare)
	drawn, err := drawnIn(ctx, b.tx, slices.Compact(minutes))
	for k, all := range drawn {
		b.purses[k.counted].minutes = append(b.purses[k.counted].minutes, all...)
	}
	return err
}

// draw takes from the credits of a counter what n units need beyond its month, which are not yet counted.
func (b *batch) draw(row *row, l Limit, n int64) {
	p := b.purses[row.counted]
	if p == nil {
		return
	}
	at := p.of(&row.Counter)
	for _, d := range draw(p.credits, row.at(), need(l, at.own(&row.Counter), n)) {
		p.months[row.Month] += d.Units
		i := slices.IndexFunc(p.credits, func(c Credit) bool { return c.ID == d.ID })
		now := drawing{row.counted, row.Minute, row.Month, p.credits[i], d.Units}
		b.drawn, p.minutes = append(b.drawn, now), append(p.minutes, now)
	}
}

// usable is until when units can be spent that are taken now: those that are drawn of a credit end with it.
func (p *purse) usable(c *Counter, l Limit, n, until int64) int64 {
	if p == nil {
		return until
	}
	at := p.of(c)
	if need(l, at.own(c), n) == 0 {
		return until
	}
	for _, credit := range p.credits {
		if credit.left(c.at()) > 0 {
			return min(until, credit.Expires)
		}
	}
	return until
}

// minuteOf is a minute of a counter.
type minuteOf struct {
	counted
	minute int64
}

func (a minuteOf) compare(b minuteOf) int {
	return cmp.Or(a.counted.compare(b.counted), cmp.Compare(a.minute, b.minute))
}

// refund is units that come back to a counter.
type refund struct {
	counted
	Charge
	units int64
}

// backFrom finds what returns to credits with some refunds, in their order.
func backFrom(ctx context.Context, q db.Queryer, all []refund) (out []drawing, err error) {
	var keys []minuteOf
	for _, r := range all {
		if r.units > 0 {
			keys = append(keys, minuteOf{r.counted, r.Minute})
		}
	}
	slices.SortFunc(keys, minuteOf.compare)
	drawn, err := drawnIn(ctx, q, slices.Compact(keys))
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		out = append(out, giveBack(drawn[minuteOf{r.counted, r.Minute}], r.Charge, r.units)...)
	}
	return out, nil
}

// unspent reads the credits of counters as they stand without what lies in leases.
func unspent(ctx context.Context, q db.Queryer, keys []counted, leases []leaseRow, now time.Time) (map[counted]*purse, error) {
	purses, err := readPurses(ctx, q, keys, now, "")
	if err != nil || len(purses) == 0 {
		return nil, err
	}
	var lying []refund
	for _, l := range leases {
		if purses[l.counted] != nil {
			lying = append(lying, refund{l.counted, l.Charge, l.size - l.spent})
		}
	}
	back, err := backFrom(ctx, q, lying)
	for _, d := range back {
		purses[d.counted].takeBack(d)
	}
	return purses, err
}

// pursesOf is unspent for whoever has not read the leases.
func pursesOf(ctx context.Context, q db.Queryer, keys []counted, now time.Time) (map[counted]*purse, error) {
	leases, err := leasesOf(ctx, q, keys)
	if err != nil {
		return nil, err
	}
	return unspent(ctx, q, keys, leases, now)
}

// restoreCredits gives back to credits what was drawn for units that are not sent.
func restoreCredits(ctx context.Context, tx *db.Tx, all []refund) error {
	back, err := backFrom(ctx, tx, all)
	if err != nil || len(back) == 0 {
		return err
	}
	return returnDrawn(ctx, tx, back)
}
