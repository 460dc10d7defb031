package exchange

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"bailiwick/internal/db"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
	"bailiwick/internal/task"
)

// written is where an export goes on: its file so far, and the place in the list.
type written struct {
	File   ids.File
	Cursor string
	Ended  bool
}

// nextRows reads the rows behind a place in a list, and the place behind them, "" at the end.
type nextRows func(ctx context.Context, cursor string) (rows [][]string, next string, err error)

// export writes a list into a file, page by page. Each page is kept with the place behind it, so that a crash loses none.
func (s *Service) export(ctx context.Context, r *task.Run, what What) (task.End, error) {
	var in Export
	if err := r.Args(&in); err != nil {
		return task.End{}, err
	}
	next := map[What]func(*task.Run, Export) nextRows{Clients: s.clientRows, Users: s.userRows, Locations: s.locationRows}[what](r, in)
	var at written
	if r.Position() != "" {
		if err := json.Unmarshal([]byte(r.Position()), &at); err != nil {
			return task.End{}, fmt.Errorf("read where the export stands: %w", err)
		}
	}
	for !at.Ended {
		rows, cursor, err := next(ctx, at.Cursor)
		if err != nil {
			return task.End{}, err
		}
		var body []byte
		if in.Format == sheet.CSV {
			body, err = sheet.Lines(rows)
		} else {
			body, err = plainLines(rows)
		}
		if err != nil {
			return task.End{}, err
		}
		to := written{at.File, cursor, cursor == ""}
		if err := s.keep(ctx, r, heads(what, in.Format), &to, body, r.Done+int64(len(rows))); err != nil {
			return task.End{}, err
		}
		at = to
	}
	if in.Format == sheet.XLSX {
		book, err := s.workbook(ctx, r, columnsOf[what].names(), at.File)
		return task.End{State: task.Done, Result: book}, err
	}
	return task.End{State: task.Done, Result: at.File}, nil
}

// heads is the beginning of the file; the rows of a workbook are collected without.
func heads(what What, f sheet.Format) func() ([]byte, error) {
	if f == sheet.CSV {
		return func() ([]byte, error) { return sheet.Head(columnsOf[what].names()) }
	}
	return func() ([]byte, error) { return nil, nil }
}

// keep stores one page with the place behind it.
func (s *Service) keep(ctx context.Context, r *task.Run, head func() ([]byte, error), to *written, body []byte, done int64) error {
	begin := to.File == ""
	if begin {
		start, err := head()
		if err != nil {
			return err
		}
		to.File, body = ids.NewFile(r.CreatedAt), slices.Concat(start, body)
	}
	place, err := json.Marshal(to)
	if err != nil {
		return fmt.Errorf("write where the export stands: %w", err)
	}
	return r.Save(ctx, task.Step{Position: string(place), Done: done}, func(ctx context.Context, tx *db.Tx) error {
		if begin {
			if err := file.CreateIn(ctx, tx, to.File, r.Account, r.Subject); err != nil {
				return err
			}
		}
		rest := body
		for len(rest) > file.PartSize {
			if err := s.Files.AppendIn(ctx, tx, to.File, rest[:file.PartSize], false); err != nil {
				return err
			}
			rest = rest[file.PartSize:]
		}
		return s.Files.AppendIn(ctx, tx, to.File, rest, to.Ended)
	})
}

// plainLines collects the rows of a workbook, whose cells need not be made safe.
func plainLines(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// workbook writes the collected rows as XLSX. After a crash it begins anew, from the rows that are there.
func (s *Service) workbook(ctx context.Context, r *task.Run, names []string, rows ids.File) (ids.File, error) {
	in, err := s.Files.Open(ctx, rows)
	if err != nil {
		return "", err
	}
	book, err := sheet.NewWorkbook(names, s.Temp)
	if err != nil {
		return "", err
	}
	lines := csv.NewReader(in)
	lines.FieldsPerRecord = -1
	for {
		cells, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = book.Add(cells)
		}
		if err != nil {
			return "", fmt.Errorf("make the workbook: %w", err)
		}
	}
	out, err := s.Files.Writer(ctx, r.Account, r.Subject)
	if err != nil {
		return "", err
	}
	if _, err := book.WriteTo(out); err != nil {
		return "", fmt.Errorf("write the workbook: %w", err)
	}
	return out.ID(), out.Close()
}
