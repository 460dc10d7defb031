// Package asset serves the stylesheet, scripts, fonts and icons of the interface, embedded and addressed by their content.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed file
var embedded embed.FS

// Prefix is where the assets are served.
const Prefix = "/assets/"

// item is one file ready to send.
type item struct {
	kind  string
	plain []byte
	gzip  func() ([]byte, error) // packs once, when first asked for; nil when compression gains nothing
}

type tree struct {
	version string
	items   map[string]item
}

// loaded is derived from the embedded files alone, once, when first needed.
var loaded = sync.OnceValues(load)

// URL returns the address of an asset, such as "app.css". It changes whenever any asset does.
func URL(name string) string {
	t, err := loaded()
	if err != nil {
		return Prefix + name
	}
	return Prefix + t.version + "/" + name
}

// Icon returns the address of a symbol in the icon sheet, such as "plus".
func Icon(name string) string { return URL("icons.svg") + "#i-" + name }

// Check reports whether the embedded assets can be served, for use at start.
func Check() error {
	_, err := loaded()
	return err
}

// Handler serves Prefix. An address of the running version may be kept for ever; one of another version gets the current file.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, err := loaded()
		if err != nil {
			http.NotFound(w, r)
			return
		}
		version, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
		it, ok := t.items[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		cache := "no-cache"
		if version == t.version {
			cache = "public, max-age=31536000, immutable"
		}
		send(w, r, it, cache)
	})
}

func send(w http.ResponseWriter, r *http.Request, it item, cache string) {
	h := w.Header()
	h.Set("Content-Type", it.kind)
	h.Set("Cache-Control", cache)
	h.Set("X-Content-Type-Options", "nosniff")
	body := it.plain
	if it.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		if packed, err := it.gzip(); err == nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = packed
		}
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	// The reader may be gone; there is no one left to tell.
	_, _ = w.Write(body) //nolint:errcheck // the client has gone
}

func load() (tree, error) {
	t := tree{items: map[string]item{}}
	sum := sha256.New()
	var script bytes.Buffer
	err := fs.WalkDir(embedded, "file", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		sum.Write([]byte(name))
		sum.Write(body)
		name = strings.TrimPrefix(name, "file/")
		// The script is written as one file a subject and sent as one.
		if strings.HasPrefix(name, "js/") {
			script.WriteString("{\n" + string(body) + "}\n")
			return nil
		}
		t.items[name] = prepare(name, body)
		return nil
	})
	if err != nil {
		return tree{}, fmt.Errorf("read the embedded assets: %w", err)
	}
	t.items["app.js"] = prepare("app.js", append([]byte("\"use strict\";\n"), script.Bytes()...))
	t.version = hex.EncodeToString(sum.Sum(nil))[:12]
	return t, nil
}

// kinds are set here because the operating system's table may lack them.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

func prepare(name string, body []byte) item {
	kind, ok := kinds[path.Ext(name)]
	if !ok {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	it := item{kind: kind, plain: body}
	if !strings.HasSuffix(name, ".woff2") {
		it.gzip = sync.OnceValues(func() ([]byte, error) { return pack(body) })
	}
	return it
}

func pack(body []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
