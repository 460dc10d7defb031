// Package sheet reads and writes tables as CSV and XLSX: rows of text cells under a line of heads.
//
// Reading takes what spreadsheets really save: UTF-8 with or without a byte order mark, commas, semicolons or tabs,
// quoted line breaks. Writing keeps spreadsheets from running a cell that somebody else typed.
package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"bailiwick/internal/errs"
)

// Format is how a table is stored; it is the ending of the file's name.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Known reports whether f is a format.
func (f Format) Known() bool { return f == CSV || f == XLSX }

// Limits of what is read.
const (
	MostRows    = 500_000
	mostColumns = 100
	longestCell = 10_000 // characters
)

// bom begins a CSV file, so that spreadsheets take it for UTF-8.
const bom = "\ufeff"

// leads are the beginnings by which a spreadsheet takes a cell for something to run, the wide forms included.
var leads = []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"}

// Safe returns a cell that no spreadsheet runs: one that could be is led by an apostrophe.
func Safe(cell string) string {
	if runs(cell) {
		return "'" + cell
	}
	return cell
}

// Plain takes back what Safe did.
func Plain(cell string) string {
	if rest, led := strings.CutPrefix(cell, "'"); led && runs(rest) {
		return rest
	}
	return cell
}

// runs looks behind apostrophes, so that Plain gives back a cell that began with one.
func runs(cell string) bool {
	cell = strings.TrimLeft(cell, "'")
	for _, l := range leads {
		if strings.HasPrefix(cell, l) {
			return true
		}
	}
	return false
}

// Lines returns rows as CSV, made safe. The first lines of a file begin with Head.
func Lines(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, c := range row {
			safe[i] = Safe(c)
		}
		if err := w.Write(safe); err != nil {
			return nil, fmt.Errorf("write a row: %w", err)
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// Head returns the beginning of a CSV file.
func Head(heads []string) ([]byte, error) {
	line, err := Lines([][]string{heads})
	return append([]byte(bom), line...), err
}

// Row is one line of a table below its heads. Problem says why it could not be read.
type Row struct {
	Line    int // as an editor counts, 1 for the first; the row's number in a workbook
	Cells   []string
	Problem *errs.Problem
}

// Table is a table being read, line by line.
type Table struct {
	Heads  []string
	Format Format
	next   func() (Row, error)
	done   func() error
	rows   int
}

// Next returns the next row that is not empty, io.EOF after the last.
func (t *Table) Next() (Row, error) {
	for {
		r, err := t.next()
		if err != nil {
			return r, err
		}
		if r.Problem == nil && empty(r.Cells) {
			continue
		}
		if t.rows++; t.rows > MostRows {
			return r, errs.New(errs.Invalid, "file.too_many_rows", "Split the file. It may have {max} rows.", "max", MostRows)
		}
		return r.checked(), nil
	}
}

func empty(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// checked notes what makes a row unreadable.
func (r Row) checked() Row {
	for i, c := range r.Cells {
		switch {
		case r.Problem != nil:
			return r
		case !utf8.ValidString(c):
			r.Problem = &errs.Problem{Code: "file.not_utf8", Msg: "Save the file as UTF-8. Some letters of this line could not be read."}
		case utf8.RuneCountInString(c) > longestCell:
			r.Problem = &errs.Problem{Code: "file.long_cell", Msg: "Shorten the cell in column {column}. A cell may have {max} characters.", Args: []any{"column", i + 1, "max", longestCell}}
		}
		r.Cells[i] = strings.ToValidUTF8(c, "\uFFFD")
	}
	return r
}

// Close ends the reading.
func (t *Table) Close() error { return t.done() }

// Read begins to read the table in a file; the ending of its name tells the format.
func Read(r io.Reader, name string) (*Table, error) {
	switch Format(strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")) {
	case XLSX:
		return readXLSX(r)
	case CSV, "txt", "tsv":
		return readCSV(r)
	}
	return nil, errs.Field("file", "file.format", "Choose a file that ends in .csv or .xlsx.")
}

func noHeads() error {
	return errs.Field("file", "file.no_heads", "Write the names of the columns in the first line. The file is empty, or begins otherwise.")
}

const sniffed = 64 << 10

func readCSV(r io.Reader) (*Table, error) {
	in := bufio.NewReaderSize(r, sniffed)
	start, err := in.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff}) || bytes.IndexByte(start, 0) >= 0 {
		return nil, errs.Field("file", "file.encoding", "Save the file as CSV in UTF-8. It is stored in another encoding, or is no text at all.")
	}
	if bytes.HasPrefix(start, []byte(bom)) {
		if _, err := in.Discard(len(bom)); err != nil {
			return nil, err
		}
		start = start[len(bom):]
	}
	c := csv.NewReader(in)
	c.Comma, c.FieldsPerRecord, c.LazyQuotes = separator(start), -1, false
	t := &Table{Format: CSV, done: func() error { return nil }}
	heads, err := c.Read()
	if errors.Is(err, io.EOF) || err != nil && errors.As(err, new(*csv.ParseError)) || err == nil && (empty(heads) || len(heads) > mostColumns) {
		return nil, noHeads()
	}
	if err != nil {
		return nil, err
	}
	t.Heads = heads
	t.next = func() (Row, error) { return csvRow(c) }
	return t, nil
}

func csvRow(c *csv.Reader) (Row, error) {
	cells, err := c.Read()
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return Row{Line: bad.StartLine, Problem: &errs.Problem{Code: "file.quotes", Msg: "Close every quotation mark, and double those inside a cell. This line could not be read."}}, nil
	}
	if err != nil {
		return Row{}, err
	}
	line, _ := c.FieldPos(0)
	for i := range cells {
		cells[i] = Plain(cells[i])
	}
	return Row{Line: line, Cells: cells[:min(len(cells), mostColumns)]}, nil
}

// separator is what stands most often outside quotes in the first line.
func separator(start []byte) rune {
	counts, quoted := map[rune]int{}, false
	for _, r := range string(start) {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '\n':
			return most(counts)
		default:
			counts[r]++
		}
	}
	return most(counts)
}

func most(counts map[rune]int) rune {
	best := ','
	for _, r := range []rune{';', '\t'} {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}
