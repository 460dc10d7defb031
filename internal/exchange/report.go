package exchange

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"bailiwick/internal/errs"
	"bailiwick/internal/sheet"
)

// Report is what an import found, and then what it did.
type Report struct {
	Rows    int
	New     int
	Ended   int // of the new ones, clients whose membership is over already
	Updates int
	Same    int      // exist as they stand in the file
	Bad     int      // lines that need attention
	Unknown []string // heads that nobody knows; their columns are passed over
	First   []Remark // of those on bad lines; all of them are in the task's result

	Applied bool
	Created int // made, or invited
	Updated int
	LeftOut int
}

// shown is how many remarks the report itself holds.
const shown = 100

// Remark is what is to be done about a line.
type Remark struct {
	Line    int          `json:"line"`
	Column  string       `json:"column,omitempty"` // as the file calls it
	Value   string       `json:"value,omitempty"`
	Problem errs.Problem `json:"problem"`
}

const longestValue = 120

func (m mapping) remark(line int, cells []string, field string, p errs.Problem) Remark {
	column, at, private := m.column(field)
	if said := inFile(p.Code); said != nil {
		p = said.Problem
	}
	r := Remark{Line: line, Column: column, Problem: p}
	if at >= 0 && at < len(cells) && !private { // others read remarks, too
		value := []rune(cells[at])
		r.Value = string(value[:min(len(value), longestValue)])
	}
	return r
}

// inFile says for a file what forms say of lists to choose from and boxes to tick; nil for what means the same in both.
func inFile(code string) *errs.Error {
	switch code {
	case "account.end_missing":
		return errs.New(errs.Invalid, "import.end_missing", "Write the day, like 2027-03-31, or never.")
	case "account.language_unknown":
		return errs.New(errs.Invalid, "import.language_unknown", "Write the language by its code: en, es, fr, de, pt, th or ar.")
	case "location.country_unknown":
		return errs.New(errs.Invalid, "import.country_unknown", "Write the country by its two letters, like DE.")
	case "account.time_zone_unknown":
		return errs.New(errs.Invalid, "import.time_zone_unknown", "Write the time zone by its name, like Europe/Paris.")
	}
	return nil
}

// remarks turns the reason why a line is left out into remarks on its columns.
func (m mapping) remarks(line int, cells []string, why error) ([]Remark, error) {
	var told *errs.Error
	if !errors.As(why, &told) || told.Kind == errs.Internal {
		return nil, why
	}
	if len(told.Fields) == 0 {
		return []Remark{m.remark(line, cells, "", told.Problem)}, nil
	}
	var out []Remark
	for _, field := range slices.Sorted(maps.Keys(told.Fields)) {
		out = append(out, m.remark(line, cells, field, told.Fields[field]))
	}
	return out, nil
}

// encode writes remarks as lines of JSON, as they lie in the result of a task.
func encode(all []Remark) ([]byte, error) {
	var b bytes.Buffer
	for _, r := range all {
		line, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("write a remark: %w", err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// Remarks calls fn with each remark of an import's result.
func Remarks(result io.Reader, fn func(Remark) error) error {
	in := json.NewDecoder(bufio.NewReader(result))
	for {
		var r Remark
		err := in.Decode(&r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the remarks: %w", err)
		}
		if err := fn(r); err != nil {
			return err
		}
	}
}

// RemarksTable writes the remarks of an import's result as CSV under heads for the line, the column, the value and what
// to do; text puts a problem into words.
func RemarksTable(w io.Writer, result io.Reader, heads []string, text func(errs.Problem) string) error {
	head, err := sheet.Head(heads)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	return Remarks(result, func(r Remark) error {
		line, err := sheet.Lines([][]string{{strconv.Itoa(r.Line), r.Column, r.Value, text(r.Problem)}})
		if err != nil {
			return err
		}
		_, err = w.Write(line)
		return err
	})
}
