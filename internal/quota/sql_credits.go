package quota

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

const creditColumns = `SELECT c.id, c.channel, c.units, (SELECT CAST(COALESCE(SUM(d.units), 0) AS BIGINT) FROM quota_drawn d WHERE d.credit_id = c.id), c.expires_at, c.reason, c.reference,
	c.granted_at, c.granted_by, c.granted_from, COALESCE(c.voided_at, 0), c.voided_by, c.voided_from, c.void_reason, c.last_day FROM quota_credits c WHERE `

func scanCredit(r db.Row) (g Granted, err error) {
	var expires, at, voided int64
	if err := r.Scan(&g.ID, &g.Channel, &g.Units, &g.Used, &expires, &g.Reason, &g.Reference, &at, &g.By, &g.from, &voided, &g.VoidedBy, &g.voidedFrom, &g.Void, &g.asked); err != nil {
		return g, err
	}
	g.Expires, g.At = time.UnixMilli(expires).UTC(), time.UnixMilli(at).UTC()
	if voided != 0 {
		g.VoidedAt = time.UnixMilli(voided).UTC()
	}
	return g, nil
}

// creditList reads credits of the scope's account, the newest first.
func creditList(ctx context.Context, q db.Queryer, sc authz.Scope, after ids.Credit, limit int) ([]Granted, error) {
	here, args := sc.Here("c.account_id")
	if after != "" {
		here, args = here+" AND c.id < ?", append(args, after)
	}
	all, err := db.All(ctx, q, scanCredit, creditColumns+here+" ORDER BY c.id DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list the credits of %s: %w", sc.Account(), err)
	}
	return all, nil
}

func oneCredit(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Credit) (Granted, error) {
	here, args := sc.Here("c.account_id")
	g, err := db.One(ctx, q, scanCredit, creditColumns+"c.id = ? AND "+here, append([]any{id}, args...)...)
	if errors.Is(err, db.ErrNoRows) {
		return g, errs.NoSuch("credit")
	}
	return g, err
}

func creditByReference(ctx context.Context, q db.Queryer, sc authz.Scope, reference string) (Granted, error) {
	here, args := sc.Here("c.account_id")
	return db.One(ctx, q, scanCredit, creditColumns+"c.reference = ? AND c.reference <> '' AND "+here, append([]any{reference}, args...)...)
}

// openCredits counts the credits of a channel that have not ended.
func openCredits(ctx context.Context, q db.Queryer, sc authz.Scope, c Channel, now int64) (int64, error) {
	here, args := sc.Here("c.account_id")
	return db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM quota_credits c WHERE `+here+` AND c.channel = ? AND c.expires_at > ? AND c.voided_at IS NULL`, append(args, c, now)...)
}

func insertCredit(ctx context.Context, tx *db.Tx, sc authz.Scope, g Granted) error {
	_, err := tx.Exec(ctx, `INSERT INTO quota_credits (id, account_id, channel, units, expires_at, reason, reference, granted_at, granted_by, granted_from, last_day) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		g.ID, sc.Account(), g.Channel, g.Units, g.Expires.UnixMilli(), g.Reason, g.Reference, tx.Ms(), g.By, g.from, g.asked)
	if err != nil {
		return fmt.Errorf("store a credit of %s: %w", sc.Account(), err)
	}
	return nil
}

func voidCredit(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Credit, by string, from ids.Account, reason string) error {
	here, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `UPDATE quota_credits SET voided_at = ?, voided_by = ?, voided_from = ?, void_reason = ? WHERE id = ? AND voided_at IS NULL AND `+here,
		append([]any{tx.Ms(), by, from, reason, id}, args...)...)
	return err
}
