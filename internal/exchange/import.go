package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/sheet"
	"bailiwick/internal/task"
)

// loader knows one list: how a line of its file is read, what would become of it, and how it is brought in.
type loader interface {
	read(m mapping, cells []string) (line, error)
	check(ctx context.Context, rows []any) ([]fate, error)
	apply(ctx context.Context, w *op.W, rows []any) ([]fate, error)
}

// line is one line of a file, read.
type line struct {
	number int
	cells  []string
	row    any   // as the loader wants it
	why    error // why it cannot be used as it stands
	keys   []once
}

// once is what only one line of a file may have.
type once struct{ field, value string }

// fate is what becomes of a line.
type fate struct {
	exists bool
	same   bool
	ended  bool  // a new client whose membership is over already
	why    error // why it is left out
}

func (s *Service) loaderOf(ctx context.Context, r *task.Run, what What, how Options) (loader, error) {
	switch what {
	case Clients:
		return s.newClientLoader(ctx, r, how)
	case Users:
		return s.newUserLoader(ctx, r, how)
	case Contacts:
		return &contactLoader{s, r, account.Importing{Update: how.Update}}, nil
	case Suppressions:
		return &suppressionLoader{s, r}, nil
	case Locations:
	}
	return s.newLocationLoader(ctx, r, how)
}

// source is the uploaded file, read line by line.
type source struct {
	table *sheet.Table
	m     mapping
	l     loader
}

func (s *Service) open(ctx context.Context, r *task.Run, what What, l loader, name string) (*source, error) {
	f, err := s.Files.Open(ctx, r.Upload)
	if err != nil {
		return nil, err
	}
	t, err := sheet.Read(f, name)
	if err != nil {
		return nil, err
	}
	m, err := mapHeads(what, t.Heads)
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return &source{t, m, l}, nil
}

// next reads the next line, io.EOF after the last.
func (in *source) next() (line, error) {
	row, err := in.table.Next()
	if err != nil {
		return line{}, err
	}
	if row.Problem != nil {
		return line{number: row.Line, cells: row.Cells, why: &errs.Error{Kind: errs.Invalid, Problem: *row.Problem}}, nil
	}
	if in.table.Format == sheet.XLSX {
		in.m.days(row.Cells)
	}
	out, err := in.l.read(in.m, row.Cells)
	out.number, out.cells = row.Line, row.Cells
	return out, err
}

// days writes out dates, which a workbook holds as the number of days since 30 December 1899.
func (m mapping) days(cells []string) {
	for _, c := range m.columns {
		i, there := m.at[c.Name]
		if !c.Date || !there || i >= len(cells) {
			continue
		}
		if n, err := strconv.ParseFloat(cells[i], 64); err == nil && n > 1 && n < 2_900_000 {
			cells[i] = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(n)).Format(dateForm)
		}
	}
}

// load looks through an uploaded file, or brings it in once that was confirmed.
func (s *Service) load(ctx context.Context, r *task.Run, what What) (end task.End, err error) {
	var args loadArgs
	if err := r.Args(&args); err != nil {
		return end, err
	}
	l, err := s.loaderOf(ctx, r, what, args.Options)
	if err != nil {
		return end, err
	}
	in, err := s.open(ctx, r, what, l, args.Name)
	if err != nil {
		return end, err
	}
	defer func() { err = errors.Join(err, in.table.Close()) }()
	if args.Confirmed {
		return s.apply(ctx, r, what, in)
	}
	return s.look(ctx, r, in)
}

// lookAtOnce is how many lines are looked at together; reading holds up nobody.
const lookAtOnce = 500

// look says what would become of every line, and changes nothing. After a crash it begins anew.
func (s *Service) look(ctx context.Context, r *task.Run, in *source) (task.End, error) {
	out, err := s.Files.Writer(ctx, r.Account, reportName(r.Subject))
	if err != nil {
		return task.End{}, err
	}
	rep := Report{Unknown: in.m.unknown}
	first := map[once]int{}
	for ended := false; !ended; {
		var batch []line
		if batch, ended, err = in.some(lookAtOnce); err != nil {
			return task.End{}, err
		}
		found, err := lookAt(ctx, in, batch, first)
		if err != nil {
			return task.End{}, err
		}
		body, err := rep.add(in.m, batch, found)
		if err != nil {
			return task.End{}, err
		}
		if _, err := out.Write(body); err != nil {
			return task.End{}, err
		}
		if err := r.Save(ctx, task.Step{Done: int64(rep.Rows)}, nil); err != nil {
			return task.End{}, err
		}
	}
	if rep.Rows == 0 {
		return task.End{}, errs.Field("file", "import.no_rows", "Write at least one line below the names of the columns.")
	}
	if err := r.Save(ctx, task.Step{Total: int64(rep.Rows)}, nil); err != nil {
		return task.End{}, err
	}
	end := task.End{State: task.Confirm, Summary: rep}
	if rep.Bad > 0 {
		end.Result = out.ID()
	}
	return end, out.Close()
}

