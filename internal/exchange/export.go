package exchange

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"

	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
	"bailiwick/internal/task"
)

// nextRows reads the rows behind a place in a list, and the place behind them, "" at the end.
type nextRows func(ctx context.Context, cursor string) (rows [][]string, next string, err error)

// export writes a list into a file, page by page.
func (s *Service) export(ctx context.Context, r *task.Run, what What) (task.End, error) {
	var in Export
	if err := r.Args(&in); err != nil {
		return task.End{}, err
	}
	next := map[What]func(*task.Run, Export) nextRows{Clients: s.clientRows, Users: s.userRows, Locations: s.locationRows, Contacts: s.contactRows, Suppressions: s.suppressionRows}[what](r, in)
	lines := sheet.Lines
	if in.Format == sheet.XLSX {
		lines = plainLines
	}
	out, err := r.Pages(ctx, func(ctx context.Context, cursor string) (task.Part, error) {
		rows, behind, err := next(ctx, cursor)
		if err != nil {
			return task.Part{}, err
		}
		var head []byte
		if cursor == "" && in.Format == sheet.CSV {
			if head, err = sheet.Head(columnsOf[what].names()); err != nil {
				return task.Part{}, err
			}
		}
		body, err := lines(rows)
		return task.Part{Body: slices.Concat(head, body), Rows: int64(len(rows)), Next: behind}, err
	})
	if err == nil && in.Format == sheet.XLSX {
		out, err = s.workbook(ctx, r, columnsOf[what].names(), out)
	}
	return task.End{State: task.Done, Result: out}, err
}

// plainLines collects the rows of a workbook, whose cells need not be made safe.
func plainLines(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// workbook writes the collected rows as XLSX, straight into its sealed file. After a crash it begins anew, from the rows that are there.
func (s *Service) workbook(ctx context.Context, r *task.Run, names []string, rows ids.File) (ids.File, error) {
	in, err := s.Files.Open(ctx, rows)
	if err != nil {
		return "", err
	}
	out, err := s.Files.Writer(ctx, r.Account, r.Subject)
	if err != nil {
		return "", err
	}
	book, err := sheet.NewWorkbook(out, names)
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
	if err := book.Close(); err != nil {
		return "", err
	}
	return out.ID(), out.Close()
}
