package authn

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
	"bailiwick/internal/user/usertest"
)

// town is several accounts with people, and their sign-in.
type town struct {
	*usertest.World
	*Service
	t *testing.T
}

func inTown(t *testing.T, fn func(t *testing.T, w *town)) {
	t.Helper()
	at := clock.NewFake(usertest.Start)
	dbtest.EachAt(t, at.Now, func(t *testing.T, d *db.DB) {
		w := usertest.New(t, d)
		box, err := secret.NewBox(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		fn(t, &town{w, New(Deps{DB: d, Op: w.Op, Check: w.Check, Hasher: w.Hash, Box: box, Mail: w.Mail}), t})
	})
}

var (
	adminAccess = user.Access{Role: authz.Admin, AllSubs: true}
	userAccess  = user.Access{Role: authz.User, Perms: authz.ModuleSet("reports"), AllSubs: true}
)

func (w *town) identity(of usertest.Person) Profile {
	w.t.Helper()
	p, err := w.Profile(w.t.Context(), of.Actor)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *town) rename(by, of usertest.Person, at ids.Account, name string) error {
	in := w.identity(of)
	in.Name = name
	return w.UpdateIdentity(w.t.Context(), by.Actor, at, of.Member, in)
}

// confirmation is the token of the latest mail that asks an address to be confirmed, "" when there is none.
func (w *town) confirmation(address string) (token secret.String) {
	w.t.Helper()
	for _, m := range w.Mails() {
		if m.To == address && m.Template == notify.EmailConfirm {
			token = secret.Wrap(strings.TrimPrefix(m.Link.Reveal(), "/confirm-email/"))
		}
	}
	return token
}

func TestESC03OnlyWhoStandsAboveAPersonEverywhereReachesTheirIdentity(t *testing.T) {
	inTown(t, func(t *testing.T, w *town) {
		admin := w.Member(w.Customer, "admin@acme.example", adminAccess)
		plain := w.Member(w.Customer, "plain@acme.example", userAccess)
		below := w.Member(w.Customer, "below@acme.example", userAccess)
		w.Member(w.Department, "below@acme.example", adminAccess)
		shared := w.Member(w.Customer, "shared@acme.example", userAccess)
		w.Member(w.Other, "shared@acme.example", user.Default())
		former := w.Member(w.Customer, "former@acme.example", userAccess)
		gone := w.Member(w.Other, "former@acme.example", user.Default())
		w.Exec("UPDATE memberships SET deactivated_at = 1 WHERE id = ?", gone.Member)
		higher := w.Member(w.Customer, "higher@acme.example", userAccess)
		w.Member(w.Reseller, "higher@acme.example", user.Default())
		rich := w.Member(w.Customer, "rich@acme.example", user.Access{Role: authz.Admin, Perms: authz.ModuleSet("payments"), AllSubs: true})
		reader := w.Member(w.Customer, "reader@acme.example", user.Access{Role: authz.User, Perms: userAccess.Perms.Union(authz.SetOf(authz.MessagesViewBody)), AllSubs: true})
		sellers := w.Member(w.Reseller, "admin@reseller.example", adminAccess)
		const theirs = "user.identity_theirs"
		for _, c := range []struct {
			title  string
			by, on usertest.Person
			want   string
		}{
			{"an admin and a user", admin, plain, ""},
			{"an admin and somebody with a department too", admin, below, ""},
			{"an admin and somebody with a foreign account", admin, shared, theirs},
			{"the reseller above both accounts", w.Seller, shared, ""},
			{"an admin and somebody deactivated in a foreign account", admin, former, theirs},
			{"an admin and a Guest of the reseller", admin, higher, theirs},
			{"an admin and the Owner", admin, w.Owner, theirs},
			{"an admin of the reseller and the Owner", sellers, w.Owner, theirs},
			{"the Owner of the reseller and the Owner", w.Seller, w.Owner, ""},
			{"an admin and an admin with billing", admin, rich, theirs},
			{"an admin and a reader of message bodies", admin, reader, theirs},
			{"the platform and a reader of message bodies", w.Root, reader, theirs},
			{"an admin and themselves", admin, admin, theirs},
			{"a user and a user", plain, below, "auth.denied"},
			{"a foreign Owner and a user", w.OtherOwner, plain, "account.not_found"},
			{"a foreign Owner and somebody shared", w.OtherOwner, shared, "account.not_found"},
		} {
			if _, err := w.SignInAs(t.Context(), c.on.User(), Client{IP: "192.0.2.9"}); err != nil {
				t.Fatal(err)
			}
			var session ids.Session
			if all, err := w.Sessions(t.Context(), c.on.Actor); err != nil || len(all) == 0 {
				t.Fatalf("%d sessions, %v", len(all), err)
			} else {
				session = all[0].ID
			}
			w.Exec("DELETE FROM attempts")
			for what, err := range map[string]error{
				"rename":           w.rename(c.by, c.on, w.Customer, "Renamed for "+c.title),
				"change the email": w.AskEmailFor(t.Context(), c.by.Actor, w.Customer, c.on.Member, "fresh@acme.example"),
				"end a session":    w.EndSessionOf(t.Context(), c.by.Actor, w.Customer, c.on.Member, session),
				"end sessions":     w.EndSessionsOf(t.Context(), c.by.Actor, w.Customer, c.on.Member),
			} {
				if errs.CodeOf(err) != c.want {
					t.Errorf("%s, %s: %v, want %q", c.title, what, err, c.want)
				}
			}
			left, err := w.Sessions(t.Context(), c.on.Actor)
			if err != nil || (len(left) == 0) != (c.want == "") {
				t.Errorf("%s: %d sessions remain, %v", c.title, len(left), err)
			}
			_, reach, err := w.IdentityOf(t.Context(), c.by.Actor, w.Customer, c.on.Member)
			if reach != (c.want == "") || c.want == theirs && err != nil {
				t.Errorf("%s: the page offers it: %v, %v", c.title, reach, err)
			}
		}
	})
}

func TestESC03ASessionOfSomebodyElseIsNotFound(t *testing.T) {
	inTown(t, func(t *testing.T, w *town) {
		plain, other := w.Member(w.Customer, "plain@acme.example", userAccess), w.Member(w.Customer, "other@acme.example", userAccess)
		if _, err := w.SignInAs(t.Context(), other.User(), Client{IP: "192.0.2.9"}); err != nil {
			t.Fatal(err)
		}
		all, err := w.Sessions(t.Context(), other.Actor)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d sessions, %v", len(all), err)
		}
		wantCode(t, w.EndSessionOf(t.Context(), w.Owner.Actor, w.Customer, plain.Member, all[0].ID), "session.not_found")
		wantCode(t, w.EndSessionOf(t.Context(), w.Owner.Actor, w.Customer, other.Member, all[0].ID), "")
	})
}

