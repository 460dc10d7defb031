package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/i18n"
)

// recorded finds the actions that the features record, however they name the event.
var recorded = regexp.MustCompile(`(?:Action:\s*|\b(?:event|logged)\(|\bAction\w*\s*=\s*|[^d]\("(?:sub)?account", )"([a-z_]+\.[a-z_]+)"`)

func TestEveryRecordedActionHasAText(t *testing.T) {
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := texts.For("en")
	seen := map[string]bool{}
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range recorded.FindAllStringSubmatch(string(src), -1) {
			seen[m[1]] = true
			if key := "activity." + m[1]; !p.Has(key) {
				t.Errorf("%s records %s, which the list of activity has no text for (%s)", path, m[1], key)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range []string{"account.created", "user.removed", "invitation.sent", "session.signed_in", "role.edited"} {
		if !seen[known] {
			t.Errorf("the search no longer finds %s: mend its pattern", known)
		}
	}
}
