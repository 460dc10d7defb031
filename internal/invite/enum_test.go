package invite_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/notify"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

const (
	enumRounds = 21                   // in turns; the quickest counts, which is what a busy machine slows least
	enumFactor = 2.5                  // how far the quickest times may lie apart
	enumNoise  = 5 * time.Millisecond // what a busy machine makes of a single write
)

// TestENU01InvitingTellsNothingOfOtherAccounts invites and creates people who are known elsewhere, are invited elsewhere
// or are known to nobody. What is said, what is mailed and how long it takes are the same.
func TestENU01InvitingTellsNothingOfOtherAccounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// A hash that takes its time would show: no way of inviting makes one.
		w.Hash = secret.NewHasher(secret.Params{Time: 2, MemoryKiB: 64 << 10, Threads: 1, AtOnce: 1})
		w.Service = invite.NewService(invite.Deps{DB: w.DB, Op: w.Op, Check: w.World.Check, Mail: w.Mail, Hasher: w.Hash})
		by := w.Owner.Actor
		for name, ask := range map[string]func(address string) error{
			"checking": func(a string) error {
				all, err := w.Service.Check(t.Context(), by, w.Customer, a)
				if err == nil && (len(all) != 1 || all[0].Why != invite.OK) {
					t.Errorf("%s is %+v", a, all)
				}
				return err
			},
			"inviting": func(a string) error {
				_, err := w.Invite(t.Context(), by, w.Customer, invite.Input{Addresses: a, Access: modules})
				return err
			},
			"creating": func(a string) error {
				return w.CreateUser(t.Context(), by, w.Customer, invite.Create{Name: "Somebody", Email: a, Access: modules})
			},
		} {
			times, said, mails := map[string][]time.Duration{}, map[string]string{}, map[string]int{}
			for i := range enumRounds {
				for _, kind := range []string{"known", "invited", "nobody"} {
					address := fmt.Sprintf("%s%d@%s.example", kind, i, name)
					switch kind {
					case "known":
						w.Member(w.Other, address, user.Access{Role: authz.Admin, AllSubs: true})
					case "invited":
						if _, err := w.Invite(t.Context(), w.OtherOwner.Actor, w.Other, invite.Input{Addresses: address, Access: modules}); err != nil {
							t.Fatal(err)
						}
					}
					before := len(w.Mails())
					began := clock.System()
					err := ask(address)
					times[kind] = append(times[kind], clock.System().Sub(began))
					said[kind] += fmt.Sprintln(err)
					mails[kind] += len(w.Mails()) - before
				}
			}
			known := slices.Min(times["known"])
			for _, kind := range []string{"invited", "nobody"} {
				if said[kind] != said["known"] || mails[kind] != mails["known"] {
					t.Errorf("%s: %s is told %q in %d mails, known %q in %d", name, kind, said[kind], mails[kind], said["known"], mails["known"])
				}
				apart := float64(slices.Min(times[kind])) / float64(known)
				if (slices.Min(times[kind])-known).Abs() > enumNoise && (apart > enumFactor || apart < 1/enumFactor) {
					t.Errorf("%s takes %v for %s, and %v for somebody known", name, slices.Min(times[kind]), kind, known)
				}
			}
			t.Logf("%s: %v for somebody known, %v for nobody", name, known, slices.Min(times["nobody"]))
		}
	})
}

// TestENU01ADeadLinkIsTheSameForEverybody: what an invitation that is over says depends on nobody's identity.
func TestENU01ADeadLinkIsTheSameForEverybody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.Member(w.Other, "known@acme.example", user.Access{Role: authz.Admin, AllSubs: true})
		for name, end := range map[string]func(email string){
			"revoked": func(email string) {
				w.Exec("UPDATE invitations SET revoked_at = 1 WHERE email_fold = ?", ids.Fold(email))
			},
			"expired": func(email string) {
				w.Exec("UPDATE invitations SET expires_at = 1 WHERE email_fold = ?", ids.Fold(email))
			},
			"accepted": func(email string) {
				w.Exec("UPDATE invitations SET accepted_at = 1 WHERE email_fold = ?", ids.Fold(email))
			},
		} {
			said := map[string]string{}
			for _, email := range []string{"known@acme.example", "nobody@acme.example"} {
				w.Exec("DELETE FROM invitations")
				w.clock.Advance(time.Second) // mails stand in the order of their instants
				w.invite(w.Owner.Actor, email, modules)
				token := w.token(email)
				end(email)
				_, seen := w.Peek(t.Context(), token)
				_, taken := w.acceptNew(token)
				if seen == nil || taken == nil {
					t.Errorf("%s: the link still works", name)
				}
				said[email] = fmt.Sprint(seen, " / ", taken)
			}
			if said["known@acme.example"] != said["nobody@acme.example"] {
				t.Errorf("%s: %v", name, said)
			}
		}
		if n := len(w.Mails()); n == 0 || w.Mails()[n-1].Template != notify.Invitation {
			t.Errorf("%d mails", n)
		}
	})
}
