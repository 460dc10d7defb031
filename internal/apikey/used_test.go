package apikey_test

import (
	"testing"
	"time"

	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
)

func TestAKeyInUseIsRememberedUntilSomethingAboutItChanges(t *testing.T) {
	for name, end := range map[string]func(w *world, k apikey.Created){
		"revoked": func(w *world, k apikey.Created) {
			if err := w.Revoke(w.t.Context(), w.Owner.Actor, w.Customer, k.ID); err != nil {
				w.t.Fatal(err)
			}
		},
		"its owner deactivated": func(w *world, _ apikey.Created) {
			w.Exec("UPDATE memberships SET deactivated_at = 1 WHERE id = ?", w.Owner.Member)
		},
		"its account closed": func(w *world, _ apikey.Created) {
			w.Exec("UPDATE accounts SET closed_at = 1 WHERE id = ?", w.Customer)
		},
		"expired": func(w *world, k apikey.Created) {
			w.Exec("UPDATE api_keys SET expires_at = ? WHERE id = ?", w.DB.Now().Add(2*time.Second).UnixMilli(), k.ID)
			w.actor(k)
			w.clock.Advance(2 * time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				k := w.key(w.Owner.Actor, w.Customer, authz.UsersView)
				w.actor(k)
				var asked db.Watch
				if _, err := w.Resolve(asked.Watched(t.Context()), apikey.Client{Key: k.Secret}); err != nil || len(asked.Statements()) > 0 {
					t.Errorf("a second use: %v, it asked %q", err, asked.Statements())
				}
				end(w, k)
				if _, err := w.use(k.Secret); errs.KindOf(err) != errs.Unauthenticated {
					t.Errorf("used after it was %s: %v", name, err)
				}
			})
		})
	}
}

func TestTheNameOfAKeysOwnerIsTheNewOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		k := w.key(w.Owner.Actor, w.Customer, authz.UsersView)
		w.actor(k)
		w.Exec("UPDATE identities SET name = 'Renamed' WHERE id = ?", w.Owner.User())
		if got := w.actor(k).Name(); got != "Renamed" {
			t.Errorf("the log would say %q", got)
		}
	})
}
