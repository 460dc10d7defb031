package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed find.js
var findJS string

//go:embed testdata/axe.min.js
var axeJS string

func isAsset(url string) bool { return strings.Contains(url, "/assets/") }

// Goto opens a path of the portal, or a full address.
func (tab *Tab) Goto(path string) *Tab {
	tab.t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = tab.base + path
	}
	tab.wait("go to "+path, func(ctx context.Context) (bool, error) { // a click's own page may come in between
		err := chromedp.Do(ctx, chromedp.Navigate(url))
		return err == nil, err
	})
	return tab
}

// Reload opens the page again.
func (tab *Tab) Reload() *Tab {
	tab.t.Helper()
	tab.must("reload", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Reload()) })
	return tab
}

// spot is where an element is in the window.
type spot struct{ X, Y float64 }

// Click presses a link, button or label by its text, or an element by a selector that begins with # . [ or css=.
func (tab *Tab) Click(what string) *Tab {
	tab.t.Helper()
	var at spot
	tab.wait("click "+what, func(ctx context.Context) (bool, error) {
		found, err := ask[*spot](ctx, "clickable", what)
		if found == nil || err != nil {
			return false, err
		}
		still := at == *found // what moves is not pressed: a font or a script may just have shifted the page
		at = *found
		return still, nil
	})
	tab.must("click "+what, func(ctx context.Context) error {
		return chromedp.Do(ctx, chromedp.MouseClickXY(at.X, at.Y))
	})
	return tab
}

// Fill types a value into the field with that label or name, over what it held. An option of a select is given by its text.
func (tab *Tab) Fill(field, value string) *Tab {
	tab.t.Helper()
	var kind string
	tab.wait("fill "+field, func(ctx context.Context) (bool, error) {
		var err error
		kind, err = ask[string](ctx, "fill", field, value)
		return kind != "", err
	})
	if kind != "typed" {
		return tab
	}
	tab.must("fill "+field, func(ctx context.Context) error {
		if value == "" {
			return chromedp.Do(ctx, chromedp.KeyEvent(kb.Delete))
		}
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: value})
		return err
	})
	return tab
}

// Check ticks, or unticks, the checkbox, radio or switch with that label or name.
func (tab *Tab) Check(label string, on bool) *Tab {
	tab.t.Helper()
	tab.wait("check "+label, func(ctx context.Context) (bool, error) { return ask[bool](ctx, "check", label, on) })
	return tab
}

var keys = map[string]string{
	"Tab": kb.Tab, "Enter": kb.Enter, "Escape": kb.Escape, "Space": " ", "Home": kb.Home, "End": kb.End, "Backspace": kb.Backspace,
	"ArrowDown": kb.ArrowDown, "ArrowUp": kb.ArrowUp, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
}

// loaded waits until the page and its scripts are there.
func (tab *Tab) loaded() {
	tab.t.Helper()
	tab.wait("load the page", func(ctx context.Context) (bool, error) { return ask[bool](ctx, "ready") })
}

// Press presses keys one after the other: a name such as Tab, Shift+Tab, Ctrl+k, Enter or Escape, or text to type.
func (tab *Tab) Press(names ...string) *Tab {
	tab.t.Helper()
	tab.loaded()
	for _, name := range names {
		var opts []chromedp.KeyOption
		plain, shift := strings.CutPrefix(name, "Shift+")
		if shift {
			opts = append(opts, chromedp.KeyModifiers(chromedp.ModifierShift))
		}
		plain, ctrl := strings.CutPrefix(plain, "Ctrl+")
		if ctrl {
			opts = append(opts, chromedp.KeyModifiers(chromedp.ModifierCtrl))
		}
		key, ok := keys[plain]
		if !ok {
			key = plain
		}
		tab.must("press "+name, func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.KeyEvent(key, opts...)) })
	}
	return tab
}

// TabTo presses Tab until the element with that text, label or selector has the focus.
func (tab *Tab) TabTo(what string) *Tab {
	tab.t.Helper()
	for range 200 {
		tab.Press("Tab")
		if tab.FocusedOn(what) {
			return tab
		}
	}
	tab.t.Fatalf("Tab never reaches %q", what)
	return tab
}

