package brand

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// street is a platform with two resellers, one of them with a customer.
type street struct {
	*Service
	t   *testing.T
	now *clock.Fake
	dns map[string][]string // TXT records
	out error               // what the DNS answers with instead
}

var houses = []struct{ id, parent, kind, name string }{
	{"acc_p", "", "platform", "Halyard"}, {"acc_r", "acc_p", "reseller", "Meridian"}, {"acc_c", "acc_r", "customer", "Acme"}, {"acc_o", "acc_p", "reseller", "Other"},
}

func each(t *testing.T, test func(s *street)) {
	t.Helper()
	now := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	dbtest.EachAt(t, now.Now, func(t *testing.T, d *db.DB) {
		box, err := secret.NewBox(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		news := change.New(d, d.Now, slog.New(slog.DiscardHandler))
		known, err := setting.NewKnown(d, news, slices.Concat(Portal(), Support(), Mails()))
		if err != nil {
			t.Fatal(err)
		}
		run := op.NewRunner(d, &authz.Checker{})
		s := &street{t: t, now: now, dns: map[string][]string{}}
		s.Service = NewService(Deps{Ops: run, DB: d, Known: known, News: news, Files: file.NewStore(run, d, box), Sender: "mail@halyard.example",
			Base: &url.URL{Scheme: "https", Host: "portal.halyard.example:8443"}, Lookup: s.txt})
		for _, h := range houses {
			s.exec(`INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) VALUES (?, NULLIF(?, ''), ?, ?, '', 0, 0)`, h.id, h.parent, h.kind, h.name)
		}
		for _, l := range []struct {
			above, below string
			depth        int
		}{{"acc_p", "acc_p", 0}, {"acc_r", "acc_r", 0}, {"acc_c", "acc_c", 0}, {"acc_o", "acc_o", 0}, {"acc_p", "acc_r", 1}, {"acc_p", "acc_o", 1}, {"acc_r", "acc_c", 1}, {"acc_p", "acc_c", 2}} {
			s.exec(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES (?, ?, ?)`, l.above, l.below, l.depth)
		}
		test(s)
	})
}

func (s *street) txt(_ context.Context, name string) ([]string, error) {
	if s.out != nil {
		return nil, s.out
	}
	if found := s.dns[name]; found != nil {
		return found, nil
	}
	return nil, &net.DNSError{Name: name, IsNotFound: true}
}

func (s *street) exec(query string, args ...any) {
	s.t.Helper()
	if err := s.db.InTx(s.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *street) set(account ids.Account, name string, value any) {
	s.t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		s.t.Fatal(err)
	}
	s.exec(`INSERT INTO settings (account_id, name, value, updated_at) VALUES (?, ?, ?, 0) ON CONFLICT (account_id, name) DO UPDATE SET value = excluded.value`, account, name, string(body))
}

func (s *street) of(account ids.Account) Look {
	s.t.Helper()
	l, err := s.Of(s.t.Context(), account)
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}

// editor may change the brand of an account.
func editor(account ids.Account) authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Machine, ID: "test", Account: account, Perms: authz.SetOf(authz.BrandingView, authz.BrandingEdit)})
}

func TestABrandGoesDownTheTree(t *testing.T) {
	each(t, func(s *street) {
		for _, account := range []ids.Account{"", "acc_p", "acc_r", "acc_c", "acc_gone"} {
			if l := s.of(account); l.Product != "Halyard" || l.Colour != DefaultColour || l.Style() != "" || l.Named || l.Sender != "mail@halyard.example" {
				t.Errorf("nobody has a brand, and %s looks like %+v", account, l)
			}
		}
		s.set("acc_r", "brand.product", "Meridian Reach")
		s.set("acc_r", "brand.colour", "#0B6B5C")
		s.set("acc_c", "brand.support_email", "help@acme.example")
		if l := s.of("acc_c"); l.Product != "Meridian Reach" || !l.Named || l.Colour != "#0b6b5c" || l.SupportEmail != "help@acme.example" {
			t.Errorf("below: %+v", l)
		}
		for _, account := range []ids.Account{"", "acc_p", "acc_o", "acc_gone"} {
			if l := s.of(account); l.Product != "Halyard" || l.SupportEmail != "" {
				t.Errorf("%s shows another's brand: %+v", account, l)
			}
		}
		s.exec(`UPDATE accounts SET name = 'Halyard Messaging' WHERE id = 'acc_p'`)
		if l := s.of("acc_o"); l.Product != "Halyard Messaging" {
			t.Errorf("the platform was named anew: %+v", l)
		}
	})
}

func TestAHostileValueThatIsStoredDoesNotCount(t *testing.T) {
	each(t, func(s *street) {
		for name, value := range map[string]any{
			"brand.product": "\u202Eevil", "brand.colour": "#fff;}*{display:none", "brand.logo": "../../etc/passwd", "brand.support_link": "javascript:alert(1)",
			"brand.support_email": "a@b.example\r\nBcc: x@y.example", "brand.sender_name": "x\r\nBcc: y", "brand.header": `"><script>`,
		} {
			s.set("acc_r", name, value)
		}
		want := s.of("acc_o")
		if got := s.of("acc_r"); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

func TestAPictureIsSeenWhileABrandShowsIt(t *testing.T) {
	each(t, func(s *street) {
		ctx := t.Context()
		name, err := s.KeepPicture(ctx, editor("acc_r"), "acc_r", Header, bytes.NewReader(encoded(t, "png", painted(60, 20))))
		if err != nil {
			t.Fatal(err)
		}
		seen := func() bool {
			t.Helper()
			f, err := s.Show(ctx, string(name))
			if err != nil && errs.KindOf(err) != errs.NotFound {
				t.Fatal(err)
			}
			return err == nil && f.Type == "image/png" && bytes.HasPrefix(f.Body, []byte("\x89PNG"))
		}
		if seen() {
			t.Error("it is served before a brand shows it")
		}
		s.set("acc_r", "brand.header", name)
		if !seen() || s.of("acc_c").Header != name {
			t.Error("the brand shows it and it is not served")
		}
		s.now.Advance(25 * time.Hour)
		s.tidy()
		if !seen() {
			t.Error("it was removed while a brand shows it")
		}
		if again, err := s.KeepPicture(ctx, editor("acc_o"), "acc_o", Header, bytes.NewReader(encoded(t, "png", painted(60, 20)))); err != nil || again != name {
			t.Errorf("the same picture is %s, %v", again, err)
		}
		s.exec(`DELETE FROM settings`)
		s.tidy()
		kept := func() bool {
			t.Helper()
			n, err := db.One(ctx, s.db, db.Value[int], `SELECT count(*) FROM brand_images WHERE name = ?`, name)
			if err != nil {
				t.Fatal(err)
			}
			return n == 1
		}
		if !kept() {
			t.Error("it was removed within a day of being uploaded again")
		}
		s.now.Advance(25 * time.Hour)
		s.tidy()
		if kept() {
			t.Error("nothing has shown it for a day and it is still there")
		}
		if n, err := db.One(ctx, s.db, db.Value[int], `SELECT count(*) FROM files`); err != nil || n != 0 {
			t.Errorf("%d files are left, %v", n, err)
		}
	})
}

func (s *street) tidy() {
	s.t.Helper()
	if err := s.sweep(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	if err := s.files.Sweep(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func TestAPictureOfManyPartsIsWhole(t *testing.T) {
	each(t, func(s *street) {
		r := rand.New(rand.NewPCG(3, 4))
		noise := image.NewNRGBA(image.Rect(0, 0, 350, 350))
		for i := range noise.Pix {
			noise.Pix[i] = uint8(r.Uint32())
			if i%4 == 3 {
				noise.Pix[i] = 255
			}
		}
		name, err := s.KeepPicture(t.Context(), editor("acc_r"), "acc_r", Header, bytes.NewReader(encoded(t, "png", noise)))
		if err != nil {
			t.Fatal(err)
		}
		s.set("acc_r", "brand.header", name)
		f, err := s.Show(t.Context(), string(name))
		if err != nil || len(f.Body) <= file.PartSize {
			t.Fatalf("%d bytes, %v", len(f.Body), err)
		}
		if _, err := png.Decode(bytes.NewReader(f.Body)); err != nil {
			t.Error(err)
		}
	})
}

func TestAPictureThatIsNoneOrTooLargeIsRefused(t *testing.T) {
	each(t, func(s *street) {
		for name, c := range map[string]struct {
			slot Slot
			body string
			code string
		}{
			"no image":       {Logo, "this is no image", "brand.not_image"},
			"too large":      {Logo, strings.Repeat("x", 200<<10+1), "brand.image_large"},
			"SVG in mails":   {Header, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`, "brand.image_vector"},
			"a page":         {Logo, "<!doctype html><script>alert(1)</script>", "brand.not_svg"},
			"hostile vector": {Logo, `<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>`, "brand.svg_element"},
		} {
			if _, err := s.KeepPicture(t.Context(), editor("acc_r"), "acc_r", c.slot, strings.NewReader(c.body)); errs.CodeOf(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n, err := db.One(t.Context(), s.db, db.Value[int], `SELECT count(*) FROM files`); err != nil || n != 0 {
			t.Errorf("%d files are left, %v", n, err)
		}
		if _, err := s.KeepPicture(t.Context(), editor("acc_r"), "acc_o", Logo, strings.NewReader("x")); errs.KindOf(err) != errs.NotFound {
			t.Errorf("for another account: %v", err)
		}
	})
}
