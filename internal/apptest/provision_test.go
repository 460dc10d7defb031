package apptest

import (
	"net/http"
	"strings"
	"testing"
)

func TestAClientIsBornWithAnInvitationOfItsOwner(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		form := "/a/" + string(w.Platform) + "/clients/new"
		w.wants(w.Owner.Get(form), http.StatusOK, "Owner’s email")
		w.wants(w.Owner.Post(form, "name", "", "no_end", "on", "owner_email", "nobody"), http.StatusUnprocessableEntity, "Write a name", "Enter an email address like name@example.com.")
		w.wants(w.Owner.Post(form, "name", "Thrown Away", "no_end", "on", "owner_email", "x@mailinator.com"), http.StatusUnprocessableEntity, "Use a lasting address")
		if list := w.Owner.Get("/a/" + string(w.Platform) + "/clients").Text(); strings.Contains(list, "Thrown Away") {
			t.Error("a client was made whose owner could not be invited")
		}
		made := w.Owner.Post(form, "name", "Corvid Logistics", "no_end", "on", "owner_email", "olga@corvid.example")
		w.wants(made, http.StatusSeeOther)
		w.wants(w.Owner.Get(made.Location()+"/users?tab=pending"), http.StatusOK, "olga@corvid.example", "Owner")
		without := w.Owner.Post(form, "name", "Nobody Yet", "no_end", "on")
		w.wants(w.Owner.Get(without.Location()+"/users?tab=pending"), http.StatusOK, "No open invitations")
	})
}
