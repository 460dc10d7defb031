// Package notifytest shows tests the mail that waits in the queue.
package notifytest

import (
	"context"
	"testing"

	"bailiwick/internal/db"
	"bailiwick/internal/notify"
)

// Waiting returns the mails that wait to be sent, oldest first.
func Waiting(t testing.TB, d *db.DB, m *notify.Mailer) []notify.Mail {
	t.Helper()
	all, err := db.All(context.Background(), d, db.Value[string],
		"SELECT args FROM jobs WHERE kind = 'mail.send' AND state IN ('ready', 'running') ORDER BY created_at, id")
	if err != nil {
		t.Fatal(err)
	}
	out := make([]notify.Mail, 0, len(all))
	for _, args := range all {
		mail, err := m.Waiting([]byte(args))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, mail)
	}
	return out
}

// To returns the newest mail that waits for an address, and fails the test when there is none.
func To(t testing.TB, d *db.DB, m *notify.Mailer, address string) notify.Mail {
	t.Helper()
	all := Waiting(t, d, m)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].To == address {
			return all[i]
		}
	}
	t.Fatalf("no mail waits for %s; there are %d others", address, len(all))
	return notify.Mail{}
}
