package mail_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/mail"
	"bailiwick/internal/secret"
)

func capture(t *testing.T, d *db.DB) *mail.Capture {
	t.Helper()
	box, err := secret.NewBox(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return mail.NewCapture(d, box)
}

func TestCapturedMailIsReadAsWritten(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	dbtest.EachAt(t, clock.NewFake(at).Now, func(t *testing.T, d *db.DB) {
		box := capture(t, d)
		// Twice: a job whose end was lost runs again.
		for range 2 {
			if err := box.Send(t.Context(), letter); err != nil {
				t.Fatal(err)
			}
		}
		list, err := box.List(t.Context(), "", 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d messages, %v, want 1", len(list), err)
		}
		got, err := box.Get(t.Context(), list[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		want := mail.Captured{ID: list[0].ID, At: at, From: letter.From.String(), To: letter.To.String(), Subject: letter.Subject,
			Text: letter.Text, HTML: letter.HTML, Headers: letter.Headers}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		want.Text, want.HTML, want.Headers = "", "", nil
		if diff := cmp.Diff(want, list[0]); diff != "" {
			t.Errorf("the list: %s", diff)
		}
		sealed, err := db.One(t.Context(), d, db.Value[[]byte], "SELECT sealed FROM captured_mail")
		if err != nil || bytes.Contains(sealed, []byte("invite")) {
			t.Errorf("the text lies readable in the database: %q, %v", sealed, err)
		}
	})
}

func TestCapturedMailPagesNewestFirst(t *testing.T) {
	now := clock.NewFake(time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC))
	dbtest.EachAt(t, now.Now, func(t *testing.T, d *db.DB) {
		box := capture(t, d)
		for i := range 7 {
			now.Advance(time.Minute)
			m := letter
			m.ID, m.Subject = fmt.Sprint("job_", i), fmt.Sprint(i)
			if err := box.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		var last ids.Mail
		for {
			page, err := box.List(t.Context(), last, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page {
				got = append(got, m.Subject)
				last = m.ID
			}
			if len(page) < 3 {
				break
			}
		}
		if diff := cmp.Diff([]string{"6", "5", "4", "3", "2", "1", "0"}, got); diff != "" {
			t.Error(diff)
		}
		if n, err := box.Forget(t.Context(), now.Now().Add(-2*time.Minute)); err != nil || n != 4 {
			t.Errorf("forgot %d, %v, want 4", n, err)
		}
	})
}

func TestCaptureRefusesWhatCannotBeSent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		box := capture(t, d)
		m := letter
		m.To.Email = "nobody"
		if err := box.Send(t.Context(), m); !mail.IsPermanent(err) {
			t.Errorf("got %v", err)
		}
		if _, err := box.Get(t.Context(), ids.NewMail(time.UnixMilli(1))); errs.KindOf(err) != errs.NotFound {
			t.Errorf("got %v, want NotFound", err)
		}
	})
}
