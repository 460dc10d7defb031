package authn

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/secret"
)

const (
	enumRounds = 31                   // of each login, in turns; the quickest counts, which is what a busy machine slows least
	enumFactor = 2.0                  // how far the quickest times may lie apart; without the hash for nobody it is four times and more
	enumNoise  = 5 * time.Millisecond // what a busy machine makes of a single write
)

// TestENU01AnswersTakeTheSameTime asks again and again as somebody known and as nobody: neither what is said nor how
// long it takes tells them apart. The times are those of this computer; what it is told is that of a clock which jumps
// over the limits of attempts.
func TestENU01AnswersTakeTheSameTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.install()
		w.hasher = secret.NewHasher(secret.Params{Time: 1, MemoryKiB: 16 << 10, Threads: 1, AtOnce: 1})
		w.mustSignIn(Client{IP: "192.0.2.1"}) // the hash is made anew at this cost
		for name, ask := range map[string]func(login string, from Client) error{
			"sign-in": func(login string, from Client) error {
				_, err := w.signIn(login, otherPass, from)
				return err
			},
			"forgotten password": func(login string, from Client) error { return w.Forgot(w.ctx, login, from) },
		} {
			times, said := map[string][]time.Duration{}, map[string]string{}
			for i := range enumRounds {
				w.clock.Advance(attemptWindow + time.Minute)
				for _, login := range []string{ownerMail, "nobody@example.com", "not an address"} {
					began := clock.System()
					err := ask(login, Client{IP: "192.0.2.9", RequestID: fmt.Sprint("req", i)})
					times[login] = append(times[login], clock.System().Sub(began))
					said[login] = fmt.Sprint(err)
				}
			}
			known := slices.Min(times[ownerMail])
			for _, login := range []string{"nobody@example.com", "not an address"} {
				if said[login] != said[ownerMail] {
					t.Errorf("%s says %s to %q, and %s to somebody known", name, said[login], login, said[ownerMail])
				}
				apart := float64(slices.Min(times[login])) / float64(known)
				if (slices.Min(times[login])-known).Abs() > enumNoise && (apart > enumFactor || apart < 1/enumFactor) {
					t.Errorf("%s takes %v for %q, and %v for somebody known", name, slices.Min(times[login]), login, known)
				}
			}
			t.Logf("%s: %v for somebody known, %v for nobody", name, known, slices.Min(times["nobody@example.com"]))
		}
	})
}
