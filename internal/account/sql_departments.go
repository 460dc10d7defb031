package account

import (
	"context"
	"slices"
	"strconv"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

func countDepartments(ctx context.Context, q db.Queryer, sc authz.Scope) (int64, error) {
	return db.One(ctx, q, db.Value[int64], `SELECT count(*) FROM accounts a WHERE a.parent_id = ? AND a.kind = 'department'`, sc.Account())
}

// departmentsText selects rows of departments from some, whose alias is a, with what else stands in them. Sub-accounts are counted
// for who sees them.
func departmentsText(sc authz.Scope, from string, args []any) (string, []any) {
	mine, first := "1 = 0", []any(nil)
	if sc.Has(authz.SubAccountsView) {
		mine, first = sc.Sub("s.id")
	}
	return `SELECT a.id, a.name, a.name_fold, a.email, EXISTS (SELECT 1 FROM account_tree t JOIN holds h ON h.account_id = t.ancestor_id WHERE t.descendant_id = a.id), a.closed_at IS NOT NULL,
		(SELECT count(DISTINCT m.user_id) FROM account_tree d JOIN memberships m ON m.account_id = d.descendant_id WHERE d.ancestor_id = a.id AND m.deactivated_at IS NULL),
		(SELECT count(*) FROM account_tree d JOIN subaccounts s ON s.account_id = d.descendant_id WHERE d.ancestor_id = a.id AND ` + mine + `),
		(SELECT count(*) FROM account_tree d JOIN locations l ON l.account_id = d.descendant_id WHERE d.ancestor_id = a.id),
		(SELECT count(*) FROM accounts c WHERE c.parent_id = a.id AND c.kind = 'department')
		FROM ` + from, append(first, args...)
}

func scanDepartment(r db.Row) (x DepartmentRow, err error) {
	var held, closed bool
	err = r.Scan(&x.ID, &x.Name, &x.nameFold, &x.Email, &held, &closed, &x.Users, &x.SubAccounts, &x.Locations, &x.Departments)
	x.Status = Active
	switch {
	case closed:
		x.Status = Closed
	case held:
		x.Status = Suspended
	}
	return x, err
}

func departmentsBelow(ctx context.Context, q db.Queryer, sc authz.Scope, after []any, limit int) ([]DepartmentRow, error) {
	text, args := departmentsBelowText(sc, after, limit)
	return db.All(ctx, q, scanDepartment, text, args...)
}

func departmentsBelowText(sc authz.Scope, after []any, limit int) (string, []any) {
	cond := ""
	if len(after) > 0 {
		cond = ` AND (a.name_fold, a.id) > (?, ?)`
	}
	return departmentsText(sc, `accounts a WHERE a.parent_id = ? AND a.kind = 'department'`+cond+` ORDER BY a.name_fold, a.id LIMIT ?`,
		slices.Concat([]any{sc.Account()}, after, []any{limit}))
}

func topDepartments(ctx context.Context, q db.Queryer, sc authz.Scope, first []ids.Account, limit int) ([]DepartmentRow, error) {
	text, args := topDepartmentsText(sc, first, limit)
	return db.All(ctx, q, scanDepartment, text, args...)
}

// topDepartmentsText puts some first, in their order, and others by name behind them. Nothing is counted for who is not shown.
func topDepartmentsText(sc authz.Scope, first []ids.Account, limit int) (string, []any) {
	place, args := `0`, db.Args(first...)
	if len(first) > 0 {
		place = `CASE x.id`
		for i := range first {
			place += ` WHEN ? THEN ` + strconv.Itoa(i)
		}
		place += ` ELSE ` + strconv.Itoa(len(first)) + ` END`
	}
	return departmentsText(sc, `(SELECT x.id, x.name, x.name_fold, x.email, x.closed_at, `+place+` AS place FROM accounts x
		WHERE x.parent_id = ? AND x.kind = 'department' ORDER BY place, x.name_fold, x.id LIMIT ?) a ORDER BY a.place, a.name_fold, a.id`, append(args, sc.Account(), limit))
}
