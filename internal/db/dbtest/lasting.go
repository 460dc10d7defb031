package dbtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// Lasting is a private cluster whose databases stay in a directory between runs, for measurements on much data.
type Lasting struct {
	cluster
	bin, data string
}

// StartLasting starts the cluster in dir, which it makes when there is none. Stop it in the end. It saves nothing from a power
// cut unless settings such as "fsync=on" say so.
func StartLasting(ctx context.Context, dir string, settings ...string) (*Lasting, error) {
	bin, err := serverPrograms()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.Chown(dir, serverUser().uid, serverUser().gid); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		if err := initialise(ctx, bin, data); err != nil {
			return nil, err
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	opts := "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off" +
		" -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=8GB -c checkpoint_timeout=1h -c shared_buffers=512MB -p " + port
	for _, set := range settings {
		opts += " -c " + set
	}
	if err := run(ctx, filepath.Join(bin, "pg_ctl"), "-D", data, "-l", filepath.Join(data, "log"), "-w", "-t", "60", "-o", opts, "start"); err != nil {
		return nil, err
	}
	return &Lasting{cluster{url: clusterURL(port)}, bin, data}, nil
}

// Create makes a database again, empty, and returns its address.
func (l *Lasting) Create(ctx context.Context, name string) (string, error) {
	if err := l.drop(ctx, name); err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, l.url)
	if err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return "", err
	}
	return l.DSN(name)
}

// DSN is the address of a database of the cluster.
func (l *Lasting) DSN(name string) (string, error) { return l.dsn(name) }

// Stop stops the server; its databases stay.
func (l *Lasting) Stop(ctx context.Context) error {
	return run(ctx, filepath.Join(l.bin, "pg_ctl"), "-D", l.data, "-m", "fast", "-w", "stop")
}
