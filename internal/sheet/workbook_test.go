package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// book writes a workbook and opens it with another program's library.
func book(t testing.TB, heads []string, rows [][]string) ([]byte, *excelize.File) {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWorkbook(&b, heads)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return b.Bytes(), f
}

func TestEveryTextComesBackFromAWorkbookAsItWas(t *testing.T) {
	texts := []string{
		"plain", " spaces ", "=1+1", "a<b>&\"'", "two\nlines", "tab\there", "return\rhere", "return\r\nline", "مرحبا", "🙂", "_x0041_", "_x005F_", "_xzzzz_", "_x00", "__x0041__", "_x0041_x0042_", "_x0041\x00",
		"bell \a, nil \x00, down \v", "0012", "1e5", "TRUE", "2026-01-01", "", "end\n",
	}
	_, f := book(t, texts, [][]string{texts, {"short"}, {}})
	rows, err := f.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{texts, texts, {"short"}}, rows); diff != "" {
		t.Error(diff)
	}
	for _, cell := range []string{"C2", "Q2", "S2"} {
		if formula, err := f.GetCellFormula("Sheet1", cell); err != nil || formula != "" {
			t.Errorf("%s is run: %q, %v", cell, formula, err)
		}
		if kind, err := f.GetCellType("Sheet1", cell); err != nil || kind != excelize.CellTypeInlineString {
			t.Errorf("%s is no text: %v, %v", cell, kind, err)
		}
	}
}

func TestAWorkbookShowsItsHeadsBoldAndInSight(t *testing.T) {
	heads := make([]string, 60)
	for i := range heads {
		heads[i] = fmt.Sprint("column ", i)
	}
	raw, f := book(t, heads, nil)
	if v, err := f.GetCellValue("Sheet1", "BH1"); err != nil || v != "column 59" {
		t.Error(v, err)
	}
	style, err := f.GetCellStyle("Sheet1", "A1")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := f.GetStyle(style); err != nil || s.Font == nil || !s.Font.Bold {
		t.Errorf("%+v, %v", s, err)
	}
	if panes, err := f.GetPanes("Sheet1"); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("%+v, %v", panes, err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(r)
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", part.Name, err)
		}
	}
}

func TestACellThatIsTooLongIsCutAndARowThatIsTooWideIsRefused(t *testing.T) {
	_, f := book(t, []string{"a", "b"}, [][]string{{strings.Repeat("x", 40_000), strings.Repeat("🙂", 20_000)}})
	for cell, want := range map[string]string{"A2": strings.Repeat("x", mostUnits), "B2": strings.Repeat("🙂", mostUnits/2)} {
		if got, err := f.GetCellValue("Sheet1", cell); err != nil || got != want {
			t.Errorf("%s has %d characters, %v", cell, len([]rune(got)), err)
		}
	}
	w, err := NewWorkbook(io.Discard, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add([]string{"1", "2"}); err == nil {
		t.Error("a cell without a head")
	}
}

func FuzzWorkbook(f *testing.F) {
	for _, row := range awkward {
		for _, c := range row {
			f.Add(c)
		}
	}
	f.Add("_x0041_\x00_x00_")
	f.Fuzz(func(t *testing.T, cell string) {
		_, opened := book(t, []string{"a"}, [][]string{{cell}})
		want := cut(strings.ToValidUTF8(cell, "\uFFFD"))
		if got, err := opened.GetCellValue("Sheet1", "A2", excelize.Options{RawCellValue: true}); err != nil || got != want {
			t.Errorf("%q came back as %q, %v", want, got, err)
		}
	})
}
