package module

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

const columns = `SELECT key, name, icon, link, actions, version FROM modules`

func scan(r db.Row) (m Module, err error) {
	var actions string
	if err := r.Scan(&m.Key, &m.Name, &m.Icon, &m.Link, &actions, &m.Version); err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(actions), &m.Actions); err != nil {
		return m, fmt.Errorf("read the actions of module %s: %w", m.Key, err)
	}
	return m, nil
}

func all(ctx context.Context, q db.Queryer) ([]Module, error) {
	mods, err := db.All(ctx, q, scan, columns+` ORDER BY name, key`)
	if err != nil {
		return nil, fmt.Errorf("list the modules: %w", err)
	}
	return mods, nil
}

// platform finds the platform, where modules are kept.
func platform(ctx context.Context, q db.Queryer) (ids.Account, error) {
	at, err := db.One(ctx, q, db.Value[ids.Account], `SELECT id FROM accounts WHERE kind = 'platform'`)
	if err != nil {
		return "", fmt.Errorf("find the platform: %w", err)
	}
	return at, nil
}

func get(ctx context.Context, q db.Queryer, sc authz.Scope, key string) (Module, error) {
	if sc.Account() == "" {
		return Module{}, errs.NoSuch("module")
	}
	m, err := db.One(ctx, q, scan, columns+` WHERE key = ?`, key)
	if errors.Is(err, db.ErrNoRows) {
		return m, errs.NoSuch("module")
	}
	return m, err
}

func encode(actions []Action) (string, error) {
	b, err := json.Marshal(actions)
	if err != nil {
		return "", fmt.Errorf("write actions: %w", err)
	}
	return string(b), nil
}

func insert(ctx context.Context, tx *db.Tx, _ authz.Scope, m Module) error {
	actions, err := encode(m.Actions)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO modules (key, name, icon, link, actions, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		m.Key, m.Name, m.Icon, m.Link, actions, tx.Ms(), tx.Ms())
	return err
}

func update(ctx context.Context, tx *db.Tx, _ authz.Scope, m Module) error {
	actions, err := encode(m.Actions)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE modules SET name = ?, icon = ?, link = ?, actions = ?, version = version + 1, updated_at = ? WHERE key = ?`,
		m.Name, m.Icon, m.Link, actions, tx.Ms(), m.Key)
	return err
}

func remove(ctx context.Context, tx *db.Tx, _ authz.Scope, key string) error {
	_, err := tx.Exec(ctx, `DELETE FROM modules WHERE key = ?`, key)
	return err
}

// holder is a column that stores permissions by name.
type holder struct{ table, column, use string }

// holders are the tables that store permissions by name, in a JSON array of text.
var holders = []holder{
	{"memberships", "perms", `SELECT 'person', u.name, x.account_id, a.name FROM memberships x JOIN identities u ON u.id = x.user_id JOIN accounts a ON a.id = x.account_id WHERE `},
	{"roles", "perms", `SELECT 'role', x.name, x.account_id, a.name FROM roles x JOIN accounts a ON a.id = x.account_id WHERE `},
	{"invitations", "perms", `SELECT 'invitation', x.email, x.account_id, a.name FROM invitations x JOIN accounts a ON a.id = x.account_id WHERE x.accepted_at IS NULL AND x.revoked_at IS NULL AND `},
	{"api_keys", "scopes", `SELECT 'key', x.name, x.account_id, a.name FROM api_keys x JOIN accounts a ON a.id = x.account_id WHERE x.revoked_at IS NULL AND `},
}

// sellers keep the permissions of the modules that they sell, always whole modules.
var sellers = holder{"packages", "perms", `SELECT 'package', x.name, x.account_id, a.name FROM packages x JOIN accounts a ON a.id = x.account_id WHERE `}

// resell gives packages with a module the actions that it has now.
func resell(ctx context.Context, tx *db.Tx, sc authz.Scope, old, now Module) error {
	sold, args := naming(sellers.column, old.Perms().Owned())
	for _, p := range now.Perms().Without(old.Perms()).Owned() {
		if _, err := tx.Exec(ctx, `UPDATE packages SET perms = substr(perms, 1, length(perms) - 1) || ? WHERE `+sold, append([]any{`,"` + string(p) + `"]`}, args...)...); err != nil {
			return fmt.Errorf("add %s to packages: %w", p, err)
		}
	}
	_, err := takeFrom(ctx, tx, sc, sellers, old.Perms().Without(now.Perms()).Owned())
	return err
}

// everywhere are all places that name permissions.
var everywhere = append(slices.Clone(holders), sellers)

// naming is the condition that a stored set names one of the permissions.
func naming(column string, perms []authz.Perm) (string, []any) {
	var conds []string
	var args []any
	for _, p := range perms {
		conds, args = append(conds, column+` LIKE ? ESCAPE '\'`), append(args, `%"`+db.EscapeLike(string(p))+`"%`)
	}
	return "(" + strings.Join(conds, " OR ") + ")", args
}

func usesOf(ctx context.Context, q db.Queryer, sc authz.Scope, among []holder, perms []authz.Perm, limit int) ([]Use, error) {
	var out []Use
	for _, h := range among {
		if sc.Account() == "" || len(perms) == 0 || len(out) >= limit {
			break
		}
		cond, args := naming("x."+h.column, perms)
		found, err := db.All(ctx, q, func(r db.Row) (u Use, err error) {
			err = r.Scan(&u.Kind, &u.Name, &u.Account, &u.AccountName)
			return u, err
		}, h.use+cond+` ORDER BY 2, 3 LIMIT ?`, append(args, limit-len(out))...)
		if err != nil {
			return nil, fmt.Errorf("look who has %s: %w", perms[0], err)
		}
		out = append(out, found...)
	}
	return out, nil
}

// takeFromAll takes permissions out of every stored set that names them, and returns how many sets that were.
func takeFromAll(ctx context.Context, tx *db.Tx, sc authz.Scope, perms []authz.Perm) (taken int64, err error) {
	if sc.Account() == "" {
		return 0, nil
	}
	for _, h := range everywhere {
		n, err := takeFrom(ctx, tx, sc, h, perms)
		if err != nil {
			return taken, err
		}
		taken += n
	}
	return taken, nil
}

func takeFrom(ctx context.Context, tx *db.Tx, _ authz.Scope, from holder, perms []authz.Perm) (int64, error) {
	if len(perms) == 0 {
		return 0, nil
	}
	left, args := from.column, []any{}
	for _, p := range perms {
		name := `"` + string(p) + `"`
		left = "replace(replace(replace(" + left + ", ?, ''), ?, ''), ?, '')"
		args = append(args, ","+name, name+",", name)
	}
	cond, more := naming(from.column, perms)
	n, err := tx.Exec(ctx, `UPDATE `+from.table+` SET `+from.column+` = `+left+` WHERE `+cond, append(args, more...)...)
	if err != nil {
		return 0, fmt.Errorf("take permissions out of %s: %w", from.table, err)
	}
	return n, nil
}
