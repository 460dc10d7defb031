package user

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const columns = `m.id, m.account_id, m.user_id, i.name, i.email, i.username, i.email_verified_at IS NOT NULL, i.password_hash <> '', i.totp_since IS NOT NULL,
	m.role, m.perms, m.all_subaccounts, COALESCE(r.name, ''), COALESCE(r.perms, '[]'),
	(SELECT count(*) FROM membership_subaccounts ms WHERE ms.membership_id = m.id),
	m.job_title, m.phone, COALESCE(m.deactivated_at, 0), COALESCE(m.last_active_at, 0), m.created_at, m.version, i.name_fold, i.email_fold`

const joins = ` JOIN identities i ON i.id = m.user_id LEFT JOIN roles r ON r.id = m.role `

func scanRow(r db.Row) (v row, err error) {
	var perms, group string
	var deactivated, active int64
	err = r.Scan(&v.ID, &v.Account, &v.User, &v.Name, &v.Email, &v.Username, &v.EmailVerified, &v.HasPassword, &v.TwoFactor,
		&v.Role, &perms, &v.AllSubs, &v.RoleName, &group, &v.SubCount,
		&v.JobTitle, &v.Phone, &deactivated, &active, &v.created, &v.Version, &v.nameFold, &v.emailFold)
	if err != nil {
		return v, err
	}
	v.DeactivatedAt, v.LastActive, v.CreatedAt = instant(deactivated), instant(active), instant(v.created)
	if v.Perms, err = authz.DecodeSet(perms); err != nil {
		return v, err
	}
	v.Group, err = authz.DecodeSet(group)
	return v, err
}

func scanMember(r db.Row) (Member, error) {
	v, err := scanRow(r)
	return v.Member, err
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func get(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Membership) (Member, error) {
	cond, args := sc.Here("m.account_id")
	return db.One(ctx, q, scanMember, "SELECT "+columns+" FROM memberships m"+joins+"WHERE m.id = ? AND "+cond, append([]any{id}, args...)...)
}

func subsOf(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Membership) ([]ids.SubAccount, error) {
	cond, args := sc.Here("m.account_id")
	return db.All(ctx, q, db.Value[ids.SubAccount], `SELECT ms.subaccount_id FROM membership_subaccounts ms JOIN memberships m ON m.id = ms.membership_id
		WHERE ms.membership_id = ? AND `+cond+" ORDER BY ms.subaccount_id", append([]any{id}, args...)...)
}

func subNames(ctx context.Context, q db.Queryer, sc authz.Scope, some []ids.Membership) (map[ids.Membership][]string, error) {
	out := map[ids.Membership][]string{}
	cond, args := sc.Here("m.account_id")
	_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var m ids.Membership
		var name string
		err := r.Scan(&m, &name)
		out[m] = append(out[m], name)
		return struct{}{}, err
	}, `SELECT m.id, s.name FROM memberships m JOIN membership_subaccounts ms ON ms.membership_id = m.id JOIN subaccounts s ON s.id = ms.subaccount_id
		WHERE m.id IN `+db.In(len(some))+` AND `+cond+` ORDER BY m.id, s.name`, append(db.Args(some...), args...)...)
	return out, err
}

func list(ctx context.Context, q db.Queryer, sc authz.Scope, in Query) ([]row, error) {
	query, args := listQuery(sc, in)
	return db.All(ctx, q, scanRow, query, args...)
}

// listQuery walks the index of the order asked for.
func listQuery(sc authz.Scope, in Query) (query string, args []any) {
	cond, args := sc.Here("l.account_id")
	where := cond + " AND l.active = ?"
	args = append(args, !in.Deactivated)
	col, dir, cmp := "l.name_fold", "", ">"
	var at any
	switch in.Sort {
	case ByEmail:
		col = "l.email_fold"
	case ByCreated:
		col = "l.created_at"
	}
	if in.Desc != in.back() {
		dir, cmp = " DESC", "<"
	}
	if in.After != nil {
		at = in.After.Key
		if in.Sort == ByCreated {
			at = in.After.Created
		}
		where += " AND (" + col + ", l.membership_id) " + cmp + " (?, ?)"
		args = append(args, at, in.After.ID)
	}
	if s := ids.Fold(in.Search); s != "" {
		like := "%" + db.EscapeLike(s) + "%"
		where += ` AND (l.name_fold LIKE ? ESCAPE '\' OR l.email_fold LIKE ? ESCAPE '\')`
		args = append(args, like, like)
	}
	if in.Role != "" {
		where += " AND m.role = ?"
		args = append(args, in.Role)
	}
	return "SELECT " + columns + " FROM member_list l JOIN memberships m ON m.id = l.membership_id" + joins +
		"WHERE " + where + " ORDER BY " + col + dir + ", l.membership_id" + dir + " LIMIT ?", append(args, in.Limit)
}