func TestChangingAnIdentityKeepsTheRulesOfAProfile(t *testing.T) {
	inTown(t, func(t *testing.T, w *town) {
		plain := w.Member(w.Customer, "plain@acme.example", userAccess)
		change := func(in Profile) error {
			return w.UpdateIdentity(t.Context(), w.Owner.Actor, w.Customer, plain.Member, in)
		}
		was := w.identity(plain)
		in := was
		in.Name, in.Username, in.Language, in.TimeZone = "Paula Plain", "paula", "en", "Europe/Lisbon"
		wantCode(t, change(in), "")
		wantCode(t, change(in), "profile.stale")
		is := w.identity(plain)
		in.Version = is.Version
		if is != in {
			t.Errorf("stored %+v, want %+v", is, in)
		}
		in.Username = "owner@acme.example"
		wantCode(t, change(in), "username.address")
		in.Username, in.Name = "paula", " "
		wantCode(t, change(in), "name.missing")
		if n := w.Count("member_list WHERE membership_id = ? AND name_fold = 'paula plain'", plain.Member); n != 1 {
			t.Error("the list of people has the old name")
		}
		if n := w.Count("audit_events WHERE action = ? AND target_id = ?", ActionIdentityChanged, plain.Member); n != 1 {
			t.Errorf("%d events in the log", n)
		}
	})
}

