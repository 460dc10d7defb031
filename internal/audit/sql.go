package audit

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

const eventColumns = `e.id, e.account_id, e.at, e.actor_kind, e.actor_id, e.acting_as, e.credential, e.request_id, e.action, e.target_type, e.target_id, e.result, e.personal`

// dest is where eventColumns are scanned to.
func (e *event) dest() []any {
	return []any{&e.ID, &e.Account, &e.At, &e.ActorKind, &e.ActorID, &e.ActingAs, &e.Credential, &e.RequestID, &e.Action, &e.TargetType, &e.TargetID, &e.Result, &e.Personal}
}

func insert(ctx context.Context, tx *db.Tx, rows []row) error {
	var events, persons, waiting []any
	for _, r := range rows {
		e, p := r.event, r.personal
		events = append(events, e.ID, e.Account, e.At, e.ActorKind, e.ActorID, e.ActingAs, e.Credential, e.RequestID, e.Action, e.TargetType, e.TargetID, e.Result, e.Personal)
		persons = append(persons, e.ID, p.Salt, p.ActorName, p.IP, p.Target, p.Changes)
		waiting = append(waiting, e.ID, e.Account, e.At)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO audit_events (id, account_id, at, actor_kind, actor_id, acting_as, credential, request_id, action, target_type, target_id, result, personal)
		VALUES `+db.Values(len(rows), 13), events...); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO audit_personal (event_id, salt, actor_name, ip, target, changes) VALUES `+db.Values(len(rows), 6), persons...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO audit_unsealed (event_id, account_id, at) VALUES `+db.Values(len(rows), 3), waiting...)
	return err
}

func countRefused(ctx context.Context, tx *db.Tx, actor string, p authz.Perm, account ids.Account, minute int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO audit_refused (actor_id, perm, account_id, minute, times) VALUES (?, ?, ?, ?, 1)
		ON CONFLICT (actor_id, perm, account_id, minute) DO UPDATE SET times = audit_refused.times + 1`, actor, p, account, minute)
	return err
}

func anyUnsealed(ctx context.Context, q db.Queryer) (bool, error) {
	return db.Exists(ctx, q, `SELECT 1 FROM audit_unsealed`)
}

// backlog counts the unsealed events and finds when the oldest was recorded, in Unix milliseconds, 0 when there is none.
func backlog(ctx context.Context, q db.Queryer) (n int, oldest int64, err error) {
	b, err := db.One(ctx, q, func(r db.Row) (b [2]int64, err error) {
		err = r.Scan(&b[0], &b[1])
		return b, err
	}, `SELECT count(*), COALESCE(min(at), 0) FROM audit_unsealed`)
	return int(b[0]), b[1], err
}

