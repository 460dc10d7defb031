package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Notify tells all who Listen on the channel. It is a hint: it may be lost. SQLite has nobody to tell.
func (d *DB) Notify(ctx context.Context, channel string) error {
	if d.dialect != Postgres {
		return nil
	}
	if _, err := d.write.ExecContext(ctx, "SELECT pg_notify($1, '')", channel); err != nil {
		return fmt.Errorf("notify %s: %w", channel, Classify(err))
	}
	return nil
}

const (
	listenAgainAfter = time.Second
	stopListening    = time.Second
)

// Listen calls heard for each Notify on the channel until ctx ends, over a connection of its own to at, "" for the
// database's own address. A connection that is lost is made anew, and lost is told why. On SQLite it only waits.
func (d *DB) Listen(ctx context.Context, at, channel string, heard func(), lost func(error)) {
	if at == "" {
		at = d.dsn
	}
	if d.dialect != Postgres {
		<-ctx.Done()
		return
	}
	for ctx.Err() == nil {
		if err := listen(ctx, at, channel, heard); ctx.Err() == nil {
			lost(err)
		}
		again := time.NewTimer(listenAgainAfter)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
		}
	}
}

func listen(ctx context.Context, at, channel string, heard func()) error {
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return fmt.Errorf("connect to listen: %w", unreachable(err))
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopListening)
		defer cancel()
		_ = conn.Close(end) //nolint:errcheck // nothing depends on a goodbye
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen on %s: %w", channel, Classify(err))
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return fmt.Errorf("wait on %s: %w", channel, Classify(err))
		}
		heard()
	}
}
