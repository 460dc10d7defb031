package apikey_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

type world struct {
	*usertest.World
	*apikey.Service
	t     *testing.T
	clock *clock.Fake
}

// each runs fn in a fresh world on both databases.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		fn(t, &world{w, apikey.NewService(w.DB, w.Op, change.New(w.DB, at.Now, slog.New(slog.DiscardHandler)), w.Mail), t, at})
	})
}

func (w *world) key(by authz.Actor, on ids.Account, scopes ...authz.Perm) apikey.Created {
	w.t.Helper()
	k, err := w.Create(w.t.Context(), by, on, apikey.Input{Name: "Billing", Scopes: authz.SetOf(scopes...)})
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

func (w *world) use(key secret.String) (authz.Actor, error) {
	return w.Resolve(w.t.Context(), apikey.Client{Key: key, IP: "203.0.113.9", RequestID: "req"})
}

func (w *world) actor(k apikey.Created) authz.Actor {
	w.t.Helper()
	by, err := w.use(k.Secret)
	if err != nil {
		w.t.Fatal(err)
	}
	return by
}

// may is "" when the actor may, else the code of the refusal.
func (w *world) may(by authz.Actor, p authz.Perm, on ids.Account) string {
	_, err := w.Check.Check(w.t.Context(), w.DB, by, p, on)
	return errs.CodeOf(err)
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if got := errs.CodeOf(err); got != code || code == "" && err != nil {
		t.Errorf("got %v, want %q", err, code)
	}
}

func TestESC06AKeyMayWhatIsInItsScopesAndWhatItsOwnerMayNow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		by := w.actor(w.key(w.Owner.Actor, w.Customer, authz.LocationsView, authz.LocationsEdit, authz.UsersView))
		for _, c := range []struct {
			perm authz.Perm
			on   ids.Account
			want string
		}{
			{authz.LocationsEdit, w.Customer, ""},
			{authz.LocationsEdit, w.Department, ""},
			{authz.AccountView, w.Customer, ""},
			{authz.ClientsView, w.Customer, "auth.key_lacks"},
			{authz.UsersInvite, w.Department, "auth.key_lacks"},
			{authz.LocationsView, w.Reseller, "account.not_found"},
			{authz.LocationsView, w.Other, "account.not_found"},
		} {
			if got := w.may(by, c.perm, c.on); got != c.want {
				t.Errorf("%s on %s: %q, want %q", c.perm, c.on, got, c.want)
			}
		}
		w.Exec("UPDATE memberships SET role = 'user', perms = '[\"locations.view\"]' WHERE id = ?", w.Owner.Member)
		if got := []string{w.may(by, authz.LocationsView, w.Customer), w.may(by, authz.LocationsEdit, w.Customer), w.may(by, authz.UsersView, w.Customer)}; !cmp.Equal(got, []string{"", "auth.denied", "auth.denied"}) {
			t.Errorf("after its owner lost rights the key gets %q", got)
		}
	})
}

func TestAKeyActsByItsOwnMembershipOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		both := w.Member(w.Customer, "both@acme.example", user.Access{Role: authz.User, Perms: authz.ModuleSet("locations", "credentials"), AllSubs: true})
		w.Member(w.Reseller, both.Email, user.Access{Role: authz.Admin, AllSubs: true})
		w.Member(w.Department, both.Email, user.Access{Role: authz.Owner, AllSubs: true})
		if got := w.may(both.Actor, authz.ClientsEdit, w.Customer); got != "" {
			t.Fatalf("the person themselves: %q", got)
		}
		k := w.key(both.Actor, w.Customer, authz.LocationsView, authz.LocationsEdit)
		by := w.actor(k)
		for _, on := range []ids.Account{w.Customer, w.Department} {
			if w.may(by, authz.LocationsEdit, on) != "" || w.may(by, authz.LocationsClose, on) != "auth.key_lacks" || w.may(by, authz.ClientsEdit, on) != "auth.denied" {
				t.Errorf("on %s the key got more or less than its membership", on)
			}
		}
		if got := w.may(by, authz.ClientsView, w.Reseller); got != "account.not_found" {
			t.Errorf("the membership above counts: %q", got)
		}
		_, err := w.Create(t.Context(), by, w.Department, apikey.Input{Name: "x", Scopes: authz.SetOf(authz.LocationsView)})
		wantCode(t, err, "auth.key_lacks")
	})
}