// takeTurn holds the sealer's lease row until the transaction ends.
func takeTurn(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO leases (name, owner, until) VALUES ('audit sealer', '', 0) ON CONFLICT (name) DO UPDATE SET owner = ''`)
	return err
}

func unsealed(ctx context.Context, q db.Queryer) ([]event, error) {
	return db.All(ctx, q, func(r db.Row) (e event, err error) {
		err = r.Scan(e.dest()...)
		return e, err
	}, `SELECT `+eventColumns+` FROM audit_unsealed u JOIN audit_events e ON e.id = u.event_id ORDER BY u.account_id, u.at, u.event_id LIMIT ?`, sealChunk)
}

// head is the last seal of a chain so far.
type head struct {
	seq  int64
	hash []byte
}

// heads finds the last seals of the chains of some accounts, all at once.
func heads(ctx context.Context, q db.Queryer, accounts []ids.Account) (map[ids.Account]head, error) {
	out := make(map[ids.Account]head, len(accounts))
	for _, a := range accounts {
		out[a] = head{0, genesis}
	}
	// CROSS JOIN has SQLite begin with the accounts.
	for _, text := range []string{
		`SELECT c.account_id, c.seq, c.hash FROM audit_checkpoints c WHERE c.account_id IN ` + db.In(len(accounts)),
		`SELECT s.account_id, s.seq, s.hash FROM (VALUES ` + db.Values(len(accounts), 1) + `) AS v CROSS JOIN audit_seals s
			WHERE s.account_id = v.column1 AND s.seq = (SELECT max(l.seq) FROM audit_seals l WHERE l.account_id = v.column1)`,
	} {
		_, err := db.All(ctx, q, func(r db.Row) (_ struct{}, err error) {
			var account ids.Account
			var h head
			err = r.Scan(&account, &h.seq, &h.hash)
			out[account] = h
			return struct{}{}, err
		}, text, db.Args(accounts...)...)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// beginning is what stands before the first event of a chain: nothing, or what retention left.
type beginning struct {
	head
	deleted int64
}

func startOf(ctx context.Context, q db.Queryer, account ids.Account) (beginning, error) {
	all, err := db.All(ctx, q, func(r db.Row) (s beginning, err error) {
		err = r.Scan(&s.seq, &s.hash, &s.deleted)
		return s, err
	}, `SELECT seq, hash, deleted FROM audit_checkpoints WHERE account_id = ?`, account)
	if err != nil || len(all) == 0 {
		return beginning{head: head{0, genesis}}, err
	}
	return all[0], nil
}

// newSeal is a seal that is to be stored.
type newSeal struct {
	account ids.Account
	event   ids.Event
	head
}

func insertSeals(ctx context.Context, tx *db.Tx, seals []newSeal) error {
	var args []any
	for _, s := range seals {
		args = append(args, s.account, s.seq, s.event, s.hash, tx.Ms())
	}
	_, err := tx.Exec(ctx, `INSERT INTO audit_seals (account_id, seq, event_id, hash, sealed_at) VALUES `+db.Values(len(seals), 5), args...)
	return err
}

func deleteUnsealed(ctx context.Context, tx *db.Tx, events []event) error {
	done := make([]ids.Event, len(events))
	for i, e := range events {
		done[i] = e.ID
	}
	_, err := tx.Exec(ctx, `DELETE FROM audit_unsealed WHERE event_id IN `+db.In(len(done)), db.Args(done...)...)
	return err
}

const personalColumns = `COALESCE(p.event_id, ''), p.salt, COALESCE(p.actor_name, ''), COALESCE(p.ip, ''), COALESCE(p.target, ''), COALESCE(p.changes, '')`

// chain reads the next n links after number seq.
func chain(ctx context.Context, q db.Queryer, account ids.Account, seq int64, n int) ([]link, error) {
	return db.All(ctx, q, func(r db.Row) (link, error) {
		var l link
		var e event
		var p personal
		var has ids.Event
		err := r.Scan(append(append([]any{&l.seq, &l.hash, &l.sealed, &l.sealedAt}, e.dest()...), &has, &p.Salt, &p.ActorName, &p.IP, &p.Target, &p.Changes)...)
		if e.ID != "" {
			l.event = &e
		}
		if has != "" {
			l.personal = &p
		}
		return l, err
	}, `SELECT s.seq, s.hash, s.event_id, s.sealed_at, COALESCE(e.id, ''), COALESCE(e.account_id, ''), COALESCE(e.at, 0), COALESCE(e.actor_kind, ''), COALESCE(e.actor_id, ''),
			COALESCE(e.acting_as, ''), COALESCE(e.credential, ''), COALESCE(e.request_id, ''), COALESCE(e.action, ''), COALESCE(e.target_type, ''),
			COALESCE(e.target_id, ''), COALESCE(e.result, ''), e.personal, `+personalColumns+`
		FROM audit_seals s LEFT JOIN audit_events e ON e.id = s.event_id LEFT JOIN audit_personal p ON p.event_id = s.event_id
		WHERE s.account_id = ? AND s.seq > ? ORDER BY s.seq LIMIT ?`, account, seq, n)
}

func looseEvents(ctx context.Context, q db.Queryer, account ids.Account) ([]looseEvent, error) {
	return db.All(ctx, q, func(r db.Row) (looseEvent, error) {
		var l looseEvent
		var p personal
		var has ids.Event
		err := r.Scan(append(l.event.dest(), &l.waiting, &has, &p.Salt, &p.ActorName, &p.IP, &p.Target, &p.Changes)...)
		if has != "" {
			l.personal = &p
		}
		return l, err
	}, `SELECT `+eventColumns+`, EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.event_id = e.id AND u.account_id = e.account_id), `+personalColumns+`
		FROM audit_events e LEFT JOIN audit_personal p ON p.event_id = e.id
		WHERE e.account_id = ? AND NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.event_id = e.id AND s.account_id = e.account_id) ORDER BY e.at, e.id`, account)
}

func accountsWithLog(ctx context.Context, q db.Queryer) ([]ids.Account, error) {
	return db.All(ctx, q, db.Value[ids.Account], `SELECT account_id FROM audit_events UNION SELECT account_id FROM audit_seals UNION SELECT account_id FROM audit_checkpoints ORDER BY account_id`)
}

// accountsAtOnce is how many accounts of an export are read at once.
const accountsAtOnce = 500

// loggedAccounts lists the accounts of the scope that have a chain, by id.
func loggedAccounts(ctx context.Context, q db.Queryer, sc authz.Scope, below bool, after ids.Account) ([]ids.Account, error) {
	cond, args := "1 = 1", []any(nil)
	if !below {
		cond, args = sc.Here("t.descendant_id")
	}
	return db.All(ctx, q, db.Value[ids.Account], `SELECT t.descendant_id FROM account_tree t
		WHERE t.ancestor_id = ? AND t.descendant_id > ? AND `+cond+` AND EXISTS (SELECT 1 FROM audit_seals s WHERE s.account_id = t.descendant_id)
		ORDER BY t.descendant_id LIMIT ?`, append(append([]any{sc.Account(), after}, args...), accountsAtOnce)...)
}

// oldEvent is an event that retention looks at.
type oldEvent struct {
	Cursor
	account ids.Account
}

func oldest(ctx context.Context, q db.Queryer, after Cursor, before int64, n int) ([]oldEvent, error) {
	return db.All(ctx, q, func(r db.Row) (o oldEvent, err error) {
		err = r.Scan(&o.At, &o.ID, &o.account)
		return o, err
	}, `SELECT e.at, e.id, e.account_id FROM audit_events e WHERE (e.at, e.id) > (?, ?) AND e.at < ? ORDER BY e.at, e.id LIMIT ?`, after.At, after.ID, before, n)
}

// firstLink is one of the first links of a chain.
type firstLink struct {
	head
	event ids.Event
	at    int64
}

func firstLinks(ctx context.Context, q db.Queryer, account ids.Account, n int) ([]firstLink, error) {
	return db.All(ctx, q, func(r db.Row) (l firstLink, err error) {
		err = r.Scan(&l.seq, &l.hash, &l.event, &l.at)
		return l, err
	}, `SELECT s.seq, s.hash, s.event_id, e.at FROM audit_seals s JOIN audit_events e ON e.id = s.event_id WHERE s.account_id = ? ORDER BY s.seq LIMIT ?`, account, n)
}

// cutOff deletes the first links of a chain with their events, and keeps the checkpoint. Nothing else deletes events.
func cutOff(ctx context.Context, tx *db.Tx, account ids.Account, links []firstLink, deleted int64) error {
	events := make([]ids.Event, len(links))
	for i, l := range links {
		events[i] = l.event
	}
	last := links[len(links)-1]
	if _, err := tx.Exec(ctx, `INSERT INTO audit_checkpoints (account_id, seq, hash, deleted, at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (account_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, deleted = excluded.deleted, at = excluded.at`,
		account, last.seq, last.hash, deleted, tx.Ms()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM audit_seals WHERE account_id = ? AND seq <= ?`, account, last.seq); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM audit_personal WHERE event_id IN `+db.In(len(events)), db.Args(events...)...); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM audit_events WHERE id IN `+db.In(len(events)), db.Args(events...)...)
	return err
}