// FocusedOn reports whether the element with that text, label or selector has the focus.
func (tab *Tab) FocusedOn(what string) bool {
	tab.t.Helper()
	var there bool
	tab.read("look at the focus", func(ctx context.Context) (err error) {
		there, err = ask[bool](ctx, "focused", what)
		return err
	})
	return there
}

// FocusShown reports whether a reader can see which element has the focus: it has a ring, and lies in the window.
func (tab *Tab) FocusShown() bool {
	tab.t.Helper()
	var shown bool
	tab.read("look for the focus ring", func(ctx context.Context) (err error) {
		shown, err = ask[bool](ctx, "ringed")
		return err
	})
	return shown
}

// See waits until the page shows the text.
func (tab *Tab) See(text string) *Tab {
	tab.t.Helper()
	tab.wait("see "+text, func(ctx context.Context) (bool, error) { return ask[bool](ctx, "sees", text) })
	return tab
}

// Gone waits until the page no longer shows the text.
func (tab *Tab) Gone(text string) *Tab {
	tab.t.Helper()
	tab.wait("no longer see "+text, func(ctx context.Context) (bool, error) {
		seen, err := ask[bool](ctx, "sees", text)
		return !seen, err
	})
	return tab
}

// At waits until the address is on the path, with or without a query.
func (tab *Tab) At(path string) *Tab {
	tab.t.Helper()
	tab.wait("be at "+path, func(ctx context.Context) (bool, error) { return ask[bool](ctx, "at", path) })
	return tab
}

// Await waits until something visible matches the selector.
func (tab *Tab) Await(selector string) *Tab {
	tab.t.Helper()
	tab.wait("find "+selector, func(ctx context.Context) (bool, error) { return ask[bool](ctx, "has", selector) })
	return tab
}

// Has reports whether something visible matches the selector now.
func (tab *Tab) Has(selector string) bool {
	tab.t.Helper()
	var has bool
	tab.read("look for "+selector, func(ctx context.Context) (err error) {
		has, err = ask[bool](ctx, "has", selector)
		return err
	})
	return has
}

// Text returns what the page, or the first element that matches the selector, shows.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	var text string
	tab.wait("read "+selector, func(ctx context.Context) (bool, error) {
		found, err := ask[*string](ctx, "text", selector)
		if found == nil || err != nil {
			return false, err
		}
		text = *found
		return true, nil
	})
	return text
}

// Value returns what the field with that label or name holds.
func (tab *Tab) Value(field string) string {
	tab.t.Helper()
	var value string
	tab.wait("read "+field, func(ctx context.Context) (bool, error) {
		found, err := ask[*string](ctx, "value", field)
		if found == nil || err != nil {
			return false, err
		}
		value = *found
		return true, nil
	})
	return value
}

// URL returns the address of the page.
func (tab *Tab) URL() string {
	tab.t.Helper()
	var url string
	tab.read("read the address", func(ctx context.Context) (err error) {
		url, err = chromedp.Run(ctx, chromedp.Location())
		return err
	})
	return url
}

// Bytes returns what the page and all it loaded took on the wire.
func (tab *Tab) Bytes() int64 {
	tab.t.Helper()
	var n float64
	tab.read("weigh the page", func(ctx context.Context) (err error) {
		n, err = ask[float64](ctx, "weight")
		return err
	})
	return int64(n)
}

// Screenshot saves the page as PNG when BAILIWICK_SHOTS names a folder.
func (tab *Tab) Screenshot(name string) *Tab {
	tab.t.Helper()
	dir := os.Getenv("BAILIWICK_SHOTS")
	if dir == "" {
		return tab
	}
	tab.must("take a picture", func(ctx context.Context) error {
		png, err := tab.picture(ctx)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	})
	return tab
}

// picture is the whole page, or the window when something lies over the page.
func (tab *Tab) picture(ctx context.Context) (png []byte, err error) {
	over, err := ask[bool](ctx, "has", "css=dialog:modal, :popover-open")
	if err != nil {
		return nil, err
	}
	if over {
		return chromedp.Run(ctx, chromedp.CaptureScreenshot())
	}
	// A picture beyond the window is shifted when the page runs right to left, so the window grows for it.
	height, err := ask[float64](ctx, "height")
	if err != nil {
		return nil, err
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(tab.view.Width, max(int64(height), tab.view.Height))); err != nil {
		return nil, err
	}
	png, err = chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if back := chromedp.Do(ctx, chromedp.EmulateViewport(tab.view.Width, tab.view.Height)); err == nil {
		err = back
	}
	return png, err
}