func TestEveryKeyThatIsNotInForceGetsTheSameAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		make := func(at ids.Account, name string) (usertest.Person, apikey.Created) {
			p := w.Member(at, name+"@acme.example", user.Access{Role: authz.Admin, AllSubs: true})
			return p, w.key(p.Actor, at, authz.LocationsView)
		}
		good := w.key(w.Owner.Actor, w.Customer, authz.LocationsView)
		_, revoked := make(w.Customer, "revoked")
		gone, goneKey := make(w.Customer, "gone")
		removed, removedKey := make(w.Customer, "removed")
		_, closedKey := make(w.Other, "closed")
		expired, err := w.Create(t.Context(), w.Owner.Actor, w.Customer, apikey.Input{Name: "old", Scopes: authz.SetOf(authz.LocationsView), Expires: w.clock.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []apikey.Created{good, revoked, goneKey, removedKey, closedKey, expired} {
			w.actor(k)
		}
		wantCode(t, w.Revoke(t.Context(), w.Owner.Actor, w.Customer, revoked.ID), "")
		wantCode(t, w.Users.Deactivate(t.Context(), w.Owner.Actor, w.Customer, gone.Member), "")
		wantCode(t, w.Users.Reactivate(t.Context(), w.Owner.Actor, w.Customer, gone.Member), "") // the key does not come back
		wantCode(t, w.Users.Remove(t.Context(), w.Owner.Actor, w.Customer, removed.Member), "")
		w.Exec("UPDATE accounts SET closed_at = 1 WHERE id = ?", w.Other)
		w.clock.Advance(time.Hour)
		text := good.Secret.Reveal()
		_, want := w.use(secret.Wrap("no key at all"))
		wantCode(t, want, "auth.key_refused")
		if errs.KindOf(want) != errs.Unauthenticated {
			t.Errorf("kind %v", errs.KindOf(want))
		}
		for name, key := range map[string]secret.String{
			"none": {}, "revoked": revoked.Secret, "owner deactivated": goneKey.Secret, "owner removed": removedKey.Secret, "account closed": closedKey.Secret, "expired": expired.Secret,
			"mistyped": secret.Wrap(strings.Replace(text, "_", "-", 1)), "cut off": secret.Wrap(text[:len(text)-1]), "a letter more": secret.Wrap(text + "a"),
			"another's secret": secret.Wrap(apikey.Reseal(text, closedKey.Secret.Reveal())),
		} {
			_, err := w.use(key)
			if err == nil || err.Error() != want.Error() {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
		w.actor(good)
	})
}

func TestAMistypedKeyIsKnownWithoutTheDatabase(t *testing.T) {
	text, _ := apikey.NewSecret(ids.NewKey(usertest.Start))
	if !apikey.WellFormed(text.Reveal()) {
		t.Fatalf("%s is not well formed", text.Reveal())
	}
	for i := range text.Reveal() {
		for _, c := range "a0_Z" {
			wrong := text.Reveal()[:i] + string(c) + text.Reveal()[i+1:]
			if wrong != text.Reveal() && apikey.WellFormed(wrong) {
				t.Errorf("%s passes for %s", wrong, text.Reveal())
			}
		}
	}
}

func TestOnASuspendedAccountKeysOnlyRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		own := w.actor(w.key(w.Owner.Actor, w.Customer, authz.LocationsView, authz.LocationsEdit, authz.PaymentsEdit, authz.CredentialsCreate))
		above := w.actor(w.key(w.Seller.Actor, w.Reseller, authz.LocationsEdit))
		w.Hold(w.Customer)
		for _, c := range []struct {
			by   authz.Actor
			perm authz.Perm
			want string
		}{
			{own, authz.LocationsView, ""}, {own, authz.LocationsEdit, "auth.held"}, {own, authz.PaymentsEdit, "auth.held"}, {own, authz.CredentialsCreate, "auth.held"},
			{w.Owner.Actor, authz.PaymentsEdit, ""}, {above, authz.LocationsEdit, ""},
		} {
			if got := w.may(c.by, c.perm, w.Customer); got != c.want {
				t.Errorf("%s of %s: %q, want %q", c.perm, c.by.Credential(), got, c.want)
			}
		}
	})
}

