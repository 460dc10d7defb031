package contact

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const listColumns = `l.id, l.account_id, l.name, l.description, l.public, l.version, (SELECT count(*) FROM (SELECT 1 FROM contact_subscriptions s WHERE s.list_id = l.id LIMIT 10001) x) FROM contact_lists l WHERE `

func scanList(r db.Row) (l List, err error) {
	err = r.Scan(&l.ID, &l.Account, &l.Name, &l.Description, &l.Public, &l.Version, &l.Contacts)
	return l, err
}

func lists(ctx context.Context, q db.Queryer, sc authz.Scope) ([]List, error) {
	in, args := sc.Here("l.account_id")
	return db.All(ctx, q, scanList, `SELECT `+listColumns+in+` ORDER BY l.name_fold, l.id LIMIT ?`, append(args, MostLists)...)
}

func listsByID(ctx context.Context, q db.Queryer, sc authz.Scope) (map[ids.List]List, error) {
	in, args := sc.Here("l.account_id")
	all, err := db.All(ctx, q, scanList, `SELECT l.id, l.account_id, l.name, l.description, l.public, l.version, 0 FROM contact_lists l WHERE `+in, args...)
	out := make(map[ids.List]List, len(all))
	for _, l := range all {
		out[l.ID] = l
	}
	return out, err
}

func oneList(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.List) (List, error) {
	in, args := sc.Here("l.account_id")
	return db.One(ctx, q, scanList, `SELECT `+listColumns+in+` AND l.id = ?`, append(args, id)...)
}

func insertList(ctx context.Context, tx *db.Tx, sc authz.Scope, l List) error {
	_, err := tx.Exec(ctx, `INSERT INTO contact_lists (id, account_id, name, name_fold, description, public, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)`,
		l.ID, sc.Account(), l.Name, ids.Fold(l.Name), l.Description, l.Public, tx.Ms(), tx.Ms())
	return err
}

func updateList(ctx context.Context, tx *db.Tx, sc authz.Scope, l List) error {
	in, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `UPDATE contact_lists SET name = ?, name_fold = ?, description = ?, public = ?, version = version + 1, updated_at = ? WHERE id = ? AND `+in,
		append([]any{l.Name, ids.Fold(l.Name), l.Description, l.Public, tx.Ms(), l.ID}, args...)...)
	return err
}

// removeList takes what was unsubscribed from the list along: nothing is sent to it any more.
func removeList(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.List) error {
	in, args := sc.Here("account_id")
	if _, err := tx.Exec(ctx, `DELETE FROM suppressions WHERE list_id = ? AND `+in, append([]any{id}, args...)...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM contact_lists WHERE id = ? AND `+in, append([]any{id}, args...)...)
	return err
}

// subscriptionsOf returns the lists that a contact of the scope's account is on, by name.
func subscriptionsOf(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Contact) ([]Subscription, error) {
	in, args := sc.Here("l.account_id")
	return db.All(ctx, q, func(r db.Row) (s Subscription, err error) {
		var since int64
		err = r.Scan(&s.List, &s.Name, &s.State, &since)
		s.Since = time.UnixMilli(since).UTC()
		return s, err
	}, `SELECT s.list_id, l.name, s.state, s.since FROM contact_subscriptions s JOIN contact_lists l ON l.id = s.list_id WHERE s.contact_id = ? AND `+in+` ORDER BY l.name_fold, l.id`, append([]any{id}, args...)...)
}

func namesOn(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Contact) ([]string, error) {
	all, err := subscriptionsOf(ctx, q, sc, id)
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.Name
	}
	return out, err
}

// subscribeAs puts a contact on a list; one that is on it already is left in the new state.
func subscribeAs(ctx context.Context, tx *db.Tx, _ authz.Scope, id ids.Contact, list ids.List, s State) error {
	_, err := tx.Exec(ctx, `INSERT INTO contact_subscriptions (list_id, contact_id, state, since) VALUES (?, ?, ?, ?)
		ON CONFLICT (list_id, contact_id) DO UPDATE SET state = excluded.state, since = excluded.since`, list, id, s, tx.Ms())
	return err
}

func unsubscribe(ctx context.Context, tx *db.Tx, _ authz.Scope, id ids.Contact, list ids.List) error {
	_, err := tx.Exec(ctx, `DELETE FROM contact_subscriptions WHERE list_id = ? AND contact_id = ?`, list, id)
	return err
}

// listsOfMany adds the lists that some contacts of the scope's account are on.
func listsOfMany(ctx context.Context, q db.Queryer, sc authz.Scope, some []ids.Contact, on map[ids.Contact][]ids.List) error {
	if len(some) == 0 {
		return nil
	}
	in, args := sc.Here("l.account_id")
	type place struct {
		contact ids.Contact
		list    ids.List
	}
	found, err := db.All(ctx, q, func(r db.Row) (p place, err error) {
		err = r.Scan(&p.contact, &p.list)
		return p, err
	}, `SELECT s.contact_id, s.list_id FROM contact_subscriptions s JOIN contact_lists l ON l.id = s.list_id WHERE `+in+` AND s.contact_id IN `+db.In(len(some))+` ORDER BY l.name_fold, l.id`, append(args, db.Args(some...)...)...)
	for _, p := range found {
		on[p.contact] = append(on[p.contact], p.list)
	}
	return err
}
