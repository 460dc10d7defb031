package app_test

import (
	"net/http"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/db/dbtest"
)

func TestASetUpPlatformServesItsOwner(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		if a := w.Stranger().Get("/healthz"); a.Status != http.StatusOK {
			t.Errorf("health: %d %s", a.Status, a.Body)
		}
		if a := w.Stranger().Get("/"); a.Status != http.StatusSeeOther || a.Location() != "/sign-in" {
			t.Errorf("a stranger is sent to %d %s", a.Status, a.Location())
		}
		if a := w.Owner.Get("/"); a.Status != http.StatusSeeOther || a.Location() != "/a/"+string(w.Platform)+"/clients" {
			t.Errorf("the Owner is sent to %d %s", a.Status, a.Location())
		}
		if a := w.Owner.Get("/a/" + string(w.Platform) + "/home"); a.Status != http.StatusOK {
			t.Errorf("home: %d %s", a.Status, a.Text())
		}
		if link, err := w.SetupLink(t.Context()); link != "" || err != nil {
			t.Errorf("the set-up link is offered again: %q, %v", link, err)
		}
	})
}

func TestTheSetUpLinkIsOfferedUntilItIsUsed(t *testing.T) {
	w := apptest.Bare(t, dbtest.SQLiteDSN(t))
	link, err := w.SetupLink(t.Context())
	if err != nil || link == "" {
		t.Fatalf("link %q, %v", link, err)
	}
	for _, f := range w.Doctor(t.Context()) {
		if f.What == "Set-up" && f.Remedy == "" {
			t.Error("doctor finds nothing to say about a platform that is not set up")
		}
	}
}