func reportName(of string) string {
	base, _, _ := strings.Cut(of, ".")
	return base + "-remarks.csv"
}

// some reads up to n lines. It reports whether they are the last.
func (in *source) some(n int) (out []line, ended bool, err error) {
	for len(out) < n {
		l, err := in.next()
		if errors.Is(err, io.EOF) {
			return out, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		out = append(out, l)
	}
	return out, false, nil
}

// lookAt finds the fate of each line; first remembers the lines of the whole file that had what only one may have.
func lookAt(ctx context.Context, in *source, batch []line, first map[once]int) ([]fate, error) {
	out := make([]fate, len(batch))
	var rows []any
	var at []int
	for i, l := range batch {
		out[i].why = l.why
		for _, k := range l.keys {
			if earlier, twice := first[k]; twice && out[i].why == nil {
				out[i].why = errs.Field(k.field, "import.twice", "Keep this in one line only. Line {line} has it, too.", "line", earlier)
			} else if !twice {
				first[k] = l.number
			}
		}
		if l.row != nil && (out[i].why == nil || l.why != nil) { // one remark hides no other
			rows, at = append(rows, l.row), append(at, i)
		}
	}
	if len(rows) == 0 {
		return out, nil
	}
	found, err := in.l.check(ctx, rows)
	if err != nil {
		return nil, err
	}
	for n, f := range found {
		i := at[n]
		why, err := both(out[i].why, f.why)
		if err != nil {
			return nil, err
		}
		f.why = why
		out[i] = f
	}
	return out, nil
}

// both puts two reasons together.
func both(a, b error) (error, error) {
	if a == nil || b == nil {
		return errors.Join(a, b), nil
	}
	var c errs.Collector
	for _, err := range []error{a, b} {
		if other := c.Merge(err); other != nil {
			if errs.KindOf(other) == errs.Internal {
				return nil, other
			}
			return a, nil
		}
	}
	return c.Err(), nil
}

// add counts a batch and returns the remarks on it, as they lie in the result.
func (rep *Report) add(m mapping, batch []line, found []fate) ([]byte, error) {
	var all []Remark
	for i, f := range found {
		rep.Rows++
		switch {
		case f.why != nil:
			rep.Bad++
			remarks, err := m.remarks(batch[i].number, batch[i].cells, f.why)
			if err != nil {
				return nil, err
			}
			all = append(all, remarks...)
		case f.same:
			rep.Same++
		case f.exists:
			rep.Updates++
		default:
			rep.New++
			if f.ended {
				rep.Ended++
			}
		}
	}
	rep.First = append(rep.First, all[:min(len(all), max(0, shown-len(rep.First)))]...)
	return encode(all)
}

// applied is where an import goes on.
type applied struct {
	Lines  int // of the file, done with
	Result ids.File
}

// mostAtOnce is how many lines a write looks at, at most: such that change nothing take no time.
const mostAtOnce = 500

// apply brings the lines in, in writes that hold the database only briefly; each keeps the place behind it.
func (s *Service) apply(ctx context.Context, r *task.Run, what What, in *source) (task.End, error) {
	at, rep, err := s.resume(ctx, r, in)
	if err != nil {
		return task.End{}, err
	}
	var waiting []line
	for ended := false; ; {
		if !ended && len(waiting) < mostAtOnce {
			more, end, err := in.some(mostAtOnce)
			if err != nil {
				return task.End{}, err
			}
			waiting, ended = append(waiting, more...), end
		}
		if len(waiting) == 0 {
			break
		}
		before := at.Lines
		if err := s.applySome(ctx, r, what, in, waiting[:min(len(waiting), mostAtOnce)], &at, &rep); err != nil {
			return task.End{}, err
		}
		waiting = waiting[at.Lines-before:]
	}
	end := task.End{State: task.Done, Summary: rep}
	if rep.LeftOut > 0 {
		end.Result = at.Result
	}
	return end, r.Save(ctx, task.Step{Position: r.Position(), Done: r.Done, Total: r.Total, Summary: rep}, func(ctx context.Context, tx *db.Tx) error {
		return s.Files.AppendIn(ctx, tx, at.Result, nil, true)
	})
}

// resume finds where an import stands, and reads on to there.
func (s *Service) resume(ctx context.Context, r *task.Run, in *source) (at applied, rep Report, err error) {
	if err := r.Summary(&rep); err != nil {
		return at, rep, err
	}
	if r.Position() != "" {
		if err := json.Unmarshal([]byte(r.Position()), &at); err != nil {
			return at, rep, fmt.Errorf("read where the import stands: %w", err)
		}
		_, _, err := in.some(at.Lines)
		return at, rep, err
	}
	at.Result = ids.NewFile(r.UpdatedAt)
	rep.Applied, rep.First = true, nil
	place, err := json.Marshal(at)
	if err != nil {
		return at, rep, err
	}
	return at, rep, r.Save(ctx, task.Step{Position: string(place), Total: r.Total, Summary: rep}, func(ctx context.Context, tx *db.Tx) error {
		return file.CreateIn(ctx, tx, at.Result, r.Account, reportName(r.Subject))
	})
}

// applySome brings in as much of a batch as one write does. A line without which the write can succeed is left out, and the write tried again.
func (s *Service) applySome(ctx context.Context, r *task.Run, what What, in *source, batch []line, at *applied, rep *Report) error {
	out := make([]fate, len(batch))
	for i, l := range batch {
		out[i].why = l.why
	}
	for {
		var rows []any
		var from []int
		for i, l := range batch {
			if out[i].why == nil {
				rows, from = append(rows, l.row), append(from, i)
			}
		}
		done, err := s.write(ctx, r, what, in, chunk{batch, out, rows, from, *at, *rep})
		var one *account.RowError
		if errors.As(err, &one) {
			out[from[one.Row]].why = one.Err
			continue
		}
		if err != nil {
			return err
		}
		*at, *rep = done.at, done.rep
		return nil
	}
}

// chunk is what one write is to do, and how the task stands before it.
type chunk struct {
	batch []line
	fates []fate
	rows  []any
	from  []int // the lines of rows
	at    applied
	rep   Report
}

// write does one chunk, or the beginning of it, with its progress, and returns how the task stands then.
func (s *Service) write(ctx context.Context, r *task.Run, what What, in *source, c chunk) (chunk, error) {
	var done chunk
	var step task.Step
	idle := false
	save := func(ctx context.Context, tx *db.Tx, remarks []byte) error {
		if len(remarks) > 0 {
			if err := s.Files.AppendIn(ctx, tx, done.at.Result, remarks, false); err != nil {
				return err
			}
		}
		return r.SaveIn(ctx, tx, step)
	}
	var remarks []byte
	err := s.Ops.Write(ctx, r.By, what.CanImport(), r.Account, func(ctx context.Context, w *op.W) error {
		taken := clock.Stopwatch()
		some, err := w.Tx().Bulk(ctx)
		if err != nil {
			return err
		}
		done = c
		done.fates = append([]fate(nil), c.fates...)
		if idle, err = done.apply(ctx, w, in.l, some, taken); err != nil {
			return err
		}
		if remarks, err = done.count(in.m); err != nil {
			return err
		}
		if step, err = done.step(r); err != nil {
			return err
		}
		if idle { // nothing to record: the progress is kept by itself
			return w.Unchanged()
		}
		return save(ctx, w.Tx(), remarks)
	})
	if err != nil {
		return done, err
	}
	if idle {
		err = r.Save(ctx, step, func(ctx context.Context, tx *db.Tx) error {
			if len(remarks) == 0 {
				return nil
			}
			return s.Files.AppendIn(ctx, tx, done.at.Result, remarks, false)
		})
		return done, err
	}
	r.Saved(step)
	return done, nil
}

// apply brings lines in, some at a time, until the write has taken its time; the chunk ends there. It reports whether nothing changed.
func (c *chunk) apply(ctx context.Context, w *op.W, l loader, some db.Portion, taken func() time.Duration) (idle bool, err error) {
	idle = true
	for at := 0; at < len(c.rows); {
		if at > 0 && taken() >= some.For {
			c.batch, c.fates = c.batch[:c.from[at]], c.fates[:c.from[at]]
			break
		}
		end := min(at+some.Rows, len(c.rows))
		found, err := l.apply(ctx, w, c.rows[at:end])
		var one *account.RowError
		if errors.As(err, &one) {
			return idle, &account.RowError{Row: at + one.Row, Err: one.Err}
		}
		if err != nil {
			return idle, err
		}
		for n, f := range found {
			c.fates[c.from[at+n]] = f
			idle = idle && (f.why != nil || f.same)
		}
		at = end
	}
	return idle, nil
}

// count adds what became of the lines to the report and returns the remarks on those that were left out.
func (c *chunk) count(m mapping) ([]byte, error) {
	var all []Remark
	for i, f := range c.fates {
		switch {
		case f.why != nil:
			c.rep.LeftOut++
			remarks, err := m.remarks(c.batch[i].number, c.batch[i].cells, f.why)
			if err != nil {
				return nil, err
			}
			all = append(all, remarks...)
		case f.same:
		case f.exists:
			c.rep.Updated++
		default:
			c.rep.Created++
		}
	}
	first := append([]Remark(nil), c.rep.First...)
	c.rep.First = append(first, all[:min(len(all), max(0, shown-len(first)))]...)
	c.at.Lines += len(c.batch)
	return encode(all)
}

func (c *chunk) step(r *task.Run) (task.Step, error) {
	place, err := json.Marshal(c.at)
	return task.Step{Position: string(place), Done: int64(c.at.Lines), Total: r.Total, Summary: c.rep}, err
}
