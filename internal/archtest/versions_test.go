package archtest

import (
	"go/build"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// wanted gives the version of a module that a go.mod text requires, after replacement.
func wanted(gomod, module string) string {
	name := regexp.QuoteMeta(module)
	if m := regexp.MustCompile(`(?m)^\s*(?:replace\s+)?` + name + `(?:\s+v\S+)?\s+=>\s+` + name + `\s+(v\S+)`).FindStringSubmatch(gomod); m != nil {
		return m[1]
	}
	if m := regexp.MustCompile(`(?m)^\s*(?:require\s+)?` + name + `\s+(v\S+)`).FindStringSubmatch(gomod); m != nil {
		return m[1]
	}
	return ""
}

// TestLibcIsTheOneSQLiteWasMadeWith: any other version of libc has crashed programs.
func TestLibcIsTheOneSQLiteWasMadeWith(t *testing.T) {
	ours, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		cache = filepath.Join(build.Default.GOPATH, "pkg", "mod")
	}
	sqlite := wanted(string(ours), "modernc.org/sqlite")
	theirs, err := os.ReadFile(filepath.Join(cache, "cache", "download", "modernc.org", "sqlite", "@v", sqlite+".mod"))
	if err != nil {
		t.Fatalf("read the go.mod of SQLite %q: %v", sqlite, err)
	}
	got, want := wanted(string(ours), "modernc.org/libc"), wanted(string(theirs), "modernc.org/libc")
	if got == "" || got != want {
		t.Errorf("modernc.org/libc is %s; SQLite %s was made with %s", got, sqlite, want)
	}
}

func TestVersionsAreReadWithTheirReplacement(t *testing.T) {
	for text, want := range map[string]string{
		"require modernc.org/libc v1.2.3":                                                                 "v1.2.3",
		"require (\n\tmodernc.org/libc v1.2.3 // indirect\n)":                                             "v1.2.3",
		"require modernc.org/libc v1.2.3\nreplace modernc.org/libc => modernc.org/libc v1.2.0":            "v1.2.0",
		"require modernc.org/libc v1.2.3\nreplace (\n\tmodernc.org/libc v1.2.3 => modernc.org/libc v1\n)": "v1",
		"require modernc.org/sqlite v9":                                                                   "",
	} {
		if got := wanted(text, "modernc.org/libc"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
