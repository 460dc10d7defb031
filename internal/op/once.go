package op

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/jobs"
)

// keepOnce is how long a repeated request is answered with what the first one did.
const keepOnce = 24 * time.Hour

// Result is something that a write made or changed.
type Result struct {
	Type string `json:"type"` // as in the log: "account", "user"
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Replay is the end of a write that an earlier request with the same key has done already: nothing was changed now.
// Results are what it did then: what it made, and the rest in the order of its events.
type Replay struct{ Results []Result }

func (*Replay) Error() string { return "op: the request was done before" }

// ID is the id of the first thing that the write made or changed.
func (r *Replay) ID() string {
	if len(r.Results) == 0 {
		return ""
	}
	return r.Results[0].ID
}

// once runs a write whose actor marked its request, unless that was done before.
func once(ctx context.Context, w *W, run func(context.Context, *W) error) error {
	mark := w.by.Once()
	if mark == nil {
		return run(ctx, w)
	}
	if err := claim(ctx, w.tx, w.by.Credential(), *mark); err != nil {
		return err
	}
	if err := run(ctx, w); err != nil {
		return err
	}
	return keepResult(ctx, w, *mark)
}

// claim stores the key, or ends the write because it is stored already. A second write with it waits for the first
// one's end on both databases.
func claim(ctx context.Context, tx *db.Tx, credential string, mark authz.Once) error {
	fresh, err := insertKey(ctx, tx, credential, mark)
	if err != nil || fresh {
		return err
	}
	old, err := db.One(ctx, tx, scanKey, "SELECT hash, result, created_at FROM idempotency WHERE credential = ? AND key = ?", credential, mark.Key)
	if err != nil {
		return fmt.Errorf("read what the key stands for: %w", err)
	}
	if tx.Now().Sub(old.at) >= keepOnce {
		if _, err := tx.Exec(ctx, "UPDATE idempotency SET hash = ?, result = '[]', created_at = ? WHERE credential = ? AND key = ?",
			mark.Hash[:], tx.Ms(), credential, mark.Key); err != nil {
			return fmt.Errorf("take over an old key: %w", err)
		}
		return nil
	}
	if !bytes.Equal(old.hash, mark.Hash[:]) {
		return errs.New(errs.Invalid, "idempotency.other_request", "Send a new Idempotency-Key. This one was used for a request that asked for something else.")
	}
	return &Replay{old.results}
}

func insertKey(ctx context.Context, tx *db.Tx, credential string, mark authz.Once) (bool, error) {
	n, err := tx.Exec(ctx, "INSERT INTO idempotency (credential, key, hash, result, created_at) VALUES (?, ?, ?, '[]', ?) ON CONFLICT (credential, key) DO NOTHING",
		credential, mark.Key, mark.Hash[:], tx.Ms())
	if err != nil {
		return false, fmt.Errorf("store the key of a request: %w", err)
	}
	return n == 1, nil
}

func keepResult(ctx context.Context, w *W, mark authz.Once) error {
	results := w.made
	for _, e := range w.events {
		results = append(results, Result{e.TargetType, e.TargetID, e.Target})
	}
	text, err := json.Marshal(results)
	if err != nil {
		return fmt.Errorf("write the result of a request: %w", err)
	}
	if _, err := w.tx.Exec(ctx, "UPDATE idempotency SET result = ? WHERE credential = ? AND key = ?", string(text), w.by.Credential(), mark.Key); err != nil {
		return fmt.Errorf("store the result of a request: %w", err)
	}
	return nil
}

// keyRow is a key as it is stored.
type keyRow struct {
	hash    []byte
	results []Result
	at      time.Time
}

func scanKey(r db.Row) (k keyRow, err error) {
	var text string
	var ms int64
	if err := r.Scan(&k.hash, &text, &ms); err != nil {
		return k, err
	}
	k.at = time.UnixMilli(ms)
	return k, json.Unmarshal([]byte(text), &k.results)
}

const (
	forgetEvery = time.Hour
	forgetChunk = 500
)

// RegisterJobs lists the periodic work of the runner.
func RegisterJobs(w *jobs.Workers, r *Runner) {
	w.Periodic("idempotency.forget", forgetEvery, r.ForgetKeys)
}

// ForgetKeys deletes the keys of requests that are a day old, in small pieces.
func (r *Runner) ForgetKeys(ctx context.Context) error {
	before := r.db.Now().Add(-keepOnce).UnixMilli()
	for n := int64(forgetChunk); n == forgetChunk; {
		err := r.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = tx.Exec(ctx, `DELETE FROM idempotency WHERE (credential, key) IN (
				SELECT credential, key FROM idempotency WHERE created_at < ? ORDER BY created_at LIMIT ?)`, before, forgetChunk)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget the keys of old requests: %w", err)
		}
	}
	return nil
}

// Replayed returns the replay that a write ended in, or nil.
func Replayed(err error) *Replay {
	var r *Replay
	if errors.As(err, &r) {
		return r
	}
	return nil
}
