package remote

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// column is one column of a table.
type column[T any] struct {
	title string
	of    func(T) string
}

// table prints rows in columns that line up, whatever the script.
func table[T any](out io.Writer, rows []T, columns ...column[T]) error {
	cells := make([][]string, len(rows)+1)
	widest := make([]int, len(columns))
	for i, c := range columns {
		cells[0] = append(cells[0], strings.ToUpper(c.title))
		for j, r := range rows {
			cells[j+1] = append(cells[j+1], plain(c.of(r)))
		}
		for _, row := range cells {
			widest[i] = max(widest[i], columnsOf(row[i]))
		}
	}
	for _, row := range cells {
		line := ""
		for i, c := range row {
			line += c + strings.Repeat(" ", widest[i]-columnsOf(c)+2)
		}
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// facts prints one thing, a line for each of what is known of it.
func facts(out io.Writer, pairs ...string) error {
	widest := 0
	for i := 0; i < len(pairs); i += 2 {
		widest = max(widest, columnsOf(pairs[i]))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "%s%s  %s\n", pairs[i], strings.Repeat(" ", widest-columnsOf(pairs[i])), plain(pairs[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// plain leaves out what could move the cursor, colour the screen or turn the direction of a line: names come from others.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200d' && r != '\u200c':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// columnsOf is how many columns of a terminal a text takes.
func columnsOf(s string) int {
	n := 0
	for _, r := range s {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case k == width.EastAsianWide, k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// progress shows how far long work is, on a terminal only.
type progress struct {
	out   io.Writer
	total int64
	width int
}

func (s *session) progress(total int64) *progress {
	f, ok := s.Err.(*os.File)
	if !ok {
		return &progress{}
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	return &progress{out: f, total: total, width: 30}
}

func (p *progress) show(done int64) {
	if p.out == nil {
		return
	}
	if p.total <= 0 {
		fmt.Fprintf(p.out, "\r%d ", done)
		return
	}
	full := int(min(done, p.total) * int64(p.width) / p.total)
	fmt.Fprintf(p.out, "\r[%s%s] %d of %d ", strings.Repeat("#", full), strings.Repeat(".", p.width-full), done, p.total)
}

func (p *progress) end() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// day writes a date, "-" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// or writes a text, something else for none.
func or(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// paging are the flags of a list that has pages.
type paging struct {
	All    bool   `help:"Every page, not the first alone."`
	Cursor string `help:"The page to print: next of another page, with --json." placeholder:"TEXT"`
}

// list reads a page, or all of them, and prints it. read returns a page and where the next one begins; wrap makes of
// all rows what is printed as JSON.
func list[T any](s *session, p paging, total func() int64, read func(cursor string) (rows []T, next string, err error), wrap func([]T, string) any, columns ...column[T]) error {
	rows, next, err := read(p.Cursor)
	if err != nil {
		return err
	}
	if p.All && next != "" {
		bar := s.progress(total())
		for next != "" {
			var more []T
			if more, next, err = read(next); err != nil {
				bar.end()
				return err
			}
			rows = append(rows, more...)
			bar.show(int64(len(rows)))
		}
		bar.end()
	}
	if s.json {
		return s.printJSON(wrap(rows, next))
	}
	if err := table(s.Out, rows, columns...); err != nil {
		return err
	}
	if next != "" {
		_, err = fmt.Fprintln(s.Err, "There are more; add --all to see them.")
	}
	return err
}

func unknown() int64 { return 0 }