// Axe fails the test for every accessibility violation axe-core finds on the page as it is now, of the rules named or of all.
func (tab *Tab) Axe(rules ...string) *Tab {
	tab.t.Helper()
	tab.loaded()
	type violation struct{ ID, Help, Nodes string }
	var found []violation
	if tab.noJS { // axe needs scripts; the page's own, which were not run, stay as they are
		tab.scripts(true)
		defer tab.scripts(false)
	}
	only := ""
	if len(rules) > 0 {
		only = `, runOnly: ["` + strings.Join(rules, `", "`) + `"]`
	}
	tab.within(4*patience, "run axe", func(ctx context.Context) (bool, error) {
		ready, err := ask[bool](ctx, "ready") // another page may have come since
		if !ready || err != nil {
			return false, err
		}
		if err := tab.bringAxe(ctx); err != nil {
			return false, err
		}
		found, err = chromedp.Run(ctx, chromedp.Evaluate[[]violation](`axe.run(document, {resultTypes: ["violations"]`+only+`}).then((r) => r.violations.map((v) => ({
			ID: v.id, Help: v.help, Nodes: v.nodes.map((n) => n.target.join(" ") + ": " + n.html.slice(0, 160) + " " + n.any.map((a) => a.message).join("; ")).join("\n\t") })))`,
			chromedp.EvalAwaitPromise))
		return err == nil, err
	})
	for _, v := range found {
		tab.t.Errorf("axe %s: %s\n\t%s", v.ID, v.Help, v.Nodes)
	}
	return tab
}

// bringAxe puts axe into the page, and into every page to come: sending it anew takes longer than many pages do.
func (tab *Tab) bringAxe(ctx context.Context) error {
	there, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!window.axe"))
	if there || err != nil {
		return err
	}
	if !tab.axeComes {
		if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: axeJS}); err != nil {
			return err
		}
		tab.axeComes = true
	}
	return chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](axeJS+"\n;undefined"))
}

// ask calls a function of find.js with the arguments.
func ask[T any](ctx context.Context, fn string, args ...any) (T, error) {
	var zero T
	list, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		return zero, err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[T](fmt.Sprintf("(%s)().%s(...%s)", strings.TrimSpace(findJS), fn, list)))
}

// read asks the page for something that is there at once.
func (tab *Tab) read(what string, ask func(context.Context) error) {
	tab.t.Helper()
	tab.wait(what, func(ctx context.Context) (bool, error) {
		err := ask(ctx)
		return err == nil, err
	})
}

// wait tries a step until it holds. A page that is just being replaced makes a step fail; the next try finds the new one.
func (tab *Tab) wait(what string, try func(context.Context) (bool, error)) {
	tab.t.Helper()
	tab.within(patience, what, try)
}

func (tab *Tab) within(limit time.Duration, what string, try func(context.Context) (bool, error)) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		ok, err := try(ctx)
		if ok && err == nil {
			return
		}
		if err != nil && ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			tab.giveUp(what, last)
			return
		case <-tick.C:
		}
	}
}

// giveUp fails the test with what the page shows instead.
func (tab *Tab) giveUp(what string, last error) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	url, _ := chromedp.Run(ctx, chromedp.Location())
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText.slice(0, 1500) : ''"))
	if err != nil {
		text = err.Error()
	}
	tab.t.Fatalf("%s: waited in vain (%v) at %s, which shows:\n%s", what, last, url, text)
}

// Fits fails the test when the page scrolls sideways.
func (tab *Tab) Fits() *Tab {
	tab.t.Helper()
	tab.loaded()
	var wide []string
	tab.read("measure the page", func(ctx context.Context) (err error) {
		wide, err = ask[[]string](ctx, "wide")
		return err
	})
	for _, w := range wide {
		tab.t.Errorf("the page scrolls sideways: %s", w)
	}
	return tab
}

// Whole fails the test when a text, an icon or a picture is missing from the page.
func (tab *Tab) Whole() *Tab {
	tab.t.Helper()
	tab.loaded()
	var flaws []string
	tab.read("look for what is missing", func(ctx context.Context) (err error) {
		flaws, err = ask[[]string](ctx, "flaws")
		return err
	})
	for _, f := range flaws {
		tab.t.Errorf("the page has %s", f)
	}
	return tab
}
