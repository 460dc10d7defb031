package notify

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/brand"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/i18n"
	"bailiwick/internal/jobs"
	"bailiwick/internal/mail"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

func sample(tpl Template) Mail {
	m := Mail{To: "ann@example.com", Name: "Ann <b>Bold</b>", Template: tpl}
	s := shapes()[tpl]
	if s.link == WithLink {
		m.Link = secret.Wrap("/x/token")
	}
	for _, name := range s.data {
		var v any = "the " + name
		switch name {
		case "count":
			v = 3
		case "date", "expires":
			v = time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)
		}
		m.Data = append(m.Data, name, v)
	}
	return m
}

func TestEveryTemplateHasItsTexts(t *testing.T) {
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for tpl := range shapes() {
		m := sample(tpl)
		if err := m.check(); err != nil {
			t.Errorf("%s: %v", tpl, err)
		}
		for _, lang := range texts.Langs() {
			l := compose(texts.For(lang), m, brand.Look{Product: "Northwind Mail", Colour: brand.DefaultColour}, "https://mail.example.com/x/token")
			html, err := l.html(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for what, s := range map[string]string{"subject": l.Subject, "text": l.text(), "HTML": html} {
				if strings.ContainsAny(s, "[]{}") {
					t.Errorf("%s in %s: the %s lacks a text or a value: %s", tpl, lang, what, s)
				}
			}
			if strings.Contains(html, "<b>") {
				t.Errorf("%s in %s: a name becomes markup", tpl, lang)
			}
			if n := strings.Count(l.text(), "https://mail.example.com/x/token"); (n == 1) != !m.Link.Empty() {
				t.Errorf("%s in %s: the text shows the link %d times", tpl, lang, n)
			}
		}
	}
}

func TestREC03LinksAreBuiltFromTheConfiguredAddress(t *testing.T) {
	for _, link := range []string{"https://evil.example/x", "//evil.example/x", `/\evil.example/x`, "x", "javascript:alert(1)"} {
		m := sample(Reset)
		m.Link = secret.Wrap(link)
		if m.check() == nil {
			t.Errorf("%s may stand in a mail", link)
		}
	}
}

type tape struct {
	got  []mail.Message
	fail error
}

func (s *tape) Send(_ context.Context, m mail.Message) error {
	if s.fail == nil {
		s.got = append(s.got, m)
	}
	return s.fail
}

func TestMailIsSealedUntilItIsHandedOverAndErasedAfterwards(t *testing.T) {
	now := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	dbtest.EachAt(t, now.Now, func(t *testing.T, d *db.DB) {
		mailer, via, run := post(t, d, now)
		queue(t, d, mailer, sample(Reset))
		if args := stored(t, d); strings.Contains(args, "token") || strings.Contains(args, "ann@") {
			t.Errorf("the queue shows the mail: %s", args)
		}
		via.fail = &mail.Failure{Err: errors.New("451 busy")}
		drain(t, run)
		if len(via.got) != 0 {
			t.Fatal("sent in spite of the failure")
		}
		via.fail = nil
		now.Advance(time.Hour)
		drain(t, run)
		if len(via.got) != 1 {
			t.Fatalf("%d mails were sent, want one", len(via.got))
		}
		m := via.got[0]
		if !strings.Contains(m.Text, "https://mail.example.com/x/token") || m.From.Email != "no-reply@mail.example.com" || m.From.Name != brand.Unnamed {
			t.Errorf("sent %+v", m)
		}
		if args := stored(t, d); args != "{}" {
			t.Errorf("after the mail was handed over the queue keeps %s", args)
		}
	})
}

func TestAMailThatIsRefusedForGoodIsNotTriedAgain(t *testing.T) {
	now := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	dbtest.EachAt(t, now.Now, func(t *testing.T, d *db.DB) {
		mailer, via, run := post(t, d, now)
		queue(t, d, mailer, sample(Reset))
		via.fail = &mail.Failure{Permanent: true, Code: 550, Err: errors.New("550 no such mailbox")}
		drain(t, run)
		via.fail = nil
		now.Advance(24 * time.Hour)
		drain(t, run)
		if len(via.got) != 0 {
			t.Error("it was tried again")
		}
		if args := stored(t, d); args != "{}" {
			t.Errorf("the dead job keeps %s", args)
		}
	})
}

func post(t *testing.T, d *db.DB, now *clock.Fake) (*Mailer, *tape, *jobs.Runner) {
	t.Helper()
	box, err := secret.NewBox(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	mailer, via, ws := NewMailer(box), &tape{}, jobs.NewWorkers()
	NewSender(SenderDeps{Mailer: mailer, Brand: brands(t, d), Texts: texts, Via: via, Clock: now.Now}).Register(ws)
	return mailer, via, jobs.NewRunner(d, slog.New(slog.DiscardHandler), ws)
}

// brands are those of an installation that nobody has set up.
func brands(t *testing.T, d *db.DB) *brand.Service {
	t.Helper()
	news := change.New(d, d.Now, slog.New(slog.DiscardHandler))
	known, err := setting.NewKnown(d, news, slices.Concat(brand.Portal(), brand.Support(), brand.Mails()))
	if err != nil {
		t.Fatal(err)
	}
	base := &url.URL{Scheme: "https", Host: "mail.example.com"}
	return brand.NewService(brand.Deps{DB: d, Known: known, News: news, Sender: "no-reply@mail.example.com", Base: base})
}

func queue(t *testing.T, d *db.DB, m *Mailer, mail Mail) {
	t.Helper()
	if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return m.Queue(ctx, tx, mail) }); err != nil {
		t.Fatal(err)
	}
}

func stored(t *testing.T, d *db.DB) string {
	t.Helper()
	args, err := db.One(t.Context(), d, db.Value[string], "SELECT args FROM jobs")
	if err != nil {
		t.Fatal(err)
	}
	return args
}

func drain(t *testing.T, run *jobs.Runner) {
	t.Helper()
	if err := run.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}
