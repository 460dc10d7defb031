package invite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

const columns = `i.id, i.account_id, i.email, i.name, i.role, i.perms, i.all_subaccounts, i.subaccounts, COALESCE(r.name, ''),
	i.invited_by, i.invited_by_name, i.sent_at, i.expires_at, i.version, i.by_mail`

const isOpen = " i.accepted_at IS NULL AND i.revoked_at IS NULL "

func scanInto(r db.Row, i *Invitation, more ...any) error {
	var perms, subs string
	var sent, expires int64
	dest := append([]any{&i.ID, &i.Account, &i.Email, &i.Name, &i.Role, &perms, &i.AllSubs, &subs, &i.RoleName,
		&i.Inviter, &i.InvitedBy, &sent, &expires, &i.Version, &i.ByMail}, more...)
	if err := r.Scan(dest...); err != nil {
		return err
	}
	i.SentAt, i.ExpiresAt = time.UnixMilli(sent).UTC(), time.UnixMilli(expires).UTC()
	var err error
	if i.Perms, err = authz.DecodeSet(perms); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(subs), &i.Subs); err != nil {
		return fmt.Errorf("read the sub-accounts of %s: %w", i.ID, err)
	}
	i.SubCount = len(i.Subs)
	return nil
}

func scan(r db.Row) (i Invitation, err error) {
	err = scanInto(r, &i)
	return i, err
}

func list(ctx context.Context, q db.Queryer, sc authz.Scope, after *After, limit int) ([]Invitation, error) {
	query, args := listQuery(sc, after, limit)
	return db.All(ctx, q, scan, query, args...)
}

// listQuery walks the index of open invitations by when they were sent.
func listQuery(sc authz.Scope, after *After, limit int) (query string, args []any) {
	cond, args := sc.Here("i.account_id")
	dir, cmp := " DESC", "<"
	if after != nil && after.Back {
		dir, cmp = "", ">"
	}
	if after != nil {
		cond += " AND (i.sent_at, i.id) " + cmp + " (?, ?)"
		args = append(args, after.SentAt, after.ID)
	}
	return "SELECT " + columns + " FROM invitations i LEFT JOIN roles r ON r.id = i.role WHERE " + cond + " AND" + isOpen +
		"ORDER BY i.sent_at" + dir + ", i.id" + dir + " LIMIT ?", append(args, limit)
}

func get(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Invitation) (Invitation, error) {
	cond, args := sc.Here("i.account_id")
	return db.One(ctx, q, scan, "SELECT "+columns+" FROM invitations i LEFT JOIN roles r ON r.id = i.role WHERE i.id = ? AND "+cond+" AND"+isOpen, append([]any{id}, args...)...)
}

// knownHere looks addresses up among the account's own members and open invitations, and nowhere else.
func knownHere(ctx context.Context, q db.Queryer, sc authz.Scope, folds []string, now int64) (map[string]here, error) {
	out := map[string]here{}
	cond, args := sc.Here("account_id")
	for part := range slices.Chunk(folds, 500) {
		_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
			var fold string
			var h here
			err := r.Scan(&fold, &h.membership, &h.deactivated)
			out[fold] = h
			return struct{}{}, err
		}, "SELECT email_fold, membership_id, NOT active FROM member_list WHERE "+cond+" AND email_fold IN "+db.In(len(part)), append(slices.Clone(args), db.Args(part...)...)...)
		if err != nil {
			return nil, err
		}
		open, err := db.All(ctx, q, db.Value[string], "SELECT i.email_fold FROM invitations i WHERE "+cond+" AND"+isOpen+"AND i.expires_at > ? AND i.email_fold IN "+db.In(len(part)),
			slices.Concat(args, []any{now}, db.Args(part...))...)
		if err != nil {
			return nil, err
		}
		for _, fold := range open {
			h := out[fold]
			h.invited = true
			out[fold] = h
		}
	}
	return out, nil
}

