package quota

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestTheEngineReadsTheLimitsOfANaiveFold: whatever is set, changed and ends, each layer has its own limit, an override first, and
// else that of its package.
func TestTheEngineReadsTheLimitsOfANaiveFold(t *testing.T) {
	eachTown(t, func(w *town) {
		node := w.node(true)
		const pkg = "pkg_one"
		w.exec(`UPDATE accounts SET package_id = ? WHERE id = ?`, pkg, w.one)
		subjects := map[string][]Source{string(w.platform): {FromPool}, string(w.reseller): {FromPool}, string(w.one): {FromOverride}, pkg: {FromPackage}}
		names := []string{string(w.platform), string(w.reseller), string(w.one), pkg}
		type key struct {
			subject string
			window  Window
			source  Source
		}
		rapid.Check(t, func(r *rapid.T) {
			w.exec(`DELETE FROM quota_limits`)
			set := map[key]limitRow{}
			for i := range rapid.IntRange(1, 12).Draw(r, "changes") {
				subject := rapid.SampledFrom(names).Draw(r, fmt.Sprint("subject ", i))
				k := key{subject, rapid.SampledFrom(Windows()).Draw(r, "window"), rapid.SampledFrom(subjects[subject]).Draw(r, "source")}
				l := limitRow{Limit: Limit{Amount: rapid.Int64Range(0, 50).Draw(r, "amount"), Action: Reject, Source: k.source}}
				ends := any(nil)
				if rapid.Bool().Draw(r, "it ends") {
					l.ends = w.clock.Now().Add(time.Duration(rapid.IntRange(-2, 2).Draw(r, "in hours")) * time.Hour)
					ends = l.ends.UnixMilli()
				}
				w.exec(`DELETE FROM quota_limits WHERE subject = ? AND period = ? AND source = ?`, subject, k.window.String(), k.source)
				w.exec(`INSERT INTO quota_limits (account_id, subject, channel, period, source, amount, action, cap, paced, ends_at, updated_at) VALUES (?, ?, 'email', ?, ?, ?, 'reject', 0, FALSE, ?, 1)`,
					w.platform, subject, k.window.String(), k.source, l.Amount, ends)
				set[k] = l
			}
			for _, f := range w.feeds { // as they do four times a second
				if err := f.Read(t.Context()); err != nil {
					r.Fatal(err)
				}
			}
			p, err := node.path(t.Context(), Sender{Account: w.one, Channel: Email})
			if err != nil {
				r.Fatal(err)
			}
			for _, layer := range p.layers {
				want := NoLimits()
				for _, window := range Windows() {
					for _, from := range []key{{pkg, window, FromPackage}, {layer.Subject, window, FromPool}, {layer.Subject, window, FromOverride}} {
						l, there := set[from]
						if there && (l.ends.IsZero() || l.ends.After(w.clock.Now())) && (from.subject != pkg || layer.Subject == string(w.one)) {
							want[window] = l.Limit
						}
					}
				}
				if diff := cmp.Diff(want, layer.Limits); diff != "" {
					r.Fatalf("%s: %s", layer.Subject, diff)
				}
			}
		})
	})
}
