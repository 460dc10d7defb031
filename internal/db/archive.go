package db

import (
	"bufio"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bailiwick/internal/errs"
)

// An archive is gzipped lines of JSON, alike for both databases, so that one can be restored into the other:
// a header with the schema version, for each table a line with its columns followed by one array per row, and a
// trailer with the number of rows, without which the archive is incomplete.
type archiveLine struct {
	Format  string   `json:"format,omitempty"`
	Schema  int64    `json:"schema,omitempty"`
	Table   string   `json:"table,omitempty"`
	Columns []column `json:"columns,omitempty"`
	Row     []any    `json:"row,omitempty"`
	End     bool     `json:"end,omitempty"`
	Rows    int64    `json:"rows,omitempty"`
}

const archiveFormat = "bailiwick-archive-1"

// column is a column and how its values are written: t text, i integer, b boolean, x bytes in base64.
type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type table struct {
	name    string
	columns []column
}

// Backup writes everything to w as one consistent state, while the program goes on working.
// It returns the number of rows written.
func (d *DB) Backup(ctx context.Context, w io.Writer) (int64, error) {
	if d.dialect == Postgres {
		return d.backupSnapshot(ctx, w)
	}
	dir, err := os.MkdirTemp(filepath.Dir(d.dsn), ".backup-")
	if err != nil {
		return 0, fmt.Errorf("make room for the backup: %w", err)
	}
	rows, err := d.backupCopy(ctx, filepath.Join(dir, "copy.db"), w)
	return rows, errors.Join(err, os.RemoveAll(dir))
}

// backupCopy copies the SQLite file first: a long read of the live one would keep its log from being shortened.
func (d *DB) backupCopy(ctx context.Context, path string, w io.Writer) (int64, error) {
	conn, err := sql.Open("sqlite", "file:"+d.dsn+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return 0, fmt.Errorf("open for backup: %w", err)
	}
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?", path)
	if err = errors.Join(err, conn.Close()); err != nil {
		return 0, fmt.Errorf("copy the database: %w", Classify(err))
	}
	copied, err := Open(ctx, path, d.now)
	if err != nil {
		return 0, err
	}
	rows, err := copied.backupSnapshot(ctx, w)
	return rows, errors.Join(err, copied.Close())
}

func (d *DB) backupSnapshot(ctx context.Context, w io.Writer) (rows int64, err error) {
	version, err := d.schemaVersion(ctx)
	if err != nil {
		return 0, err
	}
	zip := gzip.NewWriter(w)
	out := json.NewEncoder(zip)
	err = d.Snapshot(ctx, func(ctx context.Context, q Queryer) error {
		tables, err := tablesInOrder(ctx, q)
		if err != nil {
			return err
		}
		if err := out.Encode(archiveLine{Format: archiveFormat, Schema: version}); err != nil {
			return err
		}
		for _, t := range tables {
			n, err := writeTable(ctx, q, t, out)
			if err != nil {
				return fmt.Errorf("back up %s: %w", t.name, err)
			}
			rows += n
		}
		return out.Encode(archiveLine{End: true, Rows: rows})
	})
	return rows, errors.Join(err, zip.Close())
}

