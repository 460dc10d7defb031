package account

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// closedAlone lists the accounts that were closed by themselves before an instant, the oldest first.
func closedAlone(ctx context.Context, q db.Queryer, sc authz.Scope, before int64) ([]ids.Account, error) {
	in, args := sc.Down("a.id")
	return db.All(ctx, q, db.Value[ids.Account], `SELECT a.id FROM accounts a WHERE a.closed_at IS NOT NULL AND a.closed_at <= ? AND a.closed_with = a.id AND `+in+` ORDER BY a.closed_at, a.id LIMIT 1000`,
		append([]any{before}, args...)...)
}

func countBelow(ctx context.Context, q db.Queryer, sc authz.Scope) (int, error) {
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM account_tree t WHERE t.ancestor_id = ?`, sc.Account())
}

func deepestBelow(ctx context.Context, q db.Queryer, sc authz.Scope, limit int) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], `SELECT t.descendant_id FROM account_tree t WHERE t.ancestor_id = ? ORDER BY t.depth DESC, t.descendant_id LIMIT ?`, sc.Account(), limit)
}

// eraseAccount removes a leaf, the people who belong nowhere else, and the personal values of its log. Everything
// that refers to the account goes with it.
func eraseAccount(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Account) error {
	in, args := sc.Down("accounts.id")
	for _, s := range []struct {
		text string
		args []any
	}{
		{`DELETE FROM identities WHERE EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = identities.id AND m.account_id = ?)
			AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = identities.id AND m.account_id <> ?)`, []any{id, id}},
		{`DELETE FROM audit_personal WHERE EXISTS (SELECT 1 FROM audit_events e WHERE e.id = audit_personal.event_id AND e.account_id = ?)`, []any{id}},
		{`DELETE FROM jobs WHERE account_id = ? AND state <> 'running'`, []any{id}},
		{`DELETE FROM tasks WHERE account_id = ?`, []any{id}},
		{dropWords, []any{id, id}},
		{`DELETE FROM accounts WHERE id = ? AND ` + in, append([]any{id}, args...)},
	} {
		if _, err := tx.Exec(ctx, s.text, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// noteErased keeps the progress at the parent, whose people may look at it.
func noteErased(ctx context.Context, tx *db.Tx, _ authz.Scope, a Account, left, done int) error {
	state := "running"
	if left == 0 {
		state = "done"
	}
	n, err := tx.Exec(ctx, `UPDATE tasks SET done = done + ?, state = ?, updated_at = ? WHERE account_id = ? AND kind = 'erase' AND position = ? AND state = 'running'`, done, state, tx.Ms(), a.Parent, a.ID)
	if err != nil || n > 0 {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO tasks (id, account_id, kind, state, done, total, position, created_by, created_at, updated_at) VALUES (?, ?, 'erase', ?, ?, ?, ?, 'job.erase', ?, ?)`,
		ids.NewTask(tx.Now()), a.Parent, state, done, left+done, a.ID, tx.Ms(), tx.Ms())
	return err
}
