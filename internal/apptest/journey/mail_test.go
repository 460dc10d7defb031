package journey_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/mail/mailtest"
)

var inviteLink = regexp.MustCompile(`/invitation/[a-z2-7]+`)

func TestInvitationThroughAMailServer(t *testing.T) {
	server := mailtest.Start(t)
	w := apptest.New(t, dbtest.SQLiteDSN(t), func(c *config.Config) {
		c.SMTP = config.SMTP{Host: server.Host, Port: server.Port, TLS: "none", From: "portal@halyard.example", FromName: "Halyard Messaging"}
	})
	acme := w.Client(w.Platform, "Acme Holdings")
	tab := open(t, w, apptest.OwnerEmail)
	tab.Goto("/a/"+string(acme)+"/users/invite").Fill("addresses", "grace@acme.example").See("1 person will be invited").Check("Guest", true).Click("Send").See("1 invite sent.")
	tab.Click(".user-btn").See("Sign out").Gone("Captured mail")
	tab.Goto("/captured-mail").Await("#main .empty")
	if got := w.Owner.Get("/captured-mail"); got.Status != http.StatusNotFound {
		t.Errorf("the page of captured mail answers %d while a mail server is set", got.Status)
	}

	server.Answer(mailtest.AtRcpt, 451, "try again later")
	w.Drain()
	if n := len(server.Messages()); n != 0 {
		t.Fatalf("%d mails went out through a server that refused them", n)
	}
	server.Answer(mailtest.AtRcpt, 0, "")
	w.Clock.Advance(time.Hour)
	w.Drain()
	m := server.Wait(t.Context(), t, 1)[0]
	if m.To != "grace@acme.example" || m.From != "portal@halyard.example" {
		t.Errorf("from %s to %s", m.From, m.To)
	}
	grace := open(t, w, "").Goto(inviteLink.FindString(m.Text)).See("Join Acme Holdings")
	grace.Fill("name", "Grace Guest").Fill("password", apptest.Password).Click("Accept invitation").Await(".user-btn").See("Grace Guest")
}
