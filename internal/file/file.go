// Package file keeps uploads and results: sealed, in parts that no write holds for long.
//
// Each part is sealed for its file, its number and whether it is the last, so that a file that was cut, put in
// another order or mixed with another does not open. What refers to a file keeps it; the sweep removes the rest.
package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
)

// PartSize is the most that one part holds, in bytes.
const PartSize = 256 << 10

const purpose secret.Purpose = "file"

// Store reads and writes files.
type Store struct {
	op  *op.Runner
	db  *db.DB
	box *secret.Box
}

// NewStore makes a Store.
func NewStore(r *op.Runner, d *db.DB, box *secret.Box) *Store { return &Store{r, d, box} }

func subject(id ids.File, n int64, last bool) string { return fmt.Sprintf("%s/%d/%t", id, n, last) }

// CreateIn begins a file with a new id in a transaction.
func CreateIn(ctx context.Context, tx *db.Tx, id ids.File, account ids.Account, name string) error {
	return create(ctx, tx, id, account, name)
}

// AppendIn adds the next part to a file that is being written, in a transaction. last says that it is complete.
func (s *Store) AppendIn(ctx context.Context, tx *db.Tx, id ids.File, part []byte, last bool) error {
	if len(part) > PartSize {
		return fmt.Errorf("a part of %d bytes is too large", len(part))
	}
	n, err := next(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("add to file %s: %w", id, err)
	}
	return add(ctx, tx, id, n, s.box.Seal(purpose, subject(id, n, last), part), len(part), last)
}

// Keep writes everything from r as a file of an account, a part at a time. More than most bytes is refused.
func (s *Store) Keep(ctx context.Context, account ids.Account, name string, r io.Reader, most int64) (id ids.File, err error) {
	w, err := s.Writer(ctx, account, name)
	if err != nil {
		return "", err
	}
	n, err := io.Copy(w, io.LimitReader(r, most+1))
	if err != nil {
		return "", err
	}
	if n > most {
		return "", errs.Field("file", "file.too_large", "Choose a smaller file, or split it. It may have {max} MB.", "max", most>>20)
	}
	return w.id, w.Close()
}

// Writer writes a file in parts. What was not closed is swept.
type Writer struct {
	ctx context.Context //nolint:containedctx // io.Writer takes none
	s   *Store
	id  ids.File
	buf bytes.Buffer
}

// Writer begins a file of an account.
func (s *Store) Writer(ctx context.Context, account ids.Account, name string) (*Writer, error) {
	w := &Writer{ctx: ctx, s: s, id: ids.NewFile(s.db.Now())}
	return w, s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return CreateIn(ctx, tx, w.id, account, name) })
}

// ID is the file being written.
func (w *Writer) ID() ids.File { return w.id }

// Write adds to the file.
func (w *Writer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		room := PartSize - w.buf.Len()
		if room == 0 {
			if err := w.flush(false); err != nil {
				return 0, err
			}
			continue
		}
		part := p[:min(room, len(p))]
		w.buf.Write(part)
		p = p[len(part):]
	}
	return n, nil
}

// Close writes the last part.
func (w *Writer) Close() error { return w.flush(true) }

func (w *Writer) flush(last bool) error {
	err := w.s.op.Batch(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		return w.s.AppendIn(ctx, tx, w.id, w.buf.Bytes(), last)
	})
	w.buf.Reset()
	return err
}

// Info is what is known about a complete file.
type Info struct {
	Account ids.Account
	Name    string
	Bytes   int64
}

// Reader reads a complete file from its beginning, a part at a time.
type Reader struct {
	Info
	ctx  context.Context //nolint:containedctx // io.Reader takes none
	s    *Store
	id   ids.File
	n    int64
	all  int64
	part []byte
}

// Open begins to read a complete file.
func (s *Store) Open(ctx context.Context, id ids.File) (*Reader, error) {
	info, parts, err := info(ctx, s.db, id)
	if errors.Is(err, db.ErrNoRows) {
		return nil, errs.NoSuch("file")
	}
	return &Reader{Info: info, ctx: ctx, s: s, id: id, all: parts}, err
}

// Read reads on.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.part) == 0 {
		if r.n >= r.all {
			return 0, io.EOF
		}
		sealed, err := part(r.ctx, r.s.db, r.id, r.n)
		if err != nil {
			return 0, fmt.Errorf("read part %d of file %s: %w", r.n, r.id, err)
		}
		if r.part, err = r.s.box.Open(purpose, subject(r.id, r.n, r.n == r.all-1), sealed); err != nil {
			return 0, fmt.Errorf("open part %d of file %s: %w", r.n, r.id, err)
		}
		r.n++
	}
	n := copy(p, r.part)
	r.part = r.part[n:]
	return n, nil
}

const (
	sweepEvery = time.Hour
	orphanAge  = 24 * time.Hour
)

// Register lists the periodic work of files.
func (s *Store) Register(w *jobs.Workers) { w.Periodic("file.sweep", sweepEvery, s.Sweep) }

// Sweep removes files that nothing refers to and that are older than a day, when nobody may still be writing them.
func (s *Store) Sweep(ctx context.Context) error {
	for {
		lost, err := orphans(ctx, s.db, s.db.Now().Add(-orphanAge).UnixMilli())
		if err != nil || len(lost) == 0 {
			return err
		}
		for _, id := range lost {
			if err := s.drop(ctx, id); err != nil {
				return fmt.Errorf("remove file %s: %w", id, err)
			}
		}
	}
}

// drop removes a file a few parts at a time.
func (s *Store) drop(ctx context.Context, id ids.File) error {
	for more := true; more; {
		err := s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			more, err = dropSome(ctx, tx, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
