package brand

import (
	"context"
	"errors"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func findPlatform(ctx context.Context, q db.Queryer) (platform, error) {
	return db.One(ctx, q, func(r db.Row) (p platform, err error) {
		err = r.Scan(&p.id, &p.name)
		return p, err
	}, `SELECT id, name FROM accounts WHERE kind = 'platform'`)
}

// keep stores which file holds a picture. One that is there already counts as new.
func keep(ctx context.Context, tx *db.Tx, name Image, id ids.File, size int) error {
	_, err := tx.Exec(ctx, `INSERT INTO brand_images (name, file_id, bytes, kept_at) VALUES (?, ?, ?, ?)`, name, id, size, tx.Ms())
	return err
}

// again makes a picture that is kept already count as new, and reports whether there is one.
func again(ctx context.Context, tx *db.Tx, name Image) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE brand_images SET kept_at = ? WHERE name = ?`, tx.Ms(), name)
	return n > 0, err
}

// shown is the file of a picture that the brand of some account shows. The names are those of the index.
func shown(ctx context.Context, q db.Queryer, name Image) (ids.File, error) {
	return db.One(ctx, q, db.Value[ids.File], `SELECT i.file_id FROM brand_images i WHERE i.name = ? AND EXISTS (
		SELECT 1 FROM settings s WHERE s.name IN ('brand.logo', 'brand.header', 'brand.footer') AND s.value = ?)`, name, `"`+string(name)+`"`)
}

// unused are pictures that no brand has shown since before.
func unused(ctx context.Context, q db.Queryer, before int64) ([]Image, error) {
	return db.All(ctx, q, db.Value[Image], `SELECT i.name FROM brand_images i WHERE i.kept_at < ? AND NOT EXISTS (
		SELECT 1 FROM settings s WHERE s.name IN ('brand.logo', 'brand.header', 'brand.footer') AND s.value = '"' || i.name || '"') ORDER BY i.kept_at LIMIT 100`, before)
}

// forget removes pictures that nothing shows; the sweep of files removes their bytes.
func forget(ctx context.Context, tx *db.Tx, names []Image, before int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM brand_images WHERE kept_at < ? AND name IN `+db.In(len(names))+` AND NOT EXISTS (
		SELECT 1 FROM settings s WHERE s.name IN ('brand.logo', 'brand.header', 'brand.footer') AND s.value = '"' || brand_images.name || '"')`, append([]any{before}, db.Args(names...)...)...)
	return err
}

const claimColumns = `d.account_id, d.host, d.token, d.claimed_at, d.checked_at, COALESCE(d.verified_at, 0), COALESCE(d.missing_since, 0)`

func scanClaim(r db.Row) (c claim, err error) {
	err = r.Scan(&c.account, &c.host, &c.token, &c.claimed, &c.checked, &c.verified, &c.missing)
	return c, err
}

// ownDomain is the domain of the scope's account, without a host when it has none.
func ownDomain(ctx context.Context, q db.Queryer, sc authz.Scope) (claim, error) {
	here, args := sc.Here("d.account_id")
	c, err := db.One(ctx, q, scanClaim, `SELECT `+claimColumns+` FROM domains d WHERE `+here, args...)
	if errors.Is(err, db.ErrNoRows) {
		return claim{}, nil
	}
	return c, err
}

// ownerOf is the account that has verified a host name and is not closed.
func ownerOf(ctx context.Context, q db.Queryer, host string) (ids.Account, error) {
	return db.One(ctx, q, db.Value[ids.Account], `SELECT d.account_id FROM domains d JOIN accounts a ON a.id = d.account_id
		WHERE d.host = ? AND d.verified_at IS NOT NULL AND a.closed_at IS NULL`, host)
}

func putDomain(ctx context.Context, tx *db.Tx, sc authz.Scope, c claim) error {
	_, err := tx.Exec(ctx, `INSERT INTO domains (account_id, host, token, claimed_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET host = excluded.host, token = excluded.token, claimed_at = excluded.claimed_at,
		  checked_at = 0, verified_at = NULL, missing_since = NULL`, sc.Account(), c.host, c.token, c.claimed)
	return err
}

// noteDomain keeps what was found of a domain, unless the account has asked for another meanwhile.
func noteDomain(ctx context.Context, tx *db.Tx, c claim) error {
	_, err := tx.Exec(ctx, `UPDATE domains SET checked_at = ?, verified_at = ?, missing_since = ? WHERE account_id = ? AND token = ?`,
		c.checked, orNull(c.verified), orNull(c.missing), c.account, c.token)
	return err
}

func orNull(ms int64) any {
	if ms == 0 {
		return nil
	}
	return ms
}

func dropDomain(ctx context.Context, tx *db.Tx, sc authz.Scope) error {
	here, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `DELETE FROM domains WHERE `+here, args...)
	return err
}

// dueDomains are those whose record is to be looked for: of waiting ones each hour for two weeks, of verified ones each day.
func dueDomains(ctx context.Context, q db.Queryer, now time.Time) ([]claim, error) {
	return db.All(ctx, q, scanClaim, `SELECT `+claimColumns+` FROM domains d JOIN accounts a ON a.id = d.account_id
		WHERE a.closed_at IS NULL AND (d.verified_at IS NOT NULL AND d.checked_at <= ? OR d.verified_at IS NULL AND d.checked_at <= ? AND d.claimed_at > ?)
		ORDER BY d.checked_at LIMIT 100`, now.Add(-verifiedEvery).UnixMilli(), now.Add(-waitingEvery).UnixMilli(), now.Add(-waitsFor).UnixMilli())
}

// findPlace reads the chain of an account from itself up, with the verified domains on it.
func findPlace(ctx context.Context, q db.Queryer, account ids.Account) (p place, err error) {
	type link struct {
		account ids.Account
		host    string
	}
	links, err := db.All(ctx, q, func(r db.Row) (l link, err error) { return l, r.Scan(&l.account, &l.host) }, `
		SELECT t.ancestor_id, CASE WHEN a.closed_at IS NULL THEN COALESCE(d.host, '') ELSE '' END
		FROM account_tree t JOIN accounts a ON a.id = t.ancestor_id LEFT JOIN domains d ON d.account_id = a.id AND d.verified_at IS NOT NULL
		WHERE t.descendant_id = ? ORDER BY t.depth`, account)
	for _, l := range links {
		p.chain = append(p.chain, l.account)
		if l.host != "" {
			p.hosts = append(p.hosts, l.host)
		}
	}
	return p, err
}

// hostsAbove are the verified domains of the scope's account and above.
func hostsAbove(ctx context.Context, q db.Queryer, sc authz.Scope) ([]string, error) {
	up, args := sc.Up("d.account_id")
	return db.All(ctx, q, db.Value[string], `SELECT d.host FROM domains d WHERE `+up+` AND d.verified_at IS NOT NULL`, args...)
}
