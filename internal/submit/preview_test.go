package submit_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
	"bailiwick/internal/submit"
	"bailiwick/internal/user/usertest"
)

const letter = "From: Ada <ada@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <1>\r\n\r\nx\r\n" +
	"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\n"

// TestEachSettingShowsInThePreview sets each setting at the customer and looks at a message of its department.
func TestEachSettingShowsInThePreview(t *testing.T) {
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		known, err := setting.NewKnown(d, change.New(d, at.Now, slog.New(slog.DiscardHandler)), submit.Settings())
		if err != nil {
			t.Fatal(err)
		}
		box, err := secret.NewBox(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		s := submit.NewService(w.Op, known, at.Now, submit.NewReturns(box, "platform.example"))
		message := []byte(letter + strings.Repeat("0123456789abcde\n", 1<<16-64) + "\r\n--b--\r\n")
		look := func() submit.Preview {
			t.Helper()
			p, err := s.Preview(t.Context(), w.Owner.Actor, w.Department, submit.Sample{Message: message, User: "me@acme.example"})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		set := func(name, value string) {
			t.Helper()
			err := w.Op.Write(t.Context(), w.Owner.Actor, authz.SettingsEdit, w.Customer, func(ctx context.Context, in *op.W) error {
				for _, k := range submit.Settings() {
					if k.ID() == name {
						if _, err := k.SetJSON(ctx, in.Tx(), in.Scope(), json.RawMessage(value), true); err != nil {
							return err
						}
					}
				}
				in.Audit(audit.Event{Action: "setting.changed", TargetType: "setting", TargetID: name, Target: name})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		bought := func(mb int) {
			t.Helper()
			w.Exec(`INSERT INTO package_overrides (account_id, term, amount) VALUES (?, 'message_mb', ?) ON CONFLICT (account_id, term) DO UPDATE SET amount = excluded.amount`, w.Customer, mb)
		}
		before := look()
		if l := before.Largest; l.Bytes != 25<<20 || l.Client != "" || !l.From.IsDefault() {
			t.Errorf("the largest message: %+v", l)
		}
		for _, c := range []struct {
			mb     int
			client string
			bytes  int64
		}{{30, "", 25 << 20}, {3, "Acme", 3 << 20}, {0, "Acme", 0}} {
			bought(c.mb)
			p := look()
			if p.Largest.Bytes != c.bytes || p.Largest.Client != c.client {
				t.Errorf("with %d MB in the package: %+v", c.mb, p.Largest)
			}
			if over := len(p.Refused) > 0; over != (c.mb == 0) || over && p.Refused[0].Code != "submit.message_over_package" {
				t.Errorf("with %d MB in the package: %v", c.mb, p.Refused)
			}
		}
		bought(-1)
		if len(before.Refused) > 0 || before.Changed || !strings.HasPrefix(before.Sender, "bounce-") {
			t.Fatalf("before anything is set: %v %t %s", before.Refused, before.Changed, before.Sender)
		}
		tried := []string{"message.largest", "message.largest_attachment"} // a message of a megabyte cannot show these; see below
		for _, c := range []struct {
			name, value string
			shows       func(submit.Preview) bool
		}{
			{"message.footer", `{"text":"Mill Lane","html":""}`, func(p submit.Preview) bool { return strings.Contains(p.HTML, "Mill Lane") }},
			{"message.disclaimer", `"Confidential"`, func(p submit.Preview) bool { return strings.Contains(p.HTML, "Confidential") }},
			{"message.bounces", `"user"`, func(p submit.Preview) bool { return p.Sender == "me@acme.example" }},
			{"message.bounces", `"from"`, func(p submit.Preview) bool { return p.Sender == "ada@example.com" }},
			{"message.images", `false`, refusedBy("message.images")},
			{"message.keep_days", `7`, func(p submit.Preview) bool { return p.Kept.Days == 7 && p.Kept.TextDays == 7 }}, // a text is not kept without its message
			{"message.keep_text_days", `0`, func(p submit.Preview) bool { return p.Kept.Days == 7 && p.Kept.TextDays == 0 }},
			{"message.attachment_types", `["docx"]`, refusedBy("message.attachment_types")},
			{"message.attachments", `false`, refusedBy("message.attachments")},
		} {
			set(c.name, c.value)
			if p := look(); !c.shows(p) {
				t.Errorf("%s = %s does not show: %+v", c.name, c.value, p)
			}
			tried = append(tried, c.name)
		}
		for _, k := range submit.Settings() {
			if !slices.Contains(tried, k.ID()) {
				t.Errorf("no line shows what %s does", k.ID())
			}
		}
		on, err := known.On(t.Context(), w.Department)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := submit.RulesOf(on, nil); err != nil || r.Largest != 25<<20 || r.LargestAttachment != 10<<20 {
			t.Errorf("%+v %v", r, err)
		}
		set("message.largest", "2")
		set("message.largest_attachment", "1")
		if on, err = known.On(t.Context(), w.Department); err != nil {
			t.Fatal(err)
		}
		if r, err := submit.RulesOf(on, nil); err != nil || r.Largest != 2<<20 || r.LargestAttachment != 1<<20 {
			t.Errorf("%+v %v", r, err)
		}
		if _, err := s.Preview(t.Context(), w.OtherOwner.Actor, w.Department, submit.Sample{Message: message, User: ""}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a stranger: %v", err)
		}
		if _, err := s.Preview(t.Context(), w.Owner.Actor, w.Department, submit.Sample{Message: make([]byte, submit.MostPreview+1), User: ""}); errs.CodeOf(err) != "submit.preview_large" {
			t.Errorf("too large: %v", err)
		}
	})
}

// refusedBy reports whether a setting of the customer refuses the message.
func refusedBy(name string) func(submit.Preview) bool {
	return func(p submit.Preview) bool {
		return slices.ContainsFunc(p.Refused, func(r submit.RefusedBy) bool {
			return r.Setting == name && r.From.Name == "Acme" && r.From.Depth == 1 && r.From.LockedAbove()
		})
	}
}

func TestADocumentThatIsLookedAtDoesNothing(t *testing.T) {
	got, err := submit.Still(`<script>x()</script><base href="https://x"><link rel=stylesheet href="https://x"><meta http-equiv=refresh content="0"><img src="https://x/p.png" alt="a"><img src="data:image/png;base64,AA"><a href="https://x">out</a><form action="https://x"><input></form><iframe src="https://x"></iframe><p style="color:red">kept</p>`)
	if err != nil || strings.Contains(got, "https://") || strings.Contains(got, "script") || !strings.Contains(got, "data:image/png") || !strings.Contains(got, "kept") {
		t.Errorf("%v %s", err, got)
	}
}
