package view

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func list(ctx context.Context, q db.Queryer, sc authz.Scope, user ids.User, page string) ([]View, error) {
	in, args := sc.Here("v.account_id")
	return db.All(ctx, q, func(r db.Row) (v View, err error) {
		err = r.Scan(&v.ID, &v.Name, &v.Query)
		return v, err
	}, `SELECT v.id, v.name, v.query FROM saved_views v WHERE v.user_id = ? AND v.page = ? AND `+in+` ORDER BY v.name_fold LIMIT 100`, append([]any{user, page}, args...)...)
}

func count(ctx context.Context, q db.Queryer, sc authz.Scope, user ids.User, page string) (int, error) {
	in, args := sc.Here("v.account_id")
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM saved_views v WHERE v.user_id = ? AND v.page = ? AND `+in, append([]any{user, page}, args...)...)
}

func save(ctx context.Context, tx *db.Tx, sc authz.Scope, user ids.User, page string, v View) (ids.View, error) {
	return db.One(ctx, tx, db.Value[ids.View], `INSERT INTO saved_views (id, user_id, account_id, page, name, name_fold, query, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (user_id, account_id, page, name_fold) DO UPDATE SET name = excluded.name, query = excluded.query RETURNING id`,
		v.ID, user, sc.Account(), page, v.Name, ids.Fold(v.Name), v.Query, tx.Ms())
}

func remove(ctx context.Context, tx *db.Tx, sc authz.Scope, user ids.User, id ids.View) (int64, error) {
	in, args := sc.Here("account_id")
	return tx.Exec(ctx, `DELETE FROM saved_views WHERE id = ? AND user_id = ? AND `+in, append([]any{id, user}, args...)...)
}
