package change

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/db"
)

type news struct {
	id      int64
	subject Subject
}

// read tells what is new. Ids are drawn before their transaction commits, so a smaller one may appear after a greater:
// each reading looks again at all ids that are not ten seconds old.
func (f *Feed) read(ctx context.Context, began time.Time) error {
	if f.floor < 0 {
		floor, err := db.One(ctx, f.db, db.Value[int64], `SELECT COALESCE(MAX(id), 0) FROM changes WHERE at < (SELECT MAX(at) FROM changes) - ?`, overlap.Milliseconds())
		if err != nil {
			return fmt.Errorf("find where the news begins: %w", err)
		}
		f.floor = floor
	}
	all, err := db.All(ctx, f.db, func(r db.Row) (n news, err error) { return n, r.Scan(&n.id, &n.subject.Kind, &n.subject.ID) },
		`SELECT id, kind, subject FROM changes WHERE id > ? ORDER BY id`, f.floor)
	if err != nil {
		return err
	}
	newest := f.floor
	for _, n := range all {
		newest = n.id
		if _, known := f.seen[n.id]; !known {
			f.seen[n.id] = struct{}{}
			f.tell(n.subject)
		}
	}
	f.settle(began, newest)
	return nil
}

// settle notes how far the news went at an instant, and forgets what went before the overlap.
func (f *Feed) settle(at time.Time, newest int64) {
	if n := len(f.marks); n == 0 || at.Sub(f.marks[n-1].at) >= markEvery {
		f.marks = append(f.marks, mark{at, newest})
	}
	for len(f.marks) > 0 && at.Sub(f.marks[0].at) > overlap {
		for id := f.floor + 1; id <= f.marks[0].newest; id++ {
			delete(f.seen, id)
		}
		f.floor, f.marks = f.marks[0].newest, f.marks[1:]
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
