package account

import (
	"context"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func customersAfter(ctx context.Context, q db.Queryer, after ids.Account, limit int) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], `SELECT a.id FROM accounts a WHERE a.kind = 'customer' AND a.id > ? ORDER BY a.id LIMIT ?`, after, limit)
}

// within keeps a query to the clients a of the span.
const within = ` a.kind = 'customer' AND a.id >= ? AND a.id <= ?`

func (b span) args() []any { return []any{b.first, b.last} }

// wronglyListed are the clients whose rows in client_list differ from those that the accounts give.
func wronglyListed(ctx context.Context, q db.Queryer, b span) ([]ids.Account, error) {
	should := listValues + `FROM accounts a JOIN account_tree t ON t.descendant_id = a.id WHERE` + within
	const is = `SELECT c.ancestor_id, c.customer_id, c.name_fold, c.end_sort, c.created_at, c.users, c.locations, c.held, c.closed, c.package_id, c.package_fold, c.use_share
		FROM accounts a JOIN client_list c ON c.customer_id = a.id WHERE` + within
	return db.All(ctx, q, db.Value[ids.Account], `SELECT DISTINCT d.id FROM (SELECT x.customer_id AS id FROM (`+should+` EXCEPT `+is+`) x
		UNION ALL SELECT x.customer_id FROM (`+is+` EXCEPT `+should+`) x) d`, append(append(b.args(), b.args()...), append(b.args(), b.args()...)...)...)
}

// foundBy is what clients must be found by.
func foundBy(ctx context.Context, q db.Queryer, b span) ([]findable, error) {
	all, err := db.All(ctx, q, scanAccount, `SELECT `+columns+` FROM accounts a WHERE`+within+` ORDER BY a.id`, b.args()...)
	if err != nil {
		return nil, err
	}
	refs := map[ids.Account][]Ref{}
	own, err := db.All(ctx, q, scanOwn, `SELECT r.account_id, r.source, r.reference FROM accounts a JOIN external_refs r ON r.account_id = a.id WHERE`+within+
		` ORDER BY r.account_id, r.source_fold, r.reference_fold`, b.args()...)
	if err != nil {
		return nil, err
	}
	for _, r := range own {
		refs[r.id] = append(refs[r.id], Ref{r.name, r.text})
	}
	out := make([]findable, len(all))
	for i, a := range all {
		out[i] = findable{a.ID, words(a, refs[a.ID]), sameText(searchText(a, refs[a.ID]))}
	}
	return out, nil
}

// wordsOf are the words that clients have under their own ids, in order.
func wordsOf(ctx context.Context, q db.Queryer, b span) (map[ids.Account][]string, error) {
	out := map[ids.Account][]string{}
	all, err := db.All(ctx, q, func(r db.Row) (o ownText, err error) {
		err = r.Scan(&o.id, &o.text)
		return o, err
	}, `SELECT a.id, w.word FROM accounts a JOIN client_words w ON w.ancestor_id = a.id AND w.customer_id = a.id WHERE`+within+` ORDER BY a.id, w.word`, b.args()...)
	for _, o := range all {
		out[o.id] = append(out[o.id], o.text)
	}
	return out, err
}

func textsOf(ctx context.Context, q db.Queryer, b span) (map[ids.Account]string, error) {
	out := map[ids.Account]string{}
	all, err := db.All(ctx, q, func(r db.Row) (o ownText, err error) {
		err = r.Scan(&o.id, &o.text)
		return o, err
	}, `SELECT a.id, s.text FROM accounts a JOIN client_search s ON s.customer_id = a.id WHERE`+within, b.args()...)
	for _, o := range all {
		out[o.id] = sameText(o.text)
	}
	return out, err
}

// partlyFound are the clients that an account above does not find by one of their words.
func partlyFound(ctx context.Context, q db.Queryer, b span) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], `SELECT DISTINCT a.id FROM accounts a JOIN client_words own ON own.ancestor_id = a.id AND own.customer_id = a.id JOIN account_tree t ON t.descendant_id = a.id
		WHERE`+within+` AND NOT EXISTS (SELECT 1 FROM client_words w WHERE w.ancestor_id = t.ancestor_id AND w.word = own.word AND w.customer_id = a.id)`, b.args()...)
}

// countRows counts the rows that clients have for the accounts above and themselves.
func countRows(ctx context.Context, q db.Queryer, b span) (n tally, err error) {
	return db.One(ctx, q, scanTally, `SELECT
		(SELECT count(*) FROM accounts a JOIN account_tree t ON t.descendant_id = a.id JOIN client_list c ON c.ancestor_id = t.ancestor_id AND c.customer_id = a.id WHERE`+within+`),
		(SELECT count(*) FROM accounts a JOIN client_words own ON own.ancestor_id = a.id AND own.customer_id = a.id JOIN account_tree t ON t.descendant_id = a.id
			JOIN client_words w ON w.ancestor_id = t.ancestor_id AND w.word = own.word AND w.customer_id = a.id WHERE`+within+`)`, append(b.args(), b.args()...)...)
}

func scanTally(r db.Row) (n tally, err error) {
	err = r.Scan(&n.rows, &n.words)
	return n, err
}

// strays counts the rows beyond those that clients have where they belong.
func strays(ctx context.Context, q db.Queryer, due tally) (int64, error) {
	n, err := db.One(ctx, q, scanTally, `SELECT (SELECT count(*) FROM client_list), (SELECT count(*) FROM client_words)`)
	return n.rows - due.rows + n.words - due.words, err
}

// removeStrays deletes the rows that belong to no client, or stand where the client does not belong.
func removeStrays(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `DELETE FROM client_list WHERE NOT EXISTS (SELECT 1 FROM accounts a JOIN account_tree t ON t.descendant_id = a.id
		WHERE a.id = client_list.customer_id AND a.kind = 'customer' AND t.ancestor_id = client_list.ancestor_id)`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM client_words WHERE NOT EXISTS (SELECT 1 FROM account_tree t JOIN client_words own ON own.ancestor_id = t.descendant_id AND own.customer_id = t.descendant_id
		WHERE t.ancestor_id = client_words.ancestor_id AND t.descendant_id = client_words.customer_id AND own.word = client_words.word)`)
	return err
}

// unlist deletes the rows of a client in the list, and its words.
func unlist(ctx context.Context, tx *db.Tx, id ids.Account) error {
	if _, err := tx.Exec(ctx, `DELETE FROM client_list WHERE customer_id = ?`, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, dropWords, id, id)
	return err
}

// makeFound writes what a client is found by.
func makeFound(ctx context.Context, tx *db.Tx, c findable) error {
	for _, w := range c.words {
		if _, err := tx.Exec(ctx, `INSERT INTO client_words (ancestor_id, word, customer_id) SELECT t.ancestor_id, CAST(? AS TEXT), t.descendant_id FROM account_tree t WHERE t.descendant_id = ?
			ON CONFLICT DO NOTHING`, w, c.id); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO client_search (customer_id, text) VALUES (?, ?) ON CONFLICT (customer_id) DO UPDATE SET text = excluded.text`, c.id, c.text)
	return err
}