// countMax bounds what is counted; more is shown as "10,000+".
const countMax = 10001

func counts(ctx context.Context, q db.Queryer, sc authz.Scope) (Counts, error) {
	mem, args := sc.Here("account_id")
	one := "(SELECT count(*) FROM (SELECT 1 FROM member_list WHERE " + mem + " AND active = "
	pending := "(SELECT count(*) FROM (SELECT 1 FROM invitations WHERE " + mem + " AND accepted_at IS NULL AND revoked_at IS NULL LIMIT ?) x)"
	scan := func(r db.Row) (c Counts, err error) {
		err = r.Scan(&c.Active, &c.Deactivated, &c.Pending)
		return c, err
	}
	return db.One(ctx, q, scan, "SELECT "+one+"TRUE LIMIT ?) x), "+one+"FALSE LIMIT ?) x), "+pending,
		slices.Concat(args, []any{countMax}, args, []any{countMax}, args, []any{countMax})...)
}

func owners(ctx context.Context, q db.Queryer, sc authz.Scope) ([]Member, error) {
	cond, args := sc.Here("m.account_id")
	return db.All(ctx, q, scanMember, "SELECT "+columns+" FROM memberships m"+joins+"WHERE m.role = 'owner' AND m.deactivated_at IS NULL AND "+cond+" ORDER BY m.id", args...)
}

func leaders(ctx context.Context, q db.Queryer, sc authz.Scope, limit int) ([]Member, error) {
	query, args := leadersQuery(sc, limit)
	return db.All(ctx, q, scanMember, query, args...)
}

// leadersQuery walks the index that holds nobody else.
func leadersQuery(sc authz.Scope, limit int) (query string, args []any) {
	cond, args := sc.Here("m.account_id")
	return "SELECT " + columns + " FROM memberships m" + joins + "WHERE m.role IN ('owner', 'admin') AND m.deactivated_at IS NULL AND " + cond + " ORDER BY m.role DESC, m.id LIMIT ?", append(args, limit)
}

// ownersBut counts the active Owners of the account besides some.
func ownersBut(ctx context.Context, q db.Queryer, sc authz.Scope, but []ids.Membership) (int, error) {
	cond, args := sc.Here("account_id")
	if len(but) == 0 {
		but = []ids.Membership{""}
	}
	return db.One(ctx, q, db.Value[int], "SELECT count(*) FROM memberships WHERE role = 'owner' AND deactivated_at IS NULL AND "+cond+" AND id NOT IN "+db.In(len(but)),
		append(args, db.Args(but...)...)...)
}

func kindOf(ctx context.Context, q db.Queryer, sc authz.Scope) (string, error) {
	cond, args := sc.Here("id")
	return db.One(ctx, q, db.Value[string], "SELECT kind FROM accounts WHERE "+cond, args...)
}

func accountName(ctx context.Context, q db.Queryer, sc authz.Scope) (string, error) {
	cond, args := sc.Here("id")
	return db.One(ctx, q, db.Value[string], "SELECT name FROM accounts WHERE "+cond, args...)
}

func isBelow(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Account) (bool, error) {
	cond, args := sc.Down("a.id")
	return db.Exists(ctx, q, "SELECT 1 FROM accounts a WHERE a.id = ? AND "+cond, append([]any{id}, args...)...)
}