func TestVER01AnAddressSetByAnAdminCountsOnlyFromItsMailbox(t *testing.T) {
	inTown(t, func(t *testing.T, w *town) {
		plain := w.Member(w.Customer, "plain@acme.example", userAccess)
		ask := func(address string) error {
			return w.AskEmailFor(t.Context(), w.Owner.Actor, w.Customer, plain.Member, address)
		}
		wantCode(t, ask("nobody"), "email.malformed")
		wantCode(t, ask("plain@acme.example"), "email.same")
		wantCode(t, ask("owner@other.example"), "")
		if token := w.confirmation("owner@other.example"); !token.Empty() {
			t.Error("an address that somebody uses got mail")
		}
		wantCode(t, ask("new@acme.example"), "")
		if got := w.identity(plain).Email; got != "plain@acme.example" {
			t.Fatalf("%s counts before it was confirmed", got)
		}
		token := w.confirmation("new@acme.example")
		if to, err := w.PeekEmail(t.Context(), token); err != nil || to != "new@acme.example" {
			t.Errorf("the page shows %q, %v", to, err)
		}
		if _, err := w.SignInAs(t.Context(), plain.User(), Client{IP: "192.0.2.9"}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, w.ConfirmEmail(t.Context(), token, Client{IP: "192.0.2.9"}), "")
		if got := w.identity(plain).Email; got != "new@acme.example" {
			t.Errorf("%s after it was confirmed", got)
		}
		if all, err := w.Sessions(t.Context(), plain.Actor); err != nil || len(all) != 0 {
			t.Errorf("%d sessions remain, %v", len(all), err)
		}
		if !slices.ContainsFunc(w.Mails(), func(m notify.Mail) bool { return m.Template == notify.EmailChanged && m.To == "plain@acme.example" }) {
			t.Error("the old address was not told")
		}
		for range perForgotAccount {
			err := ask("another@acme.example")
			if errs.CodeOf(err) == "email.too_many" {
				return
			}
			wantCode(t, err, "")
		}
		t.Error("any number of mails can be sent to strangers")
	})
}

func TestESC03AnAddressIsNotConfirmedOnceItsAskerLostReach(t *testing.T) {
	for title, lose := range map[string]func(w *town, admin, plain usertest.Person){
		"the person joined a foreign account": func(w *town, _, plain usertest.Person) { w.Member(w.Other, plain.Email, user.Default()) },
		"the person became an Owner": func(w *town, _, plain usertest.Person) {
			w.Exec("UPDATE memberships SET role = 'owner' WHERE id = ?", plain.Member)
		},
		"the person was removed": func(w *town, _, plain usertest.Person) { w.Exec("DELETE FROM memberships WHERE id = ?", plain.Member) },
		"the admin was deactivated": func(w *town, admin, _ usertest.Person) {
			w.Exec("UPDATE memberships SET deactivated_at = 1 WHERE id = ?", admin.Member)
		},
	} {
		t.Run(title, func(t *testing.T) {
			inTown(t, func(t *testing.T, w *town) {
				admin, plain := w.Member(w.Customer, "admin@acme.example", adminAccess), w.Member(w.Customer, "plain@acme.example", userAccess)
				wantCode(t, w.AskEmailFor(t.Context(), admin.Actor, w.Customer, plain.Member, "mine@acme.example"), "")
				lose(w, admin, plain)
				wantCode(t, w.ConfirmEmail(t.Context(), w.confirmation("mine@acme.example"), Client{}), "link.dead")
				if got := w.identity(plain).Email; got != "plain@acme.example" {
					t.Errorf("the address is %s", got)
				}
			})
		})
	}
}

// TestESC04AMembershipThatComesMeanwhileIsSeen lets an admin rename a person while a foreign account adds them and
// notes the name it sees. If the renaming was allowed, it came first, so the other saw the new name.
func TestESC04AMembershipThatComesMeanwhileIsSeen(t *testing.T) {
	inTown(t, func(t *testing.T, w *town) {
		console := authz.Mint(authz.Identity{Kind: authz.Console, ID: "console", Account: w.Platform, Perms: authz.Everything()})
		for i := range 20 {
			plain := w.Member(w.Customer, fmt.Sprintf("plain%d@acme.example", i), userAccess)
			var renamed, joined error
			saw := ""
			var wg sync.WaitGroup
			wg.Go(func() { renamed = w.rename(w.Owner, plain, w.Customer, "New") })
			wg.Go(func() {
				joined = w.DB.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
					p, _, err := user.FindByID(ctx, tx, plain.User())
					if err != nil {
						return err
					}
					saw = p.Name
					sc, err := w.Check.See(ctx, tx, console, w.Other)
					if err != nil {
						return err
					}
					_, err = user.Add(ctx, tx, sc, plain.User(), user.Default())
					return err
				})
			})
			wg.Wait()
			if joined != nil {
				t.Fatal(joined)
			}
			if code := errs.CodeOf(renamed); renamed != nil && code != "user.identity_theirs" {
				t.Fatal(renamed)
			}
			if renamed == nil && saw != "New" {
				t.Fatalf("renamed although the person belonged to a foreign account, which saw %q", saw)
			}
		}
	})
}
