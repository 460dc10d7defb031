package apikey

import (
	"context"
	"errors"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

const columns = `k.id, k.account_id, k.membership_id, m.user_id, i.name, i.email, k.name, k.scopes,
	COALESCE(k.expires_at, 0), COALESCE(k.last_used_at, 0), k.last_used_ip, k.created_at, m.role, m.perms, COALESCE(r.perms, '[]')`

const joins = ` JOIN memberships m ON m.id = k.membership_id JOIN identities i ON i.id = m.user_id LEFT JOIN roles r ON r.id = m.role `

func scanKey(r db.Row) (Key, error) { return scanWith(r) }

// scanWith scans a key and what more is asked for.
func scanWith(r db.Row, more ...any) (k Key, err error) {
	var scopes, extra, group string
	var expires, used, created int64
	err = r.Scan(append([]any{&k.ID, &k.Account, &k.Membership, &k.User, &k.Owner, &k.Email, &k.Name, &scopes,
		&expires, &used, &k.LastIP, &created, &k.grant.Role, &extra, &group}, more...)...)
	if err != nil {
		return k, err
	}
	k.Expires, k.LastUsed, k.Created = instant(expires), instant(used), instant(created)
	if k.Scopes, err = decodeScopes(scopes); err != nil {
		return k, err
	}
	if k.grant.Extra, err = authz.DecodeSet(extra); err != nil {
		return k, err
	}
	k.grant.Group, err = authz.DecodeSet(group)
	return k, err
}

const wholeStored = `["` + Whole + `"]`

func encodeScopes(s authz.Set) string {
	if s == authz.Everything() {
		return wholeStored
	}
	return s.Encode()
}

func decodeScopes(stored string) (authz.Set, error) {
	if stored == wholeStored {
		return authz.Everything(), nil
	}
	return authz.DecodeSet(stored)
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func get(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Key) (Key, error) {
	cond, args := sc.Here("k.account_id")
	k, err := db.One(ctx, q, scanKey, "SELECT "+columns+" FROM api_keys k"+joins+"WHERE k.id = ? AND k.revoked_at IS NULL AND "+cond, append([]any{id}, args...)...)
	if errors.Is(err, db.ErrNoRows) {
		return k, errs.NoSuch("key")
	}
	return k, err
}

func list(ctx context.Context, q db.Queryer, sc authz.Scope, after ids.Key, limit int) ([]Key, error) {
	query, args := listQuery(sc, after, limit)
	return db.All(ctx, q, scanKey, query, args...)
}

func listQuery(sc authz.Scope, after ids.Key, limit int) (query string, args []any) {
	cond, args := sc.Here("k.account_id")
	if after != "" {
		cond, args = cond+" AND k.id < ?", append(args, after)
	}
	return "SELECT " + columns + " FROM api_keys k" + joins + "WHERE k.revoked_at IS NULL AND " + cond + " ORDER BY k.id DESC LIMIT ?", append(args, limit)
}

// listOwn reads the keys of one person in the account; there are at most mostOfOne.
func listOwn(ctx context.Context, q db.Queryer, sc authz.Scope, owner ids.User) ([]Key, error) {
	cond, args := sc.Here("m.account_id")
	return db.All(ctx, q, scanKey, "SELECT "+columns+" FROM api_keys k"+joins+"WHERE k.revoked_at IS NULL AND m.user_id = ? AND "+cond+" ORDER BY k.id DESC",
		append([]any{owner}, args...)...)
}

func countOf(ctx context.Context, q db.Queryer, sc authz.Scope, m ids.Membership) (int, error) {
	cond, args := sc.Here("account_id")
	return db.One(ctx, q, db.Value[int], "SELECT count(*) FROM api_keys WHERE revoked_at IS NULL AND membership_id = ? AND "+cond, append([]any{m}, args...)...)
}

// memberOf reads a person's membership of the account as the beginning of a key.
func memberOf(ctx context.Context, q db.Queryer, sc authz.Scope, owner ids.User) (Key, error) {
	cond, args := sc.Here("m.account_id")
	scan := func(r db.Row) (k Key, err error) {
		var extra, group string
		if err := r.Scan(&k.Membership, &k.User, &k.Owner, &k.Email, &k.grant.Role, &extra, &group); err != nil {
			return k, err
		}
		if k.grant.Extra, err = authz.DecodeSet(extra); err != nil {
			return k, err
		}
		k.grant.Group, err = authz.DecodeSet(group)
		return k, err
	}
	return db.One(ctx, q, scan, `SELECT m.id, m.user_id, i.name, i.email, m.role, m.perms, COALESCE(r.perms, '[]')
		FROM memberships m JOIN identities i ON i.id = m.user_id LEFT JOIN roles r ON r.id = m.role
		WHERE m.user_id = ? AND m.deactivated_at IS NULL AND `+cond, append([]any{owner}, args...)...)
}

// insert stores a new key. Whoever chose an end that is near needs no reminder of what lies behind already.
func insert(ctx context.Context, tx *db.Tx, sc authz.Scope, k Key, hash []byte) error {
	var expires any
	if !k.Expires.IsZero() {
		expires = k.Expires.UnixMilli()
	}
	_, err := tx.Exec(ctx, `INSERT INTO api_keys (id, account_id, membership_id, name, secret_hash, scopes, expires_at, told_days, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		k.ID, sc.Account(), k.Membership, k.Name, hash, encodeScopes(k.Scopes), expires, toldAt(k.Expires, tx.Now()), tx.Ms())
	return err
}

func revoke(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Key) error {
	cond, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL AND "+cond, append([]any{tx.Ms(), id}, args...)...)
	return err
}

// inForce reads a key that may be used now, and the hash of its secret.
func inForce(ctx context.Context, q db.Queryer, id ids.Key, now time.Time) (Key, []byte, error) {
	var hash []byte
	k, err := db.One(ctx, q, func(r db.Row) (Key, error) { return scanWith(r, &hash) }, "SELECT "+columns+", k.secret_hash FROM api_keys k"+joins+`JOIN accounts a ON a.id = k.account_id
		WHERE k.id = ? AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > ?) AND m.deactivated_at IS NULL AND a.closed_at IS NULL`, id, now.UnixMilli())
	return k, hash, err
}

func noteUse(ctx context.Context, tx *db.Tx, id ids.Key, ip string) error {
	_, err := tx.Exec(ctx, "UPDATE api_keys SET last_used_at = ?, last_used_ip = ? WHERE id = ?", tx.Ms(), ip, id)
	return err
}