// places are accounts that are open, by name.
func places(ctx context.Context, q db.Queryer, sc authz.Scope, limit int) ([]Place, error) {
	scan := func(r db.Row) (p Place, err error) {
		err = r.Scan(&p.ID, &p.Name)
		return p, err
	}
	if sc.Kind() == "customer" || sc.Kind() == "department" {
		under, args := sc.Here("t.ancestor_id")
		return db.All(ctx, q, scan, "SELECT a.id, a.name FROM account_tree t JOIN accounts a ON a.id = t.descendant_id WHERE "+under+
			" AND t.depth > 0 AND a.closed_at IS NULL ORDER BY a.name_fold, a.id LIMIT ?", append(args, limit)...)
	}
	under, args := sc.Here("a.parent_id")
	return db.All(ctx, q, scan, "SELECT a.id, a.name FROM accounts a WHERE "+under+
		" AND a.closed_at IS NULL ORDER BY a.kind, a.name_fold, a.id LIMIT ?", append(args, limit)...)
}

// countSubs counts which of the sub-accounts are at the account or below and within the actor's own.
func countSubs(ctx context.Context, q db.Queryer, sc authz.Scope, subs []ids.SubAccount) (int, error) {
	n := 0
	down, downArgs := sc.Down("s.account_id")
	own, ownArgs := sc.Sub("s.id")
	for part := range slices.Chunk(subs, 500) {
		got, err := db.One(ctx, q, db.Value[int], "SELECT count(*) FROM subaccounts s WHERE s.id IN "+db.In(len(part))+" AND "+down+" AND "+own,
			slices.Concat(db.Args(part...), downArgs, ownArgs)...)
		if err != nil {
			return 0, err
		}
		n += got
	}
	return n, nil
}

// countOutside counts which of the sub-accounts the actor does not use.
func countOutside(ctx context.Context, q db.Queryer, sc authz.Scope, subs []ids.SubAccount) (int, error) {
	n := 0
	own, ownArgs := sc.Sub("s.id")
	for part := range slices.Chunk(subs, 500) {
		got, err := db.One(ctx, q, db.Value[int], "SELECT count(*) FROM subaccounts s WHERE s.id IN "+db.In(len(part))+" AND NOT ("+own+")", slices.Concat(db.Args(part...), ownArgs)...)
		if err != nil {
			return 0, err
		}
		n += got
	}
	return n, nil
}

func update(ctx context.Context, tx *db.Tx, sc authz.Scope, m Member) error {
	cond, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `UPDATE memberships SET role = ?, perms = ?, all_subaccounts = ?, job_title = ?, phone = ?, version = version + 1, updated_at = ?
		WHERE id = ? AND `+cond, append([]any{m.Role, m.Perms.Encode(), m.AllSubs, m.JobTitle, m.Phone, tx.Ms(), m.ID}, args...)...)
	if err != nil {
		return err
	}
	return setSubs(ctx, tx, sc, m.ID, m.Access)
}

// setSubs stores which sub-accounts are ticked.
func setSubs(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Membership, a Access) error {
	cond, args := sc.Here("m.account_id")
	_, err := tx.Exec(ctx, "DELETE FROM membership_subaccounts WHERE membership_id = ? AND EXISTS (SELECT 1 FROM memberships m WHERE m.id = membership_id AND "+cond+")",
		append([]any{id}, args...)...)
	if err != nil || a.AllSubs {
		return err
	}
	for _, s := range a.Subs {
		if _, err := tx.Exec(ctx, "INSERT INTO membership_subaccounts (membership_id, subaccount_id) VALUES (?, ?)", id, s); err != nil {
			return err
		}
	}
	return nil
}

func setActive(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Membership, active bool) error {
	var at any
	if !active {
		at = tx.Ms()
	}
	cond, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "UPDATE memberships SET deactivated_at = ?, version = version + 1, updated_at = ? WHERE id = ? AND "+cond, append([]any{at, tx.Ms(), id}, args...)...)
	if err != nil {
		return err
	}
	if !active { // for good: a key does not come back with its owner
		in, args := sc.Here("account_id")
		if _, err := tx.Exec(ctx, "UPDATE api_keys SET revoked_at = ? WHERE membership_id = ? AND revoked_at IS NULL AND "+in, append([]any{tx.Ms(), id}, args...)...); err != nil {
			return err
		}
	}
	return refreshListed(ctx, tx, "m.id = ?", id)
}

func remove(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Membership) error {
	cond, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "DELETE FROM memberships WHERE id = ? AND "+cond, append([]any{id}, args...)...)
	return err
}

