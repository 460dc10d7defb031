package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// insert stores a notice, unless its account or its person has been erased: there is nobody to tell then.
func insert(ctx context.Context, tx *db.Tx, id ids.Notice, n New, facts string) error {
	var person any
	there, args := `SELECT 1 FROM accounts WHERE id = ?`, []any{n.Account}
	if n.Person != "" {
		person = n.Person
		there, args = there+` AND EXISTS (SELECT 1 FROM identities WHERE id = ?)`, append(args, n.Person)
	}
	if found, err := db.Exists(ctx, tx, there, args...); err != nil || !found {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO notices (id, at, account_id, user_id, kind, below, target, facts, by_id, once) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (account_id, once) DO NOTHING`, id, tx.Ms(), n.Account, person, n.Kind, kinds[n.Kind].below, n.Target, facts, n.By.ID(), n.Once)
	return err
}

// stored is a reader with their own value of Bell, nil for none.
type stored struct {
	reader
	own json.RawMessage
}

func readerOf(ctx context.Context, q db.Queryer, sc authz.Scope, user ids.User) (stored, bool, error) {
	here, args := sc.Here("m.account_id")
	found, err := db.All(ctx, q, func(r db.Row) (s stored, err error) {
		var since, seen int64
		var own *string
		err = r.Scan(&s.id, &since, &seen, &own)
		s.user, s.since, s.seen = user, time.UnixMilli(since), time.UnixMilli(seen)
		if own != nil {
			s.own = json.RawMessage(*own)
		}
		return s, err
	}, `SELECT m.id, m.created_at, COALESCE(k.read_before, 0), s.value FROM memberships m LEFT JOIN notice_marks k ON k.membership_id = m.id
		LEFT JOIN member_settings s ON s.membership_id = m.id AND s.name = ? WHERE m.user_id = ? AND m.deactivated_at IS NULL AND `+here,
		append([]any{Bell.Name, user}, args...)...)
	if err != nil {
		return stored{}, false, fmt.Errorf("read whose notices are looked for: %w", err)
	}
	if len(found) == 0 {
		return stored{}, false, nil
	}
	return found[0], true, nil
}

const columns = `n.id, n.at, n.kind, n.account_id, n.target, n.facts`

// query is the text that finds a reader's notices, the latest first, each stream of them along its index: those for the person,
// those to the account, and those from each account above that bind what is below it. read is shown with each.
func query(sc authz.Scope, r reader, in Query, limit int) (string, []any) {
	of := readable(sc.Perms(), in.among(r.bell))
	if sc.Account() == "" || len(of) == 0 {
		return "", nil
	}
	floor := ids.FirstNotice(r.since)
	if seen := ids.FirstNotice(r.seen); in.Unread && seen > floor {
		floor = seen
	}
	var parts []string
	var args []any
	add := func(read, where string, more ...any) {
		cond := where + ` AND n.kind IN ` + db.In(len(of))
		more = append(more, db.Args(of...)...)
		if in.Before != "" {
			cond, more = cond+` AND n.id < ?`, append(more, in.Before)
		}
		if len(in.only) > 0 {
			cond, more = cond+` AND n.id IN `+db.In(len(in.only)), append(more, db.Args(in.only...)...)
		}
		parts = append(parts, `SELECT * FROM (SELECT `+columns+`, `+read+` AS read FROM notices n WHERE `+cond+` ORDER BY n.id DESC LIMIT ?) p`)
		args = append(args, append(more, limit)...)
	}
	down, below := sc.Down("n.account_id")
	mine := `n.user_id = ? AND n.by_id <> ? AND ` + down
	if in.Unread {
		mine = `n.read_at IS NULL AND ` + mine
	}
	add(`CASE WHEN n.read_at IS NULL THEN 0 ELSE 1 END`, mine, append([]any{r.user, r.user}, below...)...)

	const readOne = `EXISTS (SELECT 1 FROM notice_reads x WHERE x.notice_id = n.id AND x.membership_id = ?)`
	for i, at := range sc.Chain() {
		where, bound := `n.account_id = ? AND n.user_id IS NULL AND n.id >= ? AND n.by_id <> ?`, []any{at, floor, r.user}
		if i < len(sc.Chain())-1 {
			where += ` AND n.below`
		}
		if in.Unread {
			add(`0`, where+` AND NOT `+readOne, append(bound, r.id)...)
			continue
		}
		add(`CASE WHEN n.id < ? OR `+readOne+` THEN 1 ELSE 0 END`, where, append([]any{ids.FirstNotice(r.seen), r.id}, bound...)...)
	}
	return strings.Join(parts, ` UNION ALL `), args
}

func list(ctx context.Context, q db.Queryer, sc authz.Scope, r reader, in Query, limit int) ([]Notice, error) {
	text, args := query(sc, r, in, limit)
	if text == "" {
		return nil, nil
	}
	return db.All(ctx, q, func(row db.Row) (n Notice, err error) {
		var at int64
		var facts string
		if err := row.Scan(&n.ID, &at, &n.Kind, &n.Account, &n.Target, &facts, &n.Read); err != nil {
			return n, err
		}
		n.At = time.UnixMilli(at)
		if slices.Contains(sc.Chain(), n.Account) && !sc.Sees(n.Account) {
			n.Account = ""
		}
		return n, json.Unmarshal([]byte(facts), &n.Facts)
	}, `SELECT * FROM (`+text+`) u ORDER BY id DESC LIMIT ?`, append(args, limit)...)
}

func count(ctx context.Context, q db.Queryer, sc authz.Scope, r reader) (int, error) {
	text, args := query(sc, r, Query{Unread: true}, MostCounted)
	if text == "" {
		return 0, nil
	}
	n, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (`+text+`) u`, args...)
	if err != nil {
		return 0, fmt.Errorf("count notices: %w", err)
	}
	return min(n, MostCounted), nil
}

// mark marks notices that the reader was found to have.
func mark(ctx context.Context, tx *db.Tx, _ authz.Scope, r reader, found []Notice) error {
	if len(found) == 0 {
		return nil
	}
	args := []any{r.id}
	for _, n := range found {
		args = append(args, n.ID)
	}
	among := db.In(len(found))
	if _, err := tx.Exec(ctx, `INSERT INTO notice_reads (notice_id, membership_id) SELECT id, ? FROM notices WHERE id IN `+among+` AND user_id IS NULL ON CONFLICT DO NOTHING`, args...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE notices SET read_at = ? WHERE id IN `+among+` AND user_id = ? AND read_at IS NULL`, slices.Concat([]any{tx.Ms()}, args[1:], []any{r.user})...)
	return err
}

// markBefore marks all that the reader was told before an instant.
func markBefore(ctx context.Context, tx *db.Tx, sc authz.Scope, r reader, before time.Time) error {
	if _, err := tx.Exec(ctx, `INSERT INTO notice_marks (membership_id, read_before) VALUES (?, ?) ON CONFLICT (membership_id) DO UPDATE SET read_before = excluded.read_before
		WHERE notice_marks.read_before < excluded.read_before`, r.id, before.UnixMilli()); err != nil {
		return err
	}
	down, args := sc.Down("account_id")
	_, err := tx.Exec(ctx, `UPDATE notices SET read_at = ? WHERE user_id = ? AND read_at IS NULL AND id < ? AND `+down, append([]any{tx.Ms(), r.user, ids.FirstNotice(before)}, args...)...)
	return err
}

func removeBefore(ctx context.Context, tx *db.Tx, before ids.Notice, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE id < ? ORDER BY id LIMIT ?)`, before, limit)
}
