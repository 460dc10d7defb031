package quota

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// position is how far the log goes, and how much of it is folded into the leases.
type position struct{ seq, folded int64 }

func scanPosition(r db.Row) (p position, err error) { return p, r.Scan(&p.seq, &p.folded) }

// lockLog keeps all others from writing to the log and from returning leases.
func lockLog(ctx context.Context, tx *db.Tx) (position, error) {
	lock := func() (position, error) {
		return db.One(ctx, tx, scanPosition, `SELECT seq, folded FROM quota_log WHERE one = 1 `+db.Lock(tx.Dialect()))
	}
	p, err := lock()
	if errors.Is(err, db.ErrNoRows) {
		if _, err := tx.Exec(ctx, `INSERT INTO quota_log (one, seq, folded) VALUES (1, 0, 0) ON CONFLICT (one) DO NOTHING`); err != nil {
			return p, fmt.Errorf("begin the quota log: %w", err)
		}
		p, err = lock()
	}
	if err != nil {
		return p, fmt.Errorf("lock the quota log: %w", err)
	}
	return p, nil
}

func positionOf(ctx context.Context, q db.Queryer) (position, error) {
	p, err := db.One(ctx, q, scanPosition, `SELECT seq, folded FROM quota_log WHERE one = 1`)
	if errors.Is(err, db.ErrNoRows) {
		return position{}, nil
	}
	return p, err
}

func moveLog(ctx context.Context, tx *db.Tx, to position) error {
	_, err := tx.Exec(ctx, `UPDATE quota_log SET seq = ?, folded = ? WHERE one = 1`, to.seq, to.folded)
	return err
}

func insertChunk(ctx context.Context, tx *db.Tx, c chunk) error {
	_, err := tx.Exec(ctx, `INSERT INTO quota_chunks (seq, id, at, ended, leases, keys, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.seq, c.id.Nth(0), c.at, joined(c.ended), bytesOf(c.leases), bytesOf(c.keys), bytesOf(c.body))
	if err != nil {
		return fmt.Errorf("write to the quota log: %w", err)
	}
	return nil
}

// bytesOf is b as it is stored, where nothing is not NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func joined(all []ids.Lease) string {
	words := make([]string, len(all))
	for i, id := range all {
		words[i] = string(id)
	}
	return strings.Join(words, " ")
}

// news is what the nodes must know of a chunk: whose leases have ended, and which keys are used.
type news struct {
	seq   int64
	ended []ids.Lease
	keys  []uint64
}

// newsAfter reads some chunks that follow one.
func newsAfter(ctx context.Context, q db.Queryer, seq int64, most int) ([]news, error) {
	return db.All(ctx, q, func(r db.Row) (n news, err error) {
		var ended string
		var keys []byte
		if err := r.Scan(&n.seq, &ended, &keys); err != nil {
			return n, err
		}
		for id := range strings.FieldsSeq(ended) {
			n.ended = append(n.ended, ids.Lease(id))
		}
		for ; len(keys) >= 8; keys = keys[8:] {
			n.keys = append(n.keys, binary.BigEndian.Uint64(keys))
		}
		return n, nil
	}, `SELECT seq, ended, keys FROM quota_chunks WHERE seq > ? ORDER BY seq LIMIT ?`, seq, most)
}

// spentAfter reads what was spent of leases in the chunks that follow one.
func spentAfter(ctx context.Context, q db.Queryer, seq int64) ([][]byte, error) {
	return db.All(ctx, q, db.Value[[]byte], `SELECT leases FROM quota_chunks WHERE seq > ? ORDER BY seq`, seq)
}

const chunkColumns = `c.seq, c.id, c.at, c.leases, c.body, s.states`

// stored is a chunk with what became of its reserves: "" while all are held.
type stored struct {
	chunk
	states []byte
}

func scanStored(r db.Row) (c stored, err error) {
	var id ids.Reserve
	if err := r.Scan(&c.seq, &id, &c.at, &c.leases, &c.body, &c.states); err != nil {
		return c, err
	}
	c.id, _, _ = id.Among()
	return c, nil
}

// chunksAt reads chunks by their places in the log.
func chunksAt(ctx context.Context, q db.Queryer, all []int64) ([]stored, error) {
	return chunksBy(ctx, q, "c.seq", all)
}

// chunksBy reads chunks by the values of a column.
func chunksBy[T any](ctx context.Context, q db.Queryer, column string, all []T) (out []stored, err error) {
	for part := range slices.Chunk(all, mostAtOnce) {
		asked := padded(part)
		some, err := db.All(ctx, q, scanStored, `SELECT `+chunkColumns+` FROM quota_chunks c LEFT JOIN quota_settled s ON s.seq = c.seq WHERE `+column+` IN `+db.In(len(asked))+` ORDER BY c.seq`, db.Args(asked...)...)
		if err != nil {
			return nil, fmt.Errorf("read the quota log: %w", err)
		}
		out = append(out, some...)
	}
	return out, nil
}

func allChunks(ctx context.Context, q db.Queryer) ([]stored, error) {
	return db.All(ctx, q, scanStored, `SELECT `+chunkColumns+` FROM quota_chunks c LEFT JOIN quota_settled s ON s.seq = c.seq ORDER BY c.seq`)
}

// The states of a reserve, as bytes.
var stateBytes = [...]string{Held, Committed, Released}

// state is what became of one of the reserves.
func (c *stored) state(n int) string {
	if n < len(c.states) && int(c.states[n]) < len(stateBytes) {
		return stateBytes[c.states[n]]
	}
	return Held
}

func (c *stored) settle(n int, state string) {
	if short := n + 1 - len(c.states); short > 0 {
		c.states = append(c.states, make([]byte, short)...)
	}
	c.states[n] = byte(slices.Index(stateBytes[:], state)) //nolint:gosec // it is one of them
}

// storeStates writes what became of the reserves of chunks.
func storeStates(ctx context.Context, tx *db.Tx, all []*stored) error {
	for part := range slices.Chunk(all, mostAtOnce) {
		var args []any
		for _, c := range part {
			args = append(args, c.seq, c.states)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO quota_settled (seq, states) VALUES `+db.Values(len(part), 2)+` ON CONFLICT (seq) DO UPDATE SET states = excluded.states`, args...); err != nil {
			return fmt.Errorf("settle reserves: %w", err)
		}
	}
	return nil
}

// forgetChunks deletes some of the chunks that were written before an instant, and says how many. What is not folded stays.
func forgetChunks(ctx context.Context, tx *db.Tx, before int64, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM quota_chunks WHERE seq IN (SELECT seq FROM quota_chunks WHERE at < ? AND seq <= (SELECT folded FROM quota_log) ORDER BY at LIMIT ?)`, before, limit)
}

// oldestChunk is the place in the log before which nothing is kept.
func oldestChunk(ctx context.Context, q db.Queryer) (int64, error) {
	return db.One(ctx, q, db.Value[int64], `SELECT COALESCE((SELECT MIN(seq) FROM quota_chunks), (SELECT seq + 1 FROM quota_log), 0)`)
}
