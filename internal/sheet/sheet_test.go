package sheet

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/errs"
)

type read struct {
	Heads []string
	Rows  [][]string
	Lines []int
	Bad   []string
}

func all(t *testing.T, in io.Reader, name string) (out read, err error) {
	t.Helper()
	tab, err := Read(in, name)
	if err != nil {
		return out, err
	}
	out.Heads = tab.Heads
	for {
		r, err := tab.Next()
		if errors.Is(err, io.EOF) {
			return out, tab.Close()
		}
		if err != nil {
			return out, err
		}
		out.Lines = append(out.Lines, r.Line)
		if r.Problem != nil {
			out.Bad = append(out.Bad, r.Problem.Code)
			continue
		}
		out.Rows = append(out.Rows, r.Cells)
	}
}

func TestReadingWhatSpreadsheetsSave(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want read
	}{
		"commas":              {"a,b\n1,2\n", read{[]string{"a", "b"}, [][]string{{"1", "2"}}, []int{2}, nil}},
		"a byte order mark":   {"\ufeffa,b\r\n1,2\r\n", read{[]string{"a", "b"}, [][]string{{"1", "2"}}, []int{2}, nil}},
		"semicolons":          {"a;b\n1,5;2\n", read{[]string{"a", "b"}, [][]string{{"1,5", "2"}}, []int{2}, nil}},
		"tabs":                {"a\tb\n1\t2", read{[]string{"a", "b"}, [][]string{{"1", "2"}}, []int{2}, nil}},
		"quoted separators":   {"\"a;x\";b\n1;2\n", read{[]string{"a;x", "b"}, [][]string{{"1", "2"}}, []int{2}, nil}},
		"a quoted line break": {"a,b\n\"1\n2\",3\n4,5\n", read{[]string{"a", "b"}, [][]string{{"1\n2", "3"}, {"4", "5"}}, []int{2, 4}, nil}},
		"empty lines":         {"a,b\n\n,\n1,2\n", read{[]string{"a", "b"}, [][]string{{"1", "2"}}, []int{4}, nil}},
		"short and long rows": {"a,b\n1\n1,2,3\n", read{[]string{"a", "b"}, [][]string{{"1"}, {"1", "2", "3"}}, []int{2, 3}, nil}},
		"an open quote":       {"a,b\nx\"y,2\n3,4\n", read{[]string{"a", "b"}, [][]string{{"3", "4"}}, []int{2, 3}, []string{"file.quotes"}}},
		"letters of Windows":  {"a,b\nM\xfcller,2\n3,4\n", read{[]string{"a", "b"}, [][]string{{"3", "4"}}, []int{2, 3}, []string{"file.not_utf8"}}},
		"made safe":           {"a,b\n'=1+1,''=x\n", read{[]string{"a", "b"}, [][]string{{"=1+1", "'=x"}}, []int{2}, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := all(t, strings.NewReader(c.in), "x.CSV")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFilesThatCannotBeReadSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct{ file, in, code string }{
		"empty":          {"a.csv", "", "file.no_heads"},
		"blank heads":    {"a.csv", " , \n1,2\n", "file.no_heads"},
		"UTF-16":         {"a.csv", "\xff\xfea\x00,\x00", "file.encoding"},
		"a picture":      {"a.csv", "\x89PNG\x00\x00", "file.encoding"},
		"another format": {"a.pdf", "%PDF", "file.format"},
		"no workbook":    {"a.xlsx", "a,b\n", "file.workbook"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := all(t, strings.NewReader(c.in), c.file); errs.CodeOf(err) != c.code || errs.KindOf(err) != errs.Invalid {
				t.Errorf("%v, want %s", err, c.code)
			}
		})
	}
}

var awkward = [][]string{
	{"=1+1", "+33 1", "-2", "@x", "\tx", "＝1"},
	{"'=1", "''=1", "'plain", "it's", "", "x"},
	{"a,b;c", "two\nlines", `"quoted"`, " space ", "مرحبا", "🙂"},
}

func TestWhatIsWrittenIsReadBackAndRunsNowhere(t *testing.T) {
	heads := []string{"a", "b", "c", "d", "e", "f"}
	start, err := Head(heads)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := Lines(awkward)
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range []string{"=1+1", "+33 1", "@x"} {
		if strings.Contains("\n"+strings.ReplaceAll(string(lines), ",", "\n"), "\n"+cell) {
			t.Errorf("%q would be run", cell)
		}
	}
	var xlsx bytes.Buffer
	book, err := NewWorkbook(&xlsx, heads)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range awkward {
		if err := book.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]byte{"x.csv": append(start, lines...), "x.xlsx": xlsx.Bytes()} {
		got, err := all(t, bytes.NewReader(in), name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(read{Heads: heads, Rows: awkward, Lines: got.Lines}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, row := range awkward {
		for _, c := range row {
			f.Add(c)
		}
	}
	f.Fuzz(func(t *testing.T, cell string) {
		safe := Safe(cell)
		if Plain(safe) != cell {
			t.Errorf("%q became %q and came back as %q", cell, safe, Plain(safe))
		}
		for _, l := range leads {
			if strings.HasPrefix(safe, l) {
				t.Errorf("%q would be run", safe)
			}
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n\"x\ny\",3\n"))
	f.Add([]byte("\ufeffa;b\r\n'=1;\"\r\n"))
	f.Add([]byte("a\tb\n\xff\xfe\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		tab, err := Read(bytes.NewReader(in), "x.csv")
		if err != nil {
			if errs.KindOf(err) != errs.Invalid {
				t.Fatal(err)
			}
			return
		}
		last := 0
		for range 10_000 {
			r, err := tab.Next()
			if err != nil {
				return
			}
			if r.Line < last {
				t.Fatalf("line %d after line %d", r.Line, last)
			}
			last = r.Line
		}
	})
}
