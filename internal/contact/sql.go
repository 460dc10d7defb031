package contact

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const columns = `c.id, c.account_id, c.email, c.phone, c.name, c.language, c.fields, c.version, c.created_at, c.updated_at, c.address, c.shown_fold`

func scan(r db.Row) (c Contact, err error) {
	var fields string
	var created, updated int64
	if err := r.Scan(&c.ID, &c.Account, &c.Email, &c.Phone, &c.Name, &c.Language, &fields, &c.Version, &created, &updated, &c.address, &c.shown); err != nil {
		return c, err
	}
	c.CreatedAt, c.UpdatedAt = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC()
	if fields == "" {
		return c, nil
	}
	if err := json.Unmarshal([]byte(fields), &c.Details); err != nil {
		return c, fmt.Errorf("read the details of %s: %w", c.ID, err)
	}
	return c, nil
}

// packed is the stored form of the details.
func packed(all []Detail) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	body, err := json.Marshal(all)
	return string(body), err
}

func one(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Contact) (Contact, error) {
	in, args := sc.Here("c.account_id")
	return db.One(ctx, q, scan, "SELECT "+columns+" FROM contacts c WHERE c.id = ? AND "+in, append([]any{id}, args...)...)
}

func insert(ctx context.Context, tx *db.Tx, sc authz.Scope, c Contact) error {
	fields, err := packed(c.Details)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO contacts (id, account_id, address, email, phone, name, shown_fold, language, fields, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, sc.Account(), c.address, c.Email, c.Phone, c.Name, c.shown, c.Language, fields, c.Version, c.CreatedAt.UnixMilli(), c.UpdatedAt.UnixMilli())
	if err != nil {
		return err
	}
	return count(ctx, tx, sc, c.ID, 1)
}

// count notes that the scope's account has one contact more, or with -1 one less.
func count(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Contact, by int) error {
	_, err := tx.Exec(ctx, `INSERT INTO contact_counts (account_id, part, n) VALUES (?, ?, ?) ON CONFLICT (account_id, part) DO UPDATE SET n = contact_counts.n + excluded.n`,
		sc.Account(), int64(id[len(id)-1]%16), by)
	return err
}

func miscounted(ctx context.Context, q db.Queryer) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], `SELECT c.account_id FROM (SELECT account_id, n FROM contact_counts UNION ALL SELECT account_id, -count(*) FROM contacts GROUP BY account_id) c
		GROUP BY c.account_id HAVING SUM(c.n) <> 0 ORDER BY c.account_id`)
}

func recount(ctx context.Context, tx *db.Tx, id ids.Account) error {
	if _, err := tx.Exec(ctx, `DELETE FROM contact_counts WHERE account_id = ?`, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO contact_counts (account_id, part, n) SELECT c.account_id, 0, count(*) FROM contacts c WHERE c.account_id = ? GROUP BY c.account_id`, id)
	return err
}

func update(ctx context.Context, tx *db.Tx, sc authz.Scope, c Contact) error {
	fields, err := packed(c.Details)
	if err != nil {
		return err
	}
	in, args := sc.Here("account_id")
	_, err = tx.Exec(ctx, `UPDATE contacts SET address = ?, email = ?, phone = ?, name = ?, shown_fold = ?, language = ?, fields = ?, version = ?, updated_at = ? WHERE id = ? AND `+in,
		append([]any{c.address, c.Email, c.Phone, c.Name, c.shown, c.Language, fields, c.Version, c.UpdatedAt.UnixMilli(), c.ID}, args...)...)
	return err
}

func remove(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Contact) error {
	in, args := sc.Here("contacts.account_id")
	if _, err := tx.Exec(ctx, `INSERT INTO contacts_removed (id, account_id, address, removed_at) SELECT id, account_id, address, CAST(? AS BIGINT) FROM contacts WHERE id = ? AND `+in,
		append([]any{tx.Ms(), id}, args...)...); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `DELETE FROM contacts WHERE id = ? AND `+in, append([]any{id}, args...)...)
	if err != nil || n == 0 {
		return err
	}
	return count(ctx, tx, sc, id, -1)
}

// among returns the contacts of the account that have one of some ids or of some addresses.
func among(ctx context.Context, q db.Queryer, sc authz.Scope, some []ids.Contact, addresses []string) ([]Contact, error) {
	in, args := sc.Here("c.account_id")
	return db.All(ctx, q, scan, "SELECT "+columns+" FROM contacts c WHERE "+in+" AND (c.id IN "+db.In(len(some))+" OR c.address IN "+db.In(len(addresses))+")",
		append(append(args, db.Args(some...)...), db.Args(addresses...)...)...)
}

// noteAsked records that a contact is asked to confirm, unless they were after an instant. It reports whether it did.
func noteAsked(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Contact, after time.Time) (bool, error) {
	in, args := sc.Here("account_id")
	n, err := tx.Exec(ctx, `UPDATE contacts SET asked_at = ? WHERE id = ? AND asked_at <= ? AND `+in, append([]any{tx.Ms(), id, after.UnixMilli()}, args...)...)
	return n > 0, err
}

// askedAt is when a contact was last asked to confirm.
func askedAt(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Contact) (time.Time, error) {
	in, args := sc.Here("account_id")
	ms, err := db.One(ctx, q, db.Value[int64], `SELECT asked_at FROM contacts WHERE id = ? AND `+in, append([]any{id}, args...)...)
	return time.UnixMilli(ms), err
}

// byLink finds the one contact that a link names.
func byLink(ctx context.Context, q db.Queryer, id ids.Contact) (Contact, error) {
	return db.One(ctx, q, scan, "SELECT "+columns+" FROM contacts c WHERE c.id = ?", id)
}

// removedByLink is what is left of a removed contact: where its messages came from, and its address.
func removedByLink(ctx context.Context, q db.Queryer, id ids.Contact) (Contact, error) {
	return db.One(ctx, q, func(r db.Row) (c Contact, err error) {
		err = r.Scan(&c.ID, &c.Account, &c.address)
		return c, err
	}, "SELECT r.id, r.account_id, r.address FROM contacts_removed r WHERE r.id = ?", id)
}

func forgetRemoved(ctx context.Context, tx *db.Tx, before int64, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM contacts_removed WHERE id IN (SELECT r.id FROM contacts_removed r WHERE r.removed_at < ? ORDER BY r.removed_at LIMIT ?)`, before, limit)
}