// insertMembers stores new memberships of the scope's account and lists them.
func insertMembers(ctx context.Context, tx *db.Tx, sc authz.Scope, all []Member) error {
	var rows, subs []any
	own := make([]ids.Membership, len(all))
	for i, m := range all {
		var active any
		if !m.LastActive.IsZero() {
			active = m.LastActive.UnixMilli()
		}
		own[i] = m.ID
		rows = append(rows, m.ID, sc.Account(), m.User, m.Role, m.Perms.Encode(), m.AllSubs, m.JobTitle, m.Phone, active, tx.Ms(), tx.Ms())
		if !m.AllSubs {
			for _, s := range m.Subs {
				subs = append(subs, m.ID, s)
			}
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO memberships (id, account_id, user_id, role, perms, all_subaccounts, job_title, phone, last_active_at, created_at, updated_at)
		VALUES `+db.Values(len(all), 11), rows...); err != nil {
		return err
	}
	if len(subs) > 0 {
		if _, err := tx.Exec(ctx, "INSERT INTO membership_subaccounts (membership_id, subaccount_id) VALUES "+db.Values(len(subs)/2, 2), subs...); err != nil {
			return err
		}
	}
	return refreshListed(ctx, tx, "m.id IN "+db.In(len(own)), db.Args(own...)...)
}

// refreshListed writes the rows of member_list anew: of some memberships (m.id).
// It reads nothing of an account and is the only writer of the table.
func refreshListed(ctx context.Context, tx *db.Tx, which string, args ...any) error {
	_, err := tx.Exec(ctx, `INSERT INTO member_list (account_id, membership_id, name_fold, email_fold, active, created_at)
		SELECT m.account_id, m.id, i.name_fold, i.email_fold, m.deactivated_at IS NULL, m.created_at
		FROM memberships m JOIN identities i ON i.id = m.user_id WHERE `+which+`
		ON CONFLICT (membership_id) DO UPDATE SET name_fold = excluded.name_fold, email_fold = excluded.email_fold, active = excluded.active`, args...)
	return err
}

func insertIdentities(ctx context.Context, tx *db.Tx, all []named) error {
	var rows []any
	for _, p := range all {
		var verified, changed any
		if p.Verified {
			verified = tx.Ms()
		}
		if p.PasswordHash != "" {
			changed = tx.Ms()
		}
		rows = append(rows, p.ID, p.Email, ids.Fold(p.Email), verified, p.username, ids.Fold(p.username), p.Name, ids.Fold(p.Name), p.Language, p.TimeZone,
			p.PasswordHash, changed, tx.Ms(), tx.Ms())
	}
	_, err := tx.Exec(ctx, `INSERT INTO identities (id, email, email_fold, email_verified_at, username, username_fold, name, name_fold, language, time_zone,
		password_hash, password_changed_at, created_at, updated_at) VALUES `+db.Values(len(all), 14), rows...)
	return err
}

func usernamesTaken(ctx context.Context, q db.Queryer, folds []string) ([]string, error) {
	return db.All(ctx, q, db.Value[string], "SELECT username_fold FROM identities WHERE username_fold IN "+db.In(len(folds)), db.Args(folds...)...)
}

func scanPerson(r db.Row) (p Person, err error) {
	err = r.Scan(&p.ID, &p.Email, &p.Name, &p.Verified, &p.Language, &p.HasPassword)
	return p, err
}

func personBy(ctx context.Context, q db.Queryer, col, value string) ([]Person, error) {
	return db.All(ctx, q, scanPerson, "SELECT id, email, name, email_verified_at IS NOT NULL, language, password_hash <> '' FROM identities WHERE "+col+" = ?", value)
}

func memberships(ctx context.Context, q db.Queryer, sc authz.Scope, who ids.User) ([]Member, error) {
	cond, args := sc.Here("m.account_id")
	return db.All(ctx, q, scanMember, "SELECT "+columns+" FROM memberships m"+joins+"WHERE m.user_id = ? AND "+cond, append([]any{who}, args...)...)
}

func markVerified(ctx context.Context, tx *db.Tx, who ids.User) error {
	_, err := tx.Exec(ctx, "UPDATE identities SET email_verified_at = ? WHERE id = ? AND email_verified_at IS NULL", tx.Ms(), who)
	return err
}