// rowsAtOnce is how many invitations one statement stores.
const rowsAtOnce = 100

// dropOpen ends open invitations of addresses whose links have expired, so that there is at most one of each.
func dropOpen(ctx context.Context, tx *db.Tx, sc authz.Scope, folded []any) error {
	cond, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "UPDATE invitations SET revoked_at = ?, version = version + 1 WHERE email_fold IN "+db.In(len(folded))+" AND accepted_at IS NULL AND revoked_at IS NULL AND "+cond,
		slices.Concat([]any{tx.Ms()}, folded, args)...)
	return err
}

func insert(ctx context.Context, tx *db.Tx, sc authz.Scope, all []Invitation, links []link) error {
	for from := 0; from < len(all); from += rowsAtOnce {
		to := min(from+rowsAtOnce, len(all))
		if err := insertSome(ctx, tx, sc, all[from:to], links[from:to]); err != nil {
			return err
		}
	}
	return nil
}

func insertSome(ctx context.Context, tx *db.Tx, sc authz.Scope, all []Invitation, links []link) error {
	var folded, args []any
	for n, i := range all {
		subs, err := json.Marshal(append([]ids.SubAccount{}, i.Subs...))
		if err != nil {
			return err
		}
		folded = append(folded, ids.Fold(i.Email))
		args = append(args, i.ID, sc.Account(), i.Email, ids.Fold(i.Email), i.Name, i.Role, i.Perms.Encode(), i.AllSubs, string(subs), links[n].hash, i.ByMail,
			i.Inviter, i.InvitedBy, i.SentAt.UnixMilli(), i.ExpiresAt.UnixMilli(), 1, tx.Ms())
	}
	if err := dropOpen(ctx, tx, sc, folded); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO invitations (id, account_id, email, email_fold, name, role, perms, all_subaccounts, subaccounts, token_hash, by_mail,
		invited_by, invited_by_name, sent_at, expires_at, version, created_at) VALUES `+db.Values(len(all), 17), args...)
	return err
}

func renew(ctx context.Context, tx *db.Tx, sc authz.Scope, i Invitation, hash []byte) error {
	cond, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, `UPDATE invitations SET token_hash = ?, by_mail = ?, invited_by = ?, invited_by_name = ?, sent_at = ?, expires_at = ?, version = version + 1
		WHERE id = ? AND `+cond, append([]any{hash, i.ByMail, i.Inviter, i.InvitedBy, i.SentAt.UnixMilli(), i.ExpiresAt.UnixMilli(), i.ID}, args...)...)
	return err
}

func revoke(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Invitation) error {
	cond, args := sc.Here("account_id")
	_, err := tx.Exec(ctx, "UPDATE invitations SET revoked_at = ?, version = version + 1 WHERE id = ? AND "+cond, append([]any{tx.Ms(), id}, args...)...)
	return err
}

// use spends an invitation. Whoever comes second finds it spent.
func use(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.Invitation) error {
	cond, args := sc.Here("account_id")
	n, err := tx.Exec(ctx, "UPDATE invitations SET accepted_at = ?, version = version + 1 WHERE id = ? AND accepted_at IS NULL AND revoked_at IS NULL AND "+cond,
		append([]any{tx.Ms(), id}, args...)...)
	if err == nil && n != 1 {
		return errs.New(errs.Conflict, "invitation.used", "Sign in instead. This invitation was accepted already.")
	}
	return err
}

// countSent adds to the invitations of a day and returns the new number.
func countSent(ctx context.Context, tx *db.Tx, sc authz.Scope, day string, n int) (int, error) {
	return db.One(ctx, tx, db.Value[int], `INSERT INTO invitation_allowance (account_id, day, sent) VALUES (?, ?, ?)
		ON CONFLICT (account_id, day) DO UPDATE SET sent = invitation_allowance.sent + excluded.sent RETURNING sent`, sc.Account(), day, n)
}

type accountFacts struct {
	name, kind string
	created    time.Time
}

func accountHere(ctx context.Context, q db.Queryer, sc authz.Scope) (accountFacts, error) {
	cond, args := sc.Here("id")
	return db.One(ctx, q, func(r db.Row) (a accountFacts, err error) {
		var ms int64
		err = r.Scan(&a.name, &a.kind, &ms)
		a.created = time.UnixMilli(ms)
		return a, err
	}, "SELECT name, kind, created_at FROM accounts WHERE "+cond, args...)
}

// existing returns which of the sub-accounts still exist at the account or below.
func existing(ctx context.Context, q db.Queryer, sc authz.Scope, subs []ids.SubAccount) ([]ids.SubAccount, error) {
	var out []ids.SubAccount
	cond, args := sc.Down("s.account_id")
	for part := range slices.Chunk(subs, 500) {
		got, err := db.All(ctx, q, db.Value[ids.SubAccount], "SELECT s.id FROM subaccounts s WHERE s.id IN "+db.In(len(part))+" AND "+cond+" ORDER BY s.id",
			append(db.Args(part...), args...)...)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// What follows reads before there is an actor: the token is the proof, and it names its account.

// opened is an invitation found by its token.
type opened struct {
	Invitation
	hash              []byte
	accepted, revoked bool
	accountName       string
	platform          ids.Account
}

func byToken(ctx context.Context, q db.Queryer, hash []byte) ([]opened, error) {
	return db.All(ctx, q, func(r db.Row) (o opened, err error) {
		err = scanInto(r, &o.Invitation, &o.hash, &o.accepted, &o.revoked, &o.accountName, &o.platform)
		return o, err
	}, "SELECT "+columns+`, i.token_hash, i.accepted_at IS NOT NULL, i.revoked_at IS NOT NULL, a.name, (SELECT p.id FROM accounts p WHERE p.kind = 'platform')
		FROM invitations i JOIN accounts a ON a.id = i.account_id LEFT JOIN roles r ON r.id = i.role WHERE i.token_hash = ?`, hash)
}

func activeAccount(ctx context.Context, q db.Queryer, account ids.Account) (name string, active bool, err error) {
	type found struct {
		name    string
		stopped bool
	}
	f, err := db.One(ctx, q, func(r db.Row) (f found, err error) {
		err = r.Scan(&f.name, &f.stopped)
		return f, err
	}, `SELECT a.name, EXISTS (SELECT 1 FROM account_tree t JOIN accounts c ON c.id = t.ancestor_id
			WHERE t.descendant_id = a.id AND (c.closed_at IS NOT NULL OR EXISTS (SELECT 1 FROM holds h WHERE h.account_id = c.id)))
		FROM accounts a WHERE a.id = ?`, account)
	if errors.Is(err, db.ErrNoRows) {
		return "", false, errs.NoSuch("invitation")
	}
	return f.name, !f.stopped, err
}

// end revokes an invitation whose inviter lost the right to it.
func end(ctx context.Context, tx *db.Tx, o opened) error {
	_, err := tx.Exec(ctx, "UPDATE invitations SET revoked_at = ?, version = version + 1 WHERE id = ? AND accepted_at IS NULL", tx.Ms(), o.ID)
	return err
}

type admin struct{ email, name, language string }

// adminsOf returns the people who run the account of an invitation, at most twenty.
func adminsOf(ctx context.Context, q db.Queryer, o opened) ([]admin, error) {
	return db.All(ctx, q, func(r db.Row) (a admin, err error) {
		err = r.Scan(&a.email, &a.name, &a.language)
		return a, err
	}, `SELECT i.email, i.name, i.language FROM memberships m JOIN identities i ON i.id = m.user_id
		WHERE m.account_id = ? AND m.role IN ('owner', 'admin') AND m.deactivated_at IS NULL ORDER BY m.role DESC, m.id LIMIT 20`, o.Account)
}
