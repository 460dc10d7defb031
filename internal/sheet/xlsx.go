package sheet

import (
	"errors"
	"io"

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
