package app_test

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/user"
)

// A SQLite file that may not grow behaves as one on a full disk: the same error code, SQLITE_FULL.
func TestAFullDiskIsSaidInPlainWordsAndWorkResumes(t *testing.T) {
	w := apptest.OnSQLite(t)
	pages := func(most int) {
		t.Helper()
		err := w.DB.Batch(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "PRAGMA max_page_count = "+map[int]string{0: "1073741823", 1: "1"}[most])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	people := func() int {
		t.Helper()
		n, err := db.One(t.Context(), w.DB, db.Value[int], "SELECT count(*) FROM identities")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := people()
	pages(1) // not below what it has already: it cannot grow any more
	err := w.Ops.Write(t.Context(), w.Owner.Actor(), authz.UsersInvite, w.Platform, func(ctx context.Context, w *op.W) error {
		var all []user.Newcomer
		for range 500 {
			name := string(ids.NewToken(w.Tx().Now()))
			all = append(all, user.Newcomer{Person: user.Person{Name: name, Email: name + "@x.example", PasswordHash: strings.Repeat("x", 900)}, Access: user.Default()})
		}
		_, err := user.Enrol(ctx, w, all)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "its disk is full") {
		t.Fatalf("writing to a full disk: %v", err)
	}
	if n := people(); n != before {
		t.Errorf("%d people were left half done", n-before)
	}
	if a := w.Owner.Get("/a/" + string(w.Platform) + "/home"); a.Status != http.StatusOK {
		t.Errorf("reading from a full disk: %d", a.Status)
	}
	saved, full := "", false
	for i := range 500 { // until what is left of the last pages is full too
		name := "Olivia " + strconv.Itoa(i)
		a := rename(w, name)
		if a.Status == http.StatusSeeOther {
			saved = name
			continue
		}
		full = true
		if a.Status != http.StatusServiceUnavailable || !strings.Contains(a.Text(), "its disk is full") || a.Header.Get("Retry-After") == "" {
			t.Errorf("a form on a full disk: %d %s", a.Status, a.Text())
		}
		break
	}
	if a := w.Owner.Get("/me"); !full || !strings.Contains(a.Body, saved) {
		t.Errorf("full: %t; the profile is not the one saved last, %s", full, saved)
	}
	pages(0)
	if a := rename(w, "Olivia Owner"); a.Status != http.StatusSeeOther {
		t.Errorf("with room again: %d %s", a.Status, a.Text())
	}
}

var profileVersion = regexp.MustCompile(`name="version" value="(\d+)"`)

// rename saves the Owner's profile as the page's form does.
func rename(w *apptest.World, name string) apptest.Answer {
	version := "1"
	if m := profileVersion.FindStringSubmatch(w.Owner.Get("/me").Body); m != nil {
		version = m[1]
	}
	return w.Owner.Post("/me", "name", name, "email", apptest.OwnerEmail, "username", apptest.OwnerEmail, "language", "", "time_zone", "", "version", version)
}
