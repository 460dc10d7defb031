package i18n

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// literal finds T("area.thing" in templates and code; a key put together from parts ends otherwise and is not found.
var literal = regexp.MustCompile(`\bT\("([a-z0-9_.]+)"\s*[,)]`)

func TestEveryTextUsedIsWritten(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	used := keysUsed(t, filepath.Join("..", ".."))
	if len(used) == 0 {
		t.Fatal("no text is used anywhere: the search is broken")
	}
	for key, where := range used {
		if english(t, c)[key] == nil {
			t.Errorf("%s uses %q, which has no English text", where, key)
		}
	}
}

func TestTranslationsHaveTheSamePlaces(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for lang, messages := range everyText(t, c) {
		for key, m := range messages {
			en := english(t, c)[key]
			if strings.HasPrefix(key, errorPrefix) {
				continue // the English of errors stands in the code
			}
			if en == nil {
				t.Errorf("%s has %q, which English lacks", lang, key)
				continue
			}
			if diff := cmp.Diff(places(en.Other), places(m.Other)); diff != "" {
				t.Errorf("%s %q: places differ (-en +%s):\n%s", lang, key, lang, diff)
			}
		}
	}
}

func TestPluralsHaveACountAndEveryTextIsPlain(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for key, m := range english(t, c) {
		if m.One != "" && !contains(places(m.Other), "count") {
			t.Errorf("%q has a plural but no {count}", key)
		}
		for _, text := range forms(m) {
			if strings.Contains(text, "{{") || strings.Contains(text, "%s") {
				t.Errorf("%q has a place written otherwise than {name}: %s", key, text)
			}
			if strings.Contains(strings.ToLower(text), "invalid") || strings.Contains(text, "Are you sure") {
				t.Errorf("%q blames or asks back, say what to do: %s", key, text)
			}
		}
	}
}

func keysUsed(t *testing.T, root string) map[string]string {
	t.Helper()
	used := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 {
			return filepath.SkipDir
		}
		ext := filepath.Ext(path)
		if ext != ".templ" && ext != ".go" || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return used
}

// errorPrefix begins the keys of translated errors; the code follows.
const errorPrefix = "error."

var errorCode = regexp.MustCompile(`^(internal|[a-z_]+\.[a-z_0-9]+)$`)

var place = regexp.MustCompile(`\{[a-z_]+\}`)

func places(text string) []string {
	found := map[string]bool{}
	for _, m := range place.FindAllString(text, -1) {
		found[strings.Trim(m, "{}")] = true
	}
	list := make([]string, 0, len(found))
	for name := range found {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

func forms(m *i18n.Message) []string {
	return []string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other}
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

// everyText is what each language says, by language and key.
func everyText(t *testing.T, c *Catalogue) map[string]map[string]*i18n.Message {
	t.Helper()
	all := map[string]map[string]*i18n.Message{}
	for lang, read := range c.texts {
		own, err := read()
		if err != nil {
			t.Fatal(err)
		}
		all[lang] = own.message
	}
	return all
}

func english(t *testing.T, c *Catalogue) map[string]*i18n.Message {
	t.Helper()
	return everyText(t, c)[source.String()]
}
