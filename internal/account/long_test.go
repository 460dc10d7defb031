package account

import (
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

func TestALongListIsCountedOnceAMinute(t *testing.T) {
	at := clock.NewFake(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		root, _, small := grow(t, d)
		s := NewService(Deps{Clock: at.Now})
		counted := func(f filter) (n, statements int) {
			t.Helper()
			var w db.Watch
			n, err := s.count(w.Watched(t.Context()), d, authz.Scope{}, f)
			if err != nil {
				t.Fatal(err)
			}
			return n, len(w.Statements())
		}
		look := func(what string, f filter, wantN, wantStatements int) {
			t.Helper()
			if n, statements := counted(f); n != wantN || statements != wantStatements {
				t.Errorf("%s: %d clients by %d statements, want %d by %d", what, n, statements, wantN, wantStatements)
			}
		}
		look("the first time", filter{root: root}, Most+1, 1)
		look("again", filter{root: root}, Most+1, 0)
		look("the closed ones", filter{root: root, closed: true}, 0, 1)
		look("a short list", filter{root: small}, fewClients, 1)
		look("a short list again", filter{root: small}, fewClients, 1)
		at.Advance(longFor)
		look("a minute later", filter{root: root}, Most+1, 1)
	})
}
