package change

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/db"
)

type news struct {
	id      int64
	subject Subject
}

// gap is a run of ids that were drawn and not seen: their transactions have yet to commit, or were rolled back.
type gap struct {
	from, to int64
	since    time.Duration
}

// read tells what is new. Ids are drawn before their transaction commits, so a smaller one may appear after a greater:
// for ten seconds each reading looks into the gaps as well.
func (f *Feed) read(ctx context.Context, began time.Duration) error {
	if f.newest < 0 {
		known, err := db.One(ctx, f.db, db.Value[int64], `SELECT COALESCE(MAX(id), 0) FROM changes WHERE at < (SELECT MAX(at) FROM changes) - ?`, overlap.Milliseconds())
		if err != nil {
			return fmt.Errorf("find where the news begins: %w", err)
		}
		f.newest = known
	}
	query, args := `SELECT id, kind, subject FROM changes WHERE id > ?`, []any{f.newest}
	for _, g := range f.gaps {
		query, args = query+` OR id BETWEEN ? AND ?`, append(args, g.from, g.to)
	}
	all, err := db.All(ctx, f.db, func(r db.Row) (n news, err error) { return n, r.Scan(&n.id, &n.subject.Kind, &n.subject.ID) }, query+` ORDER BY id`, args...)
	if err != nil {
		return err
	}
	for _, n := range all {
		f.note(n.id, began)
		f.tell(n.subject)
	}
	f.gaps = slices.DeleteFunc(f.gaps, func(g gap) bool { return began-g.since > overlap })
	for len(f.gaps) > maxGaps { // what lies between two that become one is told again, in vain
		f.gaps[1] = gap{f.gaps[0].from, f.gaps[1].to, f.gaps[1].since}
		f.gaps = f.gaps[1:]
	}
	return nil
}

// note takes an id for seen: it closes its gap, or opens one before it.
func (f *Feed) note(id int64, at time.Duration) {
	if id > f.newest {
		if id > f.newest+1 {
			f.gaps = append(f.gaps, gap{f.newest + 1, id - 1, at})
		}
		f.newest = id
		return
	}
	for i, g := range f.gaps {
		if g.from <= id && id <= g.to {
			parts := slices.DeleteFunc([]gap{{g.from, id - 1, g.since}, {id + 1, g.to, g.since}}, func(g gap) bool { return g.from > g.to })
			f.gaps = slices.Replace(f.gaps, i, i+1, parts...)
			return
		}
	}
}

const (
	keepFor   = time.Hour // by the clock of the database; nodes look back ten seconds
	sweepSize = 1000
)

// Sweep deletes old news, in small pieces.
func (f *Feed) Sweep(ctx context.Context) error {
	for n := int64(sweepSize); n == sweepSize; {
		if err := f.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = tx.Exec(ctx, `DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE at < (SELECT MAX(at) FROM changes) - ? ORDER BY at LIMIT ?)`, keepFor.Milliseconds(), sweepSize)
			return err
		}); err != nil {
			return fmt.Errorf("forget old news: %w", err)
		}
	}
	return nil
}
