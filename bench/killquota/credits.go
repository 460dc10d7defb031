package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"bailiwick/internal/db"
)

// credit grants each customer on credits another one, which ends within minutes, and now and then voids one of them.
func (s scenario) credit(ctx context.Context, d *db.DB, round int) error {
	now := s.fast(func() time.Duration { return 0 })()
	for _, customer := range s.credits {
		id := fmt.Sprintf("crd_%s_%d", customer, round)
		ends := now.Truncate(time.Minute).Add(time.Duration(1+rand.IntN(15)) * time.Minute)
		err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO quota_credits (id, account_id, channel, units, expires_at, reason, reference, granted_at, granted_by, granted_from) VALUES (?, ?, 'email', ?, ?, '', '', ?, '', '')`,
				id, customer, 1+rand.IntN(200), ends.UnixMilli(), now.UnixMilli()); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `UPDATE quota_credits SET voided_at = ? WHERE id = ?`, now.UnixMilli(), fmt.Sprintf("crd_%s_%d", customer, round-rand.IntN(9)))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// drawnOf is what was drawn of credits in each month of each customer. It counts credits of which more was drawn than they had, after
// they ended, or not as their minutes say.
func drawnOf(ctx context.Context, q db.Queryer) (drawn map[inPeriod]int64, over int64, err error) {
	type month struct {
		inPeriod
		units int64
	}
	all, err := db.All(ctx, q, func(r db.Row) (m month, err error) { return m, r.Scan(&m.subject, &m.period, &m.units) },
		`SELECT c.account_id, d.month, CAST(SUM(d.units) AS BIGINT) FROM quota_drawn d JOIN quota_credits c ON c.id = d.credit_id GROUP BY c.account_id, d.month`)
	if err != nil {
		return nil, 0, err
	}
	drawn = make(map[inPeriod]int64, len(all))
	for _, m := range all {
		drawn[m.inPeriod] = m.units
	}
	wrong, err := db.All(ctx, q, db.Value[string], `SELECT c.id FROM quota_credits c WHERE (SELECT COALESCE(SUM(d.units), 0) FROM quota_drawn d WHERE d.credit_id = c.id) > c.units
		UNION ALL SELECT c.id FROM quota_credits c JOIN quota_drawn_minutes m ON m.credit_id = c.id WHERE m.units > 0 AND m.minute * 60000 >= c.expires_at
		UNION ALL SELECT d.credit_id FROM quota_drawn d WHERE d.units <> (SELECT COALESCE(SUM(m.units), 0) FROM quota_drawn_minutes m WHERE m.credit_id = d.credit_id AND m.month = d.month)`)
	for _, id := range wrong {
		fmt.Printf("of credit %s more was drawn than it had, after it ended, or not as its minutes say\n", id)
	}
	return drawn, int64(len(wrong)), err
}
