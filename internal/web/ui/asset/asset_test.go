package asset_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bailiwick/internal/web/ui/asset"
)

func get(t *testing.T, url, accept string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", url, nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	asset.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	var from io.Reader = res.Body
	if res.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		from = z
	}
	b, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAssetsAreKeptForEverAndCompressed(t *testing.T) {
	for _, name := range []string{"app.css", "app.js", "htmx.js", "icons.svg", "favicon.svg", "fonts/inter-latin-wght-normal.woff2"} {
		res := get(t, asset.URL(name), "gzip, br")
		if res.StatusCode != 200 || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || res.Header.Get("Content-Type") == "" {
			t.Errorf("%s: %d, %v", name, res.StatusCode, res.Header)
		}
		if body(t, res) != body(t, get(t, asset.URL(name), "")) {
			t.Errorf("%s: the compressed file is another", name)
		}
	}
	if res := get(t, "/assets/0ld/app.css", ""); res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("a page of the last version is left without styles: %d %v", res.StatusCode, res.Header)
	}
	for _, path := range []string{"/assets/x/../asset.go", "/assets/x/nothing.css", "/assets/", "/assets/x/js/menu.js"} {
		if res := get(t, path, ""); res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

func TestTheFirstViewLeavesRoomForThePage(t *testing.T) {
	const budget = 92 << 10 // of 100 KB, so that the page itself may take eight
	total := int64(0)
	for _, name := range []string{"app.css", "app.js", "htmx.js", "icons.svg", "favicon.svg", "fonts/inter-latin-wght-normal.woff2"} {
		total += get(t, asset.URL(name), "gzip").ContentLength
	}
	if total > budget {
		t.Errorf("the shared files take %d bytes of %d", total, budget)
	}
	t.Logf("shared files: %d bytes", total)
}

func TestScriptsRunUnderAStrictPolicy(t *testing.T) {
	js := body(t, get(t, asset.URL("app.js"), "")) + body(t, get(t, asset.URL("apidocs.js"), ""))
	for _, bad := range []string{"eval(", "new Function", "innerHTML", ".html\""} {
		if strings.Contains(js, bad) {
			t.Errorf("app.js contains %q", bad)
		}
	}
	css := body(t, get(t, asset.URL("app.css"), ""))
	for _, u := range regexp.MustCompile(`url\("([^"]+)"\)`).FindAllStringSubmatch(css, -1) {
		if res := get(t, asset.URL(u[1]), ""); res.StatusCode != 200 {
			t.Errorf("app.css asks for %s: %d", u[1], res.StatusCode)
		}
	}
}

var (
	styled      = regexp.MustCompile(`\.([a-zA-Z][\w-]*)`)
	classList   = regexp.MustCompile(`(?:class=|Class: *)"([^"]*)"`)
	classValues = regexp.MustCompile(`(?s)class=\{(.*?)\}`)
	compared    = regexp.MustCompile(`[!=]= *"[^"]*"`)
	word        = regexp.MustCompile(`"([^"]*)"`)
)

// TestEveryClassHasAStyle: a class that no stylesheet names and no script looks for draws a page as if nobody had designed it.
func TestEveryClassHasAStyle(t *testing.T) {
	known := map[string]bool{"brand-preview": true} // its stylesheet is made for each colour
	for _, f := range files(t, "file") {
		for _, m := range styled.FindAllStringSubmatch(f.text, -1) {
			known[m[1]] = true
		}
	}
	for _, f := range files(t, "..") {
		if !strings.HasSuffix(f.name, ".templ") {
			continue
		}
		var used []string
		for _, m := range classList.FindAllStringSubmatch(f.text, -1) {
			used = append(used, strings.Fields(m[1])...)
		}
		for _, m := range classValues.FindAllStringSubmatch(f.text, -1) {
			for _, w := range word.FindAllStringSubmatch(compared.ReplaceAllString(m[1], ""), -1) {
				used = append(used, strings.Fields(w[1])...)
			}
		}
		for _, class := range used {
			if !known[class] && !strings.HasSuffix(class, "-") {
				t.Errorf("%s: nothing draws .%s", f.name, class)
			}
		}
	}
}

type source struct{ name, text string }

// files reads what lies in a directory and below.
func files(t *testing.T, dir string) (all []source) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		all = append(all, source{path, string(text)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