func writeTable(ctx context.Context, q Queryer, t table, out *json.Encoder) (n int64, err error) {
	if err := out.Encode(archiveLine{Table: t.name, Columns: t.columns}); err != nil {
		return 0, err
	}
	rows, err := q.query(ctx, "SELECT "+t.columnList()+" FROM "+t.name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		cells, err := t.scan(rows)
		if err != nil {
			return n, err
		}
		if err := out.Encode(archiveLine{Row: cells}); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

func (t table) columnList() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

func (t table) scan(r Row) ([]any, error) {
	into := make([]any, len(t.columns))
	for i, c := range t.columns {
		switch c.Type {
		case "i":
			into[i] = new(sql.NullInt64)
		case "b":
			into[i] = new(sql.NullBool)
		case "x":
			into[i] = new([]byte)
		default:
			into[i] = new(sql.NullString)
		}
	}
	if err := r.Scan(into...); err != nil {
		return nil, err
	}
	cells := make([]any, len(into))
	for i, v := range into {
		switch v := v.(type) {
		case *sql.NullInt64:
			if v.Valid {
				cells[i] = v.Int64
			}
		case *sql.NullBool:
			if v.Valid {
				cells[i] = v.Bool
			}
		case *sql.NullString:
			if v.Valid {
				cells[i] = v.String
			}
		case *[]byte:
			if *v != nil {
				cells[i] = base64.StdEncoding.EncodeToString(*v)
			}
		}
	}
	return cells, nil
}

// Restore reads an archive into a migrated and empty database, in one transaction: all of it, or nothing.
func (d *DB) Restore(ctx context.Context, r io.Reader) (rows int64, err error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return 0, badArchive("It does not begin as one.", err)
	}
	in := json.NewDecoder(bufio.NewReaderSize(zip, 1<<16))
	in.UseNumber()
	version, err := d.schemaVersion(ctx)
	if err != nil {
		return 0, err
	}
	var head archiveLine
	if err := in.Decode(&head); err != nil || head.Format != archiveFormat {
		return 0, badArchive("Its first line is not a header.", err)
	}
	if head.Schema != version {
		return 0, errs.New(errs.Conflict, "archive.schema", "Restore with the version of the program that made the archive, then upgrade. The archive has schema {archive}, this program {program}.",
			"archive", head.Schema, "program", version)
	}
	err = d.once(ctx, batch, d.write, &sql.TxOptions{}, func(ctx context.Context, tx *Tx) error {
		rows, err = tx.restore(ctx, in)
		return err
	})
	if err == nil {
		err = d.lasting.wait()
	}
	return rows, err
}

func (t *Tx) restore(ctx context.Context, in *json.Decoder) (int64, error) {
	deferred := "PRAGMA defer_foreign_keys = ON"
	if t.dialect == Postgres {
		deferred = "SET CONSTRAINTS ALL DEFERRED"
	}
	if _, err := t.Exec(ctx, deferred); err != nil {
		return 0, err
	}
	tables, err := tablesInOrder(ctx, t)
	if err != nil {
		return 0, err
	}
	known := map[string]table{}
	for _, k := range tables {
		known[k.name] = k
		if full, err := Exists(ctx, t, "SELECT 1 FROM "+k.name); err != nil || full {
			if err == nil {
				err = errs.New(errs.Conflict, "archive.not_empty", "Restore into an empty database. This one has rows in {table}.", "table", k.name)
			}
			return 0, err
		}
	}
	var at table
	var insert string
	var rows int64
	for {
		var line archiveLine
		if err := in.Decode(&line); err != nil {
			return rows, badArchive("It ends before its trailer or is damaged.", err)
		}
		switch {
		case line.End && line.Rows != rows:
			return rows, badArchive("Its trailer counts other rows than it has.", nil)
		case line.End:
			if err := in.Decode(&line); !errors.Is(err, io.EOF) { // the end of the stream carries its checksum
				return rows, badArchive("It is damaged.", err)
			}
			return rows, nil
		case line.Table != "":
			if at = known[line.Table]; at.name == "" || len(line.Columns) != len(at.columns) {
				return rows, badArchive("It has a table that this program does not have.", nil)
			}
			at.columns = line.Columns
			insert = "INSERT INTO " + at.name + " (" + known[at.name].columnList() + ") VALUES " + In(len(at.columns))
		default:
			args, err := at.values(known[at.name], line.Row)
			if err != nil {
				return rows, err
			}
			if _, err := t.Exec(ctx, insert, args...); err != nil {
				return rows, fmt.Errorf("restore a row of %s: %w", at.name, err)
			}
			rows++
		}
	}
}

// values orders an archived row as the columns stand here; names come from this database, never from the archive.
func (t table) values(here table, cells []any) ([]any, error) {
	if len(cells) != len(t.columns) {
		return nil, badArchive("A row has another number of cells than its table.", nil)
	}
	byName := map[string]any{}
	for i, c := range t.columns {
		byName[c.Name] = cells[i]
	}
	out := make([]any, len(here.columns))
	for i, c := range here.columns {
		v, ok := byName[c.Name]
		if !ok {
			return nil, badArchive("A table lacks the column "+c.Name+".", nil)
		}
		var err error
		switch n := v.(type) {
		case json.Number:
			out[i], err = n.Int64()
		case string:
			out[i] = n
			if c.Type == "x" {
				out[i], err = base64.StdEncoding.DecodeString(n)
			}
		default:
			out[i] = v
		}
		if err != nil {
			return nil, badArchive("A value of "+c.Name+" cannot be read.", err)
		}
	}
	return out, nil
}

func badArchive(why string, err error) error {
	e := errs.New(errs.Invalid, "archive.unreadable", "Choose a complete archive made by the backup command. {why}", "why", why)
	e.Err = err
	return e
}

func (d *DB) schemaVersion(ctx context.Context) (int64, error) {
	p, err := d.migrator()
	if err != nil {
		return 0, err
	}
	v, err := p.GetDBVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return v, nil
}