func TestNobodyMakesAKeyThatMayMoreThanThey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		worker := w.Member(w.Customer, "worker@acme.example", user.Access{Role: authz.User, Perms: authz.ModuleSet("credentials").Union(authz.SetOf(authz.LocationsView)), AllSubs: true})
		guest := w.Member(w.Customer, "guest@acme.example", user.Access{Role: authz.Guest})
		mayMake := w.actor(w.key(w.Owner.Actor, w.Customer, authz.CredentialsCreate, authz.LocationsView))
		view, edit := authz.SetOf(authz.LocationsView), authz.SetOf(authz.LocationsView, authz.LocationsEdit)
		for _, c := range []struct {
			name string
			by   authz.Actor
			at   ids.Account
			in   apikey.Input
			want string
		}{
			{"what they hold", worker.Actor, w.Customer, apikey.Input{Name: "k", Scopes: view}, ""},
			{"more than they hold", worker.Actor, w.Customer, apikey.Input{Name: "k", Scopes: edit}, "key.above_yours"},
			{"a key makes a smaller key", mayMake, w.Customer, apikey.Input{Name: "k", Scopes: view}, ""},
			{"a key makes a bigger key", mayMake, w.Customer, apikey.Input{Name: "k", Scopes: edit}, "key.above_yours"},
			{"message bodies, which nobody has", w.Owner.Actor, w.Customer, apikey.Input{Name: "k", Scopes: authz.SetOf(authz.MessagesViewBody)}, "key.above_yours"},
			{"a guest", guest.Actor, w.Customer, apikey.Input{Name: "k", Scopes: view}, "auth.denied"},
			{"from above, without a membership", w.Seller.Actor, w.Customer, apikey.Input{Name: "k", Scopes: view}, "key.not_member"},
			{"a stranger", w.OtherOwner.Actor, w.Customer, apikey.Input{Name: "k", Scopes: view}, "account.not_found"},
			{"no name", w.Owner.Actor, w.Customer, apikey.Input{Name: " ", Scopes: view}, "name:key.name_missing"},
			{"nothing chosen", w.Owner.Actor, w.Customer, apikey.Input{Name: "k"}, "scopes:key.scopes_missing"},
			{"over already", w.Owner.Actor, w.Customer, apikey.Input{Name: "k", Scopes: view, Expires: w.clock.Now()}, "expires:key.expires_past"},
		} {
			_, err := w.Create(t.Context(), c.by, c.at, c.in)
			got := errs.CodeOf(err)
			var e *errs.Error
			if errors.As(err, &e) && strings.Contains(c.want, ":") {
				for field, p := range e.Fields {
					got = field + ":" + p.Code
				}
			}
			if got != c.want || c.want == "" && err != nil {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
		}
	})
}

func TestESC06AKeyOfOneWhoLostTheirRightsGivesNoneAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		by := w.actor(w.key(w.Owner.Actor, w.Customer, authz.UsersView, authz.UsersEdit, authz.RolesAssign, authz.LocationsView))
		worker := w.Member(w.Customer, "worker@acme.example", user.Access{Role: authz.User, Perms: authz.SetOf(authz.LocationsView), AllSubs: true})
		for _, role := range []authz.Role{authz.Owner, authz.Admin} {
			err := w.Users.Edit(t.Context(), by, w.Customer, worker.Member, 1, user.Input{Access: user.Access{Role: role, AllSubs: true}})
			wantCode(t, err, "role.above_yours")
		}
		err := w.Users.Edit(t.Context(), by, w.Customer, w.Owner.Member, 1, user.Input{Access: user.Access{Role: authz.Guest}})
		wantCode(t, err, "user.above_you")
	})
}

func TestAKeyIsNotThePerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		by := w.actor(w.key(w.Owner.Actor, w.Customer, authz.LocationsView))
		err := w.Op.WriteSelf(t.Context(), by, func(context.Context, *op.W) error { t.Error("it ran"); return nil })
		wantCode(t, err, "auth.key_not_person")
		_, _, err = w.Op.ReadSelf(by)
		wantCode(t, err, "auth.key_not_person")
	})
}

func TestKEY01OnlyTheHashOfAKeyIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		k := w.key(w.Owner.Actor, w.Customer, authz.LocationsView)
		random := k.Secret.Reveal()[len(k.Secret.Reveal())-40:]
		for _, where := range []string{"api_keys WHERE name LIKE ? OR scopes LIKE ? OR id LIKE ?", "audit_personal WHERE changes LIKE ? OR target LIKE ? OR actor_name LIKE ?"} {
			like := "%" + random[:20] + "%"
			if n := w.Count(where, like, like, like); n != 0 {
				t.Errorf("the key stands in %s", where)
			}
		}
		if n := w.Count("api_keys WHERE id = ? AND secret_hash = ?", k.ID, secret.HashToken(k.Secret.Reveal())); n != 1 {
			t.Error("the hash is not stored")
		}
	})
}

