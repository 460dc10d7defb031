package plan

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func roomOf(ctx context.Context, q db.Queryer, sc authz.Scope, term Term, now time.Time) (r room, limited bool, err error) {
	r, err = db.One(ctx, q, func(row db.Row) (r room, err error) {
		err = row.Scan(&r.customer, &r.name, &r.most)
		return r, err
	}, `SELECT a.id, a.name, COALESCE(o.amount, k.amount, -1) FROM account_tree t JOIN accounts a ON a.id = t.ancestor_id AND a.kind = 'customer'
		LEFT JOIN package_overrides o ON o.account_id = a.id AND o.term = ? AND (o.until = 0 OR o.until > ?)
		LEFT JOIN package_terms k ON k.package_id = a.package_id AND k.term = ?
		WHERE t.descendant_id = ?`, term, now.UnixMilli(), term, sc.Account())
	if errors.Is(err, db.ErrNoRows) { // the people of resellers and of the platform buy nothing
		return r, false, nil
	}
	if err != nil {
		return r, false, fmt.Errorf("read the limit of %s at %s: %w", term, sc.Account(), err)
	}
	return r, r.most != Unlimited, nil
}

// used counts what a customer (first argument) has of each term. The second argument is the time in milliseconds, where one is asked.
var used = map[Term]struct {
	query string
	timed bool
}{
	Users: {`SELECT count(*) FROM (
		SELECT i.email_fold FROM account_tree t JOIN memberships m ON m.account_id = t.descendant_id AND m.deactivated_at IS NULL JOIN identities i ON i.id = m.user_id
		WHERE t.ancestor_id = ?
		UNION SELECT v.email_fold FROM account_tree t JOIN invitations v ON v.account_id = t.descendant_id AND v.accepted_at IS NULL AND v.revoked_at IS NULL
		WHERE t.ancestor_id = ? AND v.expires_at > ?) seats`, true},
	Departments: {`SELECT count(*) FROM account_tree t JOIN accounts a ON a.id = t.descendant_id AND a.kind = 'department' AND a.closed_at IS NULL WHERE t.ancestor_id = ?`, false},
	SubAccounts: {`SELECT count(*) FROM subaccounts s WHERE s.customer_id = ?`, false},
	Locations:   {`SELECT count(*) FROM account_tree t JOIN locations l ON l.account_id = t.descendant_id WHERE t.ancestor_id = ?`, false},
	Contacts:    {`SELECT CAST(COALESCE(SUM(c.n), 0) AS BIGINT) FROM account_tree t JOIN contact_counts c ON c.account_id = t.descendant_id WHERE t.ancestor_id = ?`, false},
	Domains:     {`SELECT count(*) FROM account_tree t JOIN domains d ON d.account_id = t.descendant_id WHERE t.ancestor_id = ?`, false},
	Keys: {`SELECT count(*) FROM account_tree t JOIN api_keys k ON k.account_id = t.descendant_id AND k.revoked_at IS NULL
		WHERE t.ancestor_id = ? AND (k.expires_at IS NULL OR k.expires_at > ?)`, true},
}

func count(ctx context.Context, q db.Queryer, sc authz.Scope, customer ids.Account, term Term, now time.Time) (int64, error) {
	if sc.Account() == "" {
		return 0, nil
	}
	n, err := db.One(ctx, q, db.Value[int64], used[term].query, usedArgs(term, customer, now)...)
	if err != nil {
		return 0, fmt.Errorf("count the %s of %s: %w", term, customer, err)
	}
	return n, nil
}

func usedArgs(term Term, customer ids.Account, now time.Time) []any {
	args := []any{customer}
	if term == Users {
		args = append(args, customer)
	}
	if used[term].timed {
		args = append(args, now.UnixMilli())
	}
	return args
}

// countAll is count of every term that is counted, in one statement.
func countAll(ctx context.Context, q db.Queryer, sc authz.Scope, customer ids.Account, now time.Time) (map[Term]int64, error) {
	terms, out := Counted(), map[Term]int64{}
	if sc.Account() == "" {
		return out, nil
	}
	var queries []string
	var args []any
	for _, t := range terms {
		queries, args = append(queries, "("+used[t].query+")"), append(args, usedArgs(t, customer, now)...)
	}
	all, err := db.One(ctx, q, func(row db.Row) ([]int64, error) {
		n := make([]int64, len(terms))
		into := make([]any, len(terms))
		for i := range n {
			into[i] = &n[i]
		}
		return n, row.Scan(into...)
	}, "SELECT "+strings.Join(queries, ", "), args...)
	if err != nil {
		return nil, fmt.Errorf("count what %s has: %w", customer, err)
	}
	for i, t := range terms {
		out[t] = all[i]
	}
	return out, nil
}
