package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
)

// someone is a contact as the API shows it.
type someone struct {
	ID, Email, Phone, Name, Language, Masked string
	Lists, Can                               []string
	Details                                  []struct{ Name, Value string }
	Subscriptions                            []struct{ Name, State string }
	Suppressions                             []struct{ Address, Reason string }
}

func TestContactsOverTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		in := func(path string) string { return d.at(d.client, path) }
		list := d.owner.Post(in("/contact-lists"), `{"name": "Offers"}`).Want(http.StatusCreated).ID()
		made := d.owner.Post(in("/contacts"), `{"email": "ana@client.example", "phone": "+33 1 70 18 99 00", "name": "Ana", "details": [{"name": "City", "value": "Lyon"}], "lists": ["`+list+`"]}`, "Idempotency-Key", "ana").Want(http.StatusCreated)
		if again := d.owner.Post(in("/contacts"), `{"email": "ana@client.example", "phone": "+33 1 70 18 99 00", "name": "Ana", "details": [{"name": "City", "value": "Lyon"}], "lists": ["`+list+`"]}`, "Idempotency-Key", "ana").Want(http.StatusCreated); again.ID() != made.ID() {
			t.Errorf("sent again: %s", again.Body)
		}
		d.owner.Post(in("/contacts"), `{"email": "ana@client.example"}`).Want(http.StatusConflict)
		d.owner.Post(in("/suppressions"), `{"address": "ana@client.example", "reason": "bounced"}`).Want(http.StatusCreated)

		ana := in("/contacts/" + made.ID())
		got := d.owner.Get(ana).Want(http.StatusOK)
		var c someone
		got.Into(&c)
		if c.Masked != "nothing" || len(c.Details) != 1 || len(c.Subscriptions) != 1 || len(c.Suppressions) != 1 || c.Suppressions[0].Reason != "bounced" || len(c.Lists) != 1 {
			t.Errorf("%+v", c)
		}

		// Masked, what is not sent stays as it is; what is sent in full counts.
		blind := w.Program(w.Member(d.client, "pat@acme.example", apptest.As(authz.Owner)).Actor, d.client, authz.ContactsView, authz.ContactsEdit, authz.AccountView)
		seen := blind.Get(ana).Want(http.StatusOK)
		if strings.Contains(seen.Body, "ana@client.example") || !strings.Contains(seen.Body, `"masked":"all"`) {
			t.Errorf("masked: %s", seen.Body)
		}
		blind.Patch(ana, seen.Header.Get("ETag"), `{"name": "Ana Ruiz"}`).Want(http.StatusOK)
		c = someone{}
		d.owner.Get(ana).Into(&c)
		if c.Name != "Ana Ruiz" || c.Email != "ana@client.example" || c.Phone != "+33170189900" || c.Details[0].Value != "Lyon" {
			t.Errorf("after an edit by somebody who sees it masked: %+v", c)
		}
		d.owner.Patch(ana, got.Header.Get("ETag"), `{"name": "Late"}`).Want(http.StatusPreconditionFailed)
		d.owner.Patch(ana, d.owner.Get(ana).Header.Get("ETag"), `{"details": [], "lists": []}`).Want(http.StatusOK)
		c = someone{}
		d.owner.Get(ana).Into(&c)
		if len(c.Details) != 0 || len(c.Subscriptions) != 0 {
			t.Errorf("emptied: %+v", c)
		}
		d.owner.Delete(ana).Want(http.StatusNoContent)
		d.owner.Get(ana).Want(http.StatusNotFound)
	})
}

// TestTheLogGoesOutOverTheAPI takes the log along as its page does, in a form that is checked without the installation.
func TestTheLogGoesOutOverTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		d.owner.Post(d.at(d.client, "/locations"), `{"name": "Harbour"}`).Want(http.StatusCreated)
		if _, err := w.Log.SealOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
		out := func(body string) string {
			sent := d.owner.Post(d.at(d.client, "/events/export"), body).Want(http.StatusAccepted)
			if done := d.task(d.owner, d.client, sent.ID()); done.State != "done" {
				t.Fatalf("%+v", done)
			}
			return d.owner.Get(d.at(d.client, "/tasks/"+sent.ID()+"/result")).Want(http.StatusOK).Body
		}
		found, err := audit.VerifyExport(strings.NewReader(out(`{"format": "ndjson", "below": true}`)))
		if err != nil || !found.Sound() || !found.Whole || found.Events == 0 {
			t.Errorf("the export: %+v, %v", found, err)
		}
		table := out(`{"format": "csv", "noun": "location"}`)
		if !strings.Contains(table, "location.created") || strings.Contains(table, "account.created") {
			t.Errorf("the table: %s", table)
		}
		d.owner.Post(d.at(d.client, "/events/export"), `{"format": "csv", "from": "yesterday"}`).Want(http.StatusUnprocessableEntity)
		w.Program(w.Member(d.client, "pat@acme.example", apptest.As(authz.Owner)).Actor, d.client, authz.AuditView).Post(d.at(d.client, "/events/export"), `{"format": "csv"}`).Want(http.StatusForbidden)
	})
}

// TestTheBrandOverTheAPI gives a client a logo and a host name.
func TestTheBrandOverTheAPI(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	in := func(path string) string { return d.at(d.client, path) }
	kept := d.owner.Post(in("/images?for=brand.logo"), `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`, "Content-Type", "image/svg+xml").Want(http.StatusCreated)
	at := in("/settings?tab=branding")
	d.owner.Patch(at, d.owner.Get(at).Header.Get("ETag"), `{"settings": [{"name": "brand.logo", "value": "`+kept.ID()+`"}]}`).Want(http.StatusOK)
	if !strings.Contains(d.owner.Get(at).Body, kept.ID()) {
		t.Error("the logo is not in force")
	}
	d.owner.Post(in("/images?for=brand.logo"), `no picture`, "Content-Type", "image/png").Want(http.StatusUnprocessableEntity)
	d.owner.Post(in("/images?for=brand.name"), `x`, "Content-Type", "image/png").Want(http.StatusUnprocessableEntity)

	d.owner.Post(in("/domain"), `{"host": "portal.acme.example"}`).Want(http.StatusNoContent)
	if got := d.owner.Get(in("/domain")).Want(http.StatusOK).Body; !strings.Contains(got, `"record":"_bailiwick.portal.acme.example"`) || strings.Contains(got, "verified_at") {
		t.Errorf("the host name: %s", got)
	}
	d.owner.Delete(in("/domain")).Want(http.StatusNoContent)
	d.owner.Post(in("/domain/check"), ``).Want(http.StatusNotFound)
}