func TestTheLogSaysByWhichKeySomethingWasDone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		k := w.key(w.Owner.Actor, w.Customer, authz.CredentialsCreate, authz.LocationsView)
		w.key(w.actor(k), w.Customer, authz.LocationsView)
		n := w.Count("audit_events WHERE action = 'key.created' AND actor_kind = 'key' AND actor_id = ? AND credential = ? AND account_id = ?", w.Owner.User(), k.ID, w.Customer)
		if n != 1 {
			t.Errorf("%d events name the key", n)
		}
	})
}

func TestTheLastUseIsNotedOnceAMinute(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		k := w.key(w.Owner.Actor, w.Customer, authz.LocationsView)
		first := w.clock.Now()
		last := func() time.Time {
			all, err := w.Mine(t.Context(), w.Owner.Actor, w.Customer)
			if err != nil || len(all) != 1 {
				t.Fatalf("%d keys, %v", len(all), err)
			}
			return all[0].LastUsed
		}
		if !last().IsZero() {
			t.Error("used before its first use")
		}
		for _, step := range []struct {
			wait time.Duration
			want time.Time
		}{{0, first}, {59 * time.Second, first}, {time.Second, first.Add(time.Minute)}} {
			w.clock.Advance(step.wait)
			w.actor(k)
			if got := last(); !got.Equal(step.want) {
				t.Errorf("after %v: %v, want %v", step.wait, got, step.want)
			}
		}
	})
}

func TestWhoSeesAndRevokesWhichKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.Member(w.Customer, "admin@acme.example", user.Access{Role: authz.Admin, AllSubs: true})
		maker := w.Member(w.Customer, "maker@acme.example", user.Access{Role: authz.User, Perms: authz.SetOf(authz.CredentialsCreate, authz.LocationsView), AllSubs: true})
		of := map[string]apikey.Created{
			"owner": w.key(w.Owner.Actor, w.Customer, authz.LocationsView, authz.CredentialsView),
			"admin": w.key(admin.Actor, w.Customer, authz.LocationsView),
			"maker": w.key(maker.Actor, w.Customer, authz.LocationsView),
			"spare": w.key(maker.Actor, w.Customer, authz.LocationsView),
		}
		page, err := w.List(t.Context(), admin.Actor, w.Customer, "")
		if err != nil || len(page.Keys) != 4 {
			t.Errorf("the admin sees %d keys, %v", len(page.Keys), err)
		}
		_, err = w.List(t.Context(), maker.Actor, w.Customer, "")
		wantCode(t, err, "auth.denied")
		if mine, err := w.Mine(t.Context(), maker.Actor, w.Customer); err != nil || len(mine) != 2 {
			t.Errorf("the maker has %d keys, %v", len(mine), err)
		}
		for _, c := range []struct {
			name string
			by   authz.Actor
			at   ids.Account
			id   ids.Key
			want string
		}{
			{"another's, unseen", maker.Actor, w.Customer, of["admin"].ID, "key.not_found"},
			{"a stranger's", w.OtherOwner.Actor, w.Other, of["admin"].ID, "key.not_found"},
			{"one of somebody above", admin.Actor, w.Customer, of["owner"].ID, "user.above_you"},
			{"a key, another key of its owner", w.actor(of["spare"]), w.Customer, of["maker"].ID, "auth.denied"},
			{"a key itself", w.actor(of["spare"]), w.Customer, of["spare"].ID, ""},
			{"one's own", maker.Actor, w.Customer, of["maker"].ID, ""},
			{"again", maker.Actor, w.Customer, of["maker"].ID, "key.not_found"},
			{"from above", w.Seller.Actor, w.Customer, of["owner"].ID, ""},
			{"an Admin's by the Owner", w.Owner.Actor, w.Customer, of["admin"].ID, ""},
		} {
			if err := w.Revoke(t.Context(), c.by, c.at, c.id); errs.CodeOf(err) != c.want || c.want == "" && err != nil {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
		}
		for name, k := range of {
			if _, err := w.use(k.Secret); errs.CodeOf(err) != "auth.key_refused" {
				t.Errorf("the key of %s works on: %v", name, err)
			}
		}
	})
}
