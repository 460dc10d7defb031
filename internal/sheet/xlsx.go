package sheet

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"bailiwick/internal/errs"
)

// unpacked is the most that a workbook may hold when it is unpacked, in bytes: a small file can unpack to a huge one.
const unpacked = 256 << 20

func readXLSX(r io.Reader) (*Table, error) {
	f, err := excelize.OpenReader(r, excelize.Options{UnzipSizeLimit: unpacked, UnzipXMLSizeLimit: unpacked, RawCellValue: true})
	if err != nil {
		e := errs.Field("file", "file.workbook", "Save the workbook again as .xlsx, without a password, or choose a smaller one. It could not be opened.")
		e.Err = err
		return nil, e
	}
	names := f.GetSheetList()
	if len(names) == 0 {
		return nil, errors.Join(noHeads(), f.Close())
	}
	rows, err := f.Rows(names[0])
	if err != nil {
		return nil, errors.Join(noHeads(), f.Close())
	}
	t := &Table{Format: XLSX, done: func() error { return errors.Join(rows.Close(), f.Close()) }}
	line := 0
	t.next = func() (Row, error) {
		if !rows.Next() {
			return Row{}, io.EOF
		}
		line++
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return Row{Line: line, Problem: &errs.Problem{Code: "file.cell", Msg: "Write this line again. It could not be read."}}, nil //nolint:nilerr // it is told as the line's problem
		}
		return Row{Line: line, Cells: cells[:min(len(cells), mostColumns)]}, nil
	}
	first, err := t.next()
	if err != nil || first.Problem != nil || empty(first.Cells) {
		return nil, errors.Join(noHeads(), t.Close())
	}
	t.Heads = first.Cells
	return t, nil
}

// Workbook is an XLSX file being written.
type Workbook struct {
	f   *excelize.File
	out *excelize.StreamWriter
	n   int
}

// widths of columns, in characters.
const (
	usualWidth = 22
	sheetName  = "Sheet1"
)

// NewWorkbook begins a workbook with one sheet and a line of heads. What is too large for memory lies in dir while it
// is written.
func NewWorkbook(heads []string, dir string) (*Workbook, error) {
	f := excelize.NewFile(excelize.Options{TmpDir: dir})
	out, err := f.NewStreamWriter(sheetName)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin a workbook: %w", err), f.Close())
	}
	w := &Workbook{f: f, out: out}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err == nil {
		err = out.SetColWidth(1, len(heads), usualWidth)
	}
	if err == nil {
		err = out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin a workbook: %w", err), f.Close())
	}
	return w, w.add(heads, excelize.RowOpts{StyleID: bold})
}

// Add writes a row. Every cell is text, so that none is run.
func (w *Workbook) Add(cells []string) error { return w.add(cells) }

func (w *Workbook) add(cells []string, opts ...excelize.RowOpts) error {
	w.n++
	row := make([]any, len(cells))
	for i, c := range cells {
		row[i] = strings.ToValidUTF8(c, "\uFFFD")
	}
	at, err := excelize.CoordinatesToCellName(1, w.n)
	if err != nil {
		return fmt.Errorf("name a cell: %w", err)
	}
	if err := w.out.SetRow(at, row, opts...); err != nil {
		return fmt.Errorf("write row %d: %w", w.n, err)
	}
	return nil
}

// WriteTo ends the workbook and writes it.
func (w *Workbook) WriteTo(to io.Writer) (int64, error) {
	if err := w.out.Flush(); err != nil {
		return 0, errors.Join(fmt.Errorf("end a workbook: %w", err), w.f.Close())
	}
	n, err := w.f.WriteTo(to)
	return n, errors.Join(err, w.f.Close())
}
