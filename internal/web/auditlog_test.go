package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bailiwick/internal/i18n"
)

func sources(t *testing.T, each func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		each(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryAreaOfTheLogHasAName(t *testing.T) {
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	p, nouns := texts.For("en"), map[string]string{}
	sources(t, func(path, text string) {
		for _, m := range recorded.FindAllStringSubmatch(text, -1) {
			nouns[nounOf(m[1])] = path
		}
	})
	for noun, path := range nouns {
		if !p.Has("area." + noun) {
			t.Errorf("%s records actions about %s, which has no name (area.%s)", path, noun, noun)
		}
	}
	for _, noun := range auditNouns {
		if !p.Has("area." + noun) {
			t.Errorf("the filter offers %s, which has no name", noun)
		}
	}
}
