package usage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/db"
)

// Sums are kept beside the hours that they are of, and months outlast their days. As long as all hours of a day are kept, or all days of
// a month, the sum can be checked, and written anew.

// WrongSum is a day or month of which the sum is not what its hours or days are together.
type WrongSum struct{ key summed }

// CheckSums finds the sums of what was sent that are wrong.
func CheckSums(ctx context.Context, d *db.DB) (wrong []WrongSum, err error) {
	err = d.Snapshot(ctx, func(ctx context.Context, q db.Queryer) error {
		wrong = nil
		firstDay, months := checkable(d.Now())
		days, err := wrongDays(ctx, q, firstDay)
		if err != nil {
			return err
		}
		wrong = append(wrong, days...)
		for _, m := range months {
			some, err := wrongMonths(ctx, q, m)
			if err != nil {
				return err
			}
			wrong = append(wrong, some...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("add up what was sent: %w", err)
	}
	return wrong, nil
}

// checkable is the first day of which all hours are kept, wherever it began, and the first days of the months of which all days are.
func checkable(now time.Time) (firstDay int64, months []int64) {
	const zones = 2 // days begin up to 14 hours before those of UTC, and end up to 12 hours after them
	today := now.Unix() / daySeconds
	for m := monthOf(today - keepDays + 31 + zones); m <= today+zones; m = monthOf(m + 31) {
		months = append(months, m)
	}
	return today - keepHours/24 + zones, months
}

// MendSums adds up anew what is wrong: days from their hours first, for months are made of days.
func MendSums(ctx context.Context, d *db.DB, wrong []WrongSum) error {
	slices.SortFunc(wrong, func(a, b WrongSum) int { return a.key.compare(b.key) }) // "day" stands before "month" for each counter
	for part := range slices.Chunk(wrong, foldAtOnce) {
		err := d.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := lockFolded(ctx, tx); err != nil {
				return err
			}
			for _, w := range part {
				if err := addUp(ctx, tx, w.key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("add up anew what was sent: %w", err)
		}
	}
	return nil
}
