package contact

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const stopColumns = `s.id, s.account_id, a.name, s.list_id, COALESCE(l.name, ''), s.address, s.reason, s.created_at
	FROM suppressions s JOIN accounts a ON a.id = s.account_id LEFT JOIN contact_lists l ON l.id = s.list_id WHERE `

func scanStop(r db.Row) (s Suppression, err error) {
	var at int64
	err = r.Scan(&s.ID, &s.Account, &s.AccountName, &s.List, &s.ListName, &s.Address, &s.Reason, &at)
	s.At = time.UnixMilli(at).UTC()
	return s, err
}

// stopsText lists suppressions: by address when one is searched, else the newest first.
func stopsText(sc authz.Scope, in SuppressionQuery, m Mask, after []any, limit int) (string, []any) {
	where, args := sc.Here("s.account_id")
	order := "s.id DESC"
	if text := ids.Fold(in.Search); text != "" {
		if phone := cleanDigits(text); phone != "" {
			text = phone
		}
		cond, more := walk{column: "s.address", exact: m != MaskNothing, text: text}.cond()
		where, args, order = where+" AND "+cond, append(args, more...), "s.address, s.id"
		if len(after) > 0 {
			where, args = where+" AND (s.address, s.id) > (?, ?)", append(args, after...)
		}
	} else if len(after) > 0 {
		where, args = where+" AND s.id < ?", append(args, after[1])
	}
	if in.Reason != "" {
		where, args = where+" AND s.reason = ?", append(args, in.Reason)
	}
	return "SELECT " + stopColumns + where + " ORDER BY " + order + " LIMIT ?", append(args, limit)
}

func stops(ctx context.Context, q db.Queryer, sc authz.Scope, in SuppressionQuery, m Mask, after []any, limit int) ([]Suppression, error) {
	query, args := stopsText(sc, in, m, after, limit)
	return db.All(ctx, q, scanStop, query, args...)
}

func oneStop(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Suppressed) (Suppression, error) {
	in, args := sc.Here("s.account_id")
	return db.One(ctx, q, scanStop, "SELECT "+stopColumns+in+" AND s.id = ?", append(args, id)...)
}

// stopsOf returns what keeps messages of the scope's account from an address, there and above.
func stopsOf(ctx context.Context, q db.Queryer, sc authz.Scope, address string) ([]Suppression, error) {
	if address == "" || sc.Account() == "" {
		return nil, nil
	}
	chain := sc.Chain()
	return db.All(ctx, q, scanStop, "SELECT "+stopColumns+"s.account_id IN "+db.In(len(chain))+" AND s.address = ? ORDER BY s.id", append(db.Args(chain...), address)...)
}

// hasLeft reports whether whoever has an address left a list themselves.
func hasLeft(ctx context.Context, q db.Queryer, sc authz.Scope, address string, list ids.List) (bool, error) {
	in, args := sc.Here("account_id")
	return db.Exists(ctx, q, `SELECT 1 FROM suppressions WHERE `+in+` AND address = ? AND list_id = ? AND reason = 'unsubscribed'`, append(args, address, list)...)
}

// stopStands reports whether nothing is sent to an address, of a list or ("") of all.
func stopStands(ctx context.Context, q db.Queryer, sc authz.Scope, address string, list ids.List) (bool, error) {
	in, args := sc.Here("account_id")
	return db.Exists(ctx, q, `SELECT 1 FROM suppressions WHERE `+in+` AND address = ? AND list_id = ?`, append(args, address, list)...)
}

// forgive lifts what whoever has an address has stopped themselves, of a list or ("") of all.
func forgive(ctx context.Context, tx *db.Tx, sc authz.Scope, address string, list ids.List) error {
	in, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `DELETE FROM suppressions WHERE `+in+` AND address = ? AND list_id = ? AND reason = 'unsubscribed'`, append(args, address, list)...)
	return err
}

// customerOf finds the customer that the scope's account is, or is a department of.
func customerOf(ctx context.Context, q db.Queryer, sc authz.Scope) (ids.Account, error) {
	up, args := sc.Up("a.id")
	return db.One(ctx, q, db.Value[ids.Account], "SELECT a.id FROM accounts a WHERE a.kind = 'customer' AND "+up, args...)
}

func insertStop(ctx context.Context, tx *db.Tx, sc authz.Scope, s Suppression) error {
	_, err := tx.Exec(ctx, `INSERT INTO suppressions (id, account_id, list_id, address, reason, created_at) VALUES (?, ?, ?, ?, ?, ?)`, s.ID, sc.Account(), s.List, s.Address, s.Reason, s.At.UnixMilli())
	return err
}

func removeStop(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Suppressed) error {
	in, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `DELETE FROM suppressions WHERE id = ? AND `+in, append([]any{id}, args...)...)
	return err
}

// takeOff takes whoever has an address off a list.
func takeOff(ctx context.Context, tx *db.Tx, sc authz.Scope, address string, list ids.List) error {
	in, args := sc.Here("c.account_id")
	_, err := tx.Exec(ctx, `DELETE FROM contact_subscriptions WHERE list_id = ? AND contact_id IN (SELECT c.id FROM contacts c WHERE (c.address = ? OR c.phone = ?) AND `+in+`)`, append([]any{list, address, address}, args...)...)
	return err
}

// stopsAmong returns which suppressions of some addresses stand.
func stopsAmong(ctx context.Context, q db.Queryer, sc authz.Scope, addresses []string) (map[stopKey]bool, error) {
	out := map[stopKey]bool{}
	for part := range slices.Chunk(addresses, judgeAtOnce) {
		in, args := sc.Here("account_id")
		found, err := db.All(ctx, q, func(r db.Row) (k stopKey, err error) {
			err = r.Scan(&k.address, &k.list)
			return k, err
		}, `SELECT address, list_id FROM suppressions WHERE `+in+` AND address IN `+db.In(len(part)), append(args, db.Args(part...)...)...)
		if err != nil {
			return nil, err
		}
		for _, k := range found {
			out[k] = true
		}
	}
	return out, nil
}
