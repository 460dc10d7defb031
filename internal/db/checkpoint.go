package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"bailiwick/internal/clock"
)

// SQLite appends what is committed to its log, and copies it into the file from time to time. Left to itself it has whoever
// commits then do that, which keeps all others from writing for many times as long as a write.
const (
	checkpointEvery = 100 * time.Millisecond
	copyFrames      = 500   // pages of 4 KiB: fewer are not worth the two syncs
	restartFrames   = 16000 // from here on the log should begin anew: nobody writes while that is brought to the disk, so it is seldom
	restFrames      = 100   // so few are copied quickly
	restTries       = 4
)

// autoCheckpoint is where a commit copies the log itself, as long as nobody runs Checkpoint: far above where that begins anew, for
// while much is written the log grows by thousands of frames before it can.
const autoCheckpoint = "&_pragma=wal_autocheckpoint(64000)"

// Checkpoint copies SQLite's log into its file, beside those who write, until ctx ends.
func (d *DB) Checkpoint(ctx context.Context, log *slog.Logger) error {
	if d.dialect != SQLite {
		<-ctx.Done()
		return nil
	}
	c, err := newPreparing(d.file)
	if err != nil {
		return fmt.Errorf("open %s to copy its log: %w", d.dsn, err)
	}
	own := sql.OpenDB(c)
	own.SetMaxOpenConns(1)
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	for seen := int64(0); ; {
		select {
		case <-ctx.Done():
			return own.Close()
		case <-tick.C:
			n := d.writes.Load()
			if n == seen {
				continue
			}
			seen = n
			if err := d.checkpoint(ctx, own); err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "the log of SQLite could not be copied into its file", "error", err)
			}
		}
	}
}

func (d *DB) checkpoint(ctx context.Context, own *sql.DB) error {
	l, err := copyLog(ctx, own, "NOOP")
	if err != nil || l.rest() < copyFrames {
		return err
	}
	if l, err = copyLog(ctx, own, "PASSIVE"); err != nil || l.frames < restartFrames {
		return err
	}
	for try := 0; l.rest() > restFrames && try < restTries; try++ {
		if l, err = copyLog(ctx, own, "PASSIVE"); err != nil {
			return err
		}
	}
	if err := syncFile(d.dsn); err != nil { // so that little is left to be brought to the disk while nobody writes
		return fmt.Errorf("bring %s to the disk: %w", d.dsn, err)
	}
	// The log begins anew only where all of it was copied, and that is so only while nobody writes.
	writer, err := d.write.Conn(ctx)
	if err != nil {
		return err
	}
	took := clock.Stopwatch()
	_, err = copyLog(ctx, writer, "PASSIVE")
	held := took()
	d.metrics.note(checkpoint, held, err)
	wrote(ctx, held)
	return errors.Join(err, writer.Close())
}

// logged is how many frames the log has, and how many of them are in the file.
type logged struct{ frames, copied int }

func (l logged) rest() int { return l.frames - l.copied }

type rowQueryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// copyLog copies as far as nobody has to wait for it. Mode NOOP only looks.
func copyLog(ctx context.Context, q rowQueryer, mode string) (l logged, err error) {
	var busy int
	err = q.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &l.frames, &l.copied)
	return l, err
}
