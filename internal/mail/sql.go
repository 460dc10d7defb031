package mail

import (
	"context"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func insertCaptured(ctx context.Context, tx *db.Tx, m Captured, messageID string, sealed []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO captured_mail (id, message_id, at, mail_from, rcpt, subject, sealed)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id, rcpt) DO NOTHING`,
		m.ID, messageID, m.At.UnixMilli(), m.From, m.To, m.Subject, sealed)
	return err
}

const capturedColumns = `id, at, mail_from, rcpt, subject`

func scanCaptured(r db.Row, more ...any) (m Captured, err error) {
	var at int64
	err = r.Scan(append([]any{&m.ID, &at, &m.From, &m.To, &m.Subject}, more...)...)
	m.At = time.UnixMilli(at).UTC()
	return m, err
}

func listCaptured(ctx context.Context, q db.Queryer, before ids.Mail, limit int) ([]Captured, error) {
	scan := func(r db.Row) (Captured, error) { return scanCaptured(r) }
	if before == "" {
		return db.All(ctx, q, scan, `SELECT `+capturedColumns+` FROM captured_mail ORDER BY id DESC LIMIT ?`, limit)
	}
	return db.All(ctx, q, scan, `SELECT `+capturedColumns+` FROM captured_mail WHERE id < ? ORDER BY id DESC LIMIT ?`, before, limit)
}

func getCaptured(ctx context.Context, q db.Queryer, id ids.Mail) (m Captured, sealed []byte, err error) {
	m, err = db.One(ctx, q, func(r db.Row) (Captured, error) { return scanCaptured(r, &sealed) },
		`SELECT `+capturedColumns+`, sealed FROM captured_mail WHERE id = ?`, id)
	return m, sealed, err
}

func deleteCaptured(ctx context.Context, tx *db.Tx, before time.Time) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM captured_mail WHERE at < ?`, before.UnixMilli())
}
