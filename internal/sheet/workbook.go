package sheet

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Workbook is an XLSX file with one sheet being written, row by row. It keeps nothing: what is written is on its way.
type Workbook struct {
	zip     *zip.Writer
	out     *bufio.Writer // the sheet
	columns []string      // their names: "A"
	row     int
}

// mostUnits is the longest text that a cell may hold, in UTF-16 units.
const mostUnits = 32767

// xmlns is where the names of the parts of a workbook come from; relations is the space of the links between them.
const (
	xmlns     = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	pkg       = "http://schemas.openxmlformats.org/package/2006/"
	types     = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

// parts are the files of a workbook beside its sheet. The second style is bold.
var parts = [...]struct{ name, text string }{
	{"[Content_Types].xml", `<Types xmlns="` + pkg + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + types + `sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + types + `worksheet+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + types + `styles+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="` + pkg + `relationships"><Relationship Id="rId1" Type="` + relations + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="` + xmlns + `" xmlns:r="` + relations + `"><bookViews><workbookView/></bookViews>` +
		`<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + pkg + `relationships">` +
		`<Relationship Id="rId1" Type="` + relations + `/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="` + relations + `/styles" Target="styles.xml"/></Relationships>`},
	{"xl/styles.xml", `<styleSheet xmlns="` + xmlns + `"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>`},
}

// sheetStart begins the sheet, for a number of columns of the usual width, in characters. The line of heads stays in sight.
const sheetStart = xml.Header + `<worksheet xmlns="` + xmlns + `"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
	`<cols><col min="1" max="%d" width="22" customWidth="1"/></cols><sheetData>`

// NewWorkbook begins a workbook with a line of heads.
func NewWorkbook(to io.Writer, heads []string) (*Workbook, error) {
	w := &Workbook{zip: zip.NewWriter(to)}
	for i := range heads {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return nil, fmt.Errorf("name a column: %w", err)
		}
		w.columns = append(w.columns, name)
	}
	for _, p := range parts {
		f, err := w.zip.Create(p.name)
		if err == nil {
			_, err = io.WriteString(f, xml.Header+p.text)
		}
		if err != nil {
			return nil, fmt.Errorf("begin a workbook: %w", err)
		}
	}
	sheet, err := w.zip.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, fmt.Errorf("begin a workbook: %w", err)
	}
	w.out = bufio.NewWriter(sheet)
	if _, err := fmt.Fprintf(w.out, sheetStart, max(1, len(heads))); err != nil {
		return nil, fmt.Errorf("begin a workbook: %w", err)
	}
	return w, w.add(heads, ` s="1"`)
}

// Add writes a row, with no more cells than there are heads. Every cell is text, so that none is run.
func (w *Workbook) Add(cells []string) error { return w.add(cells, "") }

func (w *Workbook) add(cells []string, style string) error {
	if len(cells) > len(w.columns) {
		return fmt.Errorf("a row of %d cells under %d heads", len(cells), len(w.columns))
	}
	w.row++
	row := strconv.Itoa(w.row)
	var b strings.Builder
	b.WriteString(`<row r="` + row + `">`)
	for i, c := range cells {
		if c == "" {
			continue
		}
		b.WriteString(`<c r="` + w.columns[i] + row + `"` + style + ` t="inlineStr"><is><t xml:space="preserve">`)
		if err := xml.EscapeText(&b, []byte(cellText(c))); err != nil {
			return fmt.Errorf("write row %d: %w", w.row, err)
		}
		b.WriteString(`</t></is></c>`)
	}
	b.WriteString(`</row>`)
	if _, err := w.out.WriteString(b.String()); err != nil {
		return fmt.Errorf("write row %d: %w", w.row, err)
	}
	return nil
}

// number is what a reader of a workbook takes for a character, or what becomes that beside one that is written so.
var number = regexp.MustCompile(`^_x[0-9A-Za-z]{4}[_\x00-\x1f\x{FFFE}\x{FFFF}]`)

// cellText is a text as a cell holds it: cut to what a cell may hold; characters that XML does not know stand as their
// numbers, "_x000B_", and the first character of what only looks like one stands as its own.
func cellText(c string) string {
	c = cut(strings.ToValidUTF8(c, "\uFFFD"))
	if !strings.Contains(c, "_x") && !strings.ContainsFunc(c, unwritable) {
		return c
	}
	var b strings.Builder
	for at, r := range c {
		if unwritable(r) || r == '_' && number.MatchString(c[at:]) {
			fmt.Fprintf(&b, "_x%04X_", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// unwritable reports whether XML has no way to write a character.
func unwritable(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

func cut(c string) string {
	if len(c) <= mostUnits {
		return c
	}
	units := 0
	for at, r := range c {
		if units++; r > 0xFFFF {
			units++
		}
		if units > mostUnits {
			return c[:at]
		}
	}
	return c
}

// Close ends the workbook; what it is written to stays open.
func (w *Workbook) Close() error {
	_, err := w.out.WriteString(`</sheetData></worksheet>`)
	if err == nil {
		err = w.out.Flush()
	}
	if err == nil {
		err = w.zip.Close()
	}
	if err != nil {
		return fmt.Errorf("end a workbook: %w", err)
	}
	return nil
}
