package masterkey_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"bailiwick/internal/app"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/config"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/masterkey"
	"bailiwick/internal/secret"
)

// town is an installation with something of each kind under the first key.
type town struct {
	*apptest.World
	t    *testing.T
	dsn  string
	data string
	old  secret.KeyID

	totp     secret.String
	whole    ids.File
	begun    ids.File // to which a part is added later
	content  []byte
	captured ids.Mail
}

func each(t *testing.T, fn func(t *testing.T, w *town)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		w := &town{t: t, dsn: dsn, data: t.TempDir()}
		w.World = apptest.New(t, dsn, w.here)
		w.old = w.newest()
		w.store()
		fn(t, w)
	})
}

func (w *town) here(c *config.Config) { c.Data = w.data }

func (w *town) path() string { return filepath.Join(w.data, "key") }

// startAgain is the program started again on the same data.
func (w *town) startAgain() *apptest.World {
	w.t.Helper()
	next := apptest.Bare(w.t, w.dsn, w.here)
	next.Clock.Set(w.Clock.Now())
	return next
}

func (w *town) newest() secret.KeyID {
	w.t.Helper()
	all, err := w.MasterKeys.Keys(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return all[len(all)-1].ID
}

func (w *town) key(of *apptest.World, id secret.KeyID) masterkey.Key {
	w.t.Helper()
	all, err := of.MasterKeys.Keys(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, k := range all {
		if k.ID == id {
			return k
		}
	}
	return masterkey.Key{}
}

const parts = 20

func (w *town) store() {
	w.t.Helper()
	ctx := w.t.Context()
	from := authn.Client{IP: "203.0.113.7", Session: w.Owner.Token}
	if err := w.Authn.BeginTOTP(ctx, w.Root, secret.Wrap(apptest.Password), from); err != nil {
		w.t.Fatal(err)
	}
	e, err := w.Authn.PendingTOTP(ctx, w.Root, "Halyard")
	if err != nil {
		w.t.Fatal(err)
	}
	w.totp = e.Key
	if _, _, err := w.Authn.ConfirmTOTP(ctx, w.Root, w.code(), from); err != nil {
		w.t.Fatal(err)
	}
	w.Clock.Advance(2 * time.Minute)
	w.Drain() // a mail about it is captured
	w.captured = ids.Mail(w.Text(`SELECT id FROM captured_mail ORDER BY id DESC LIMIT 1`))
	w.content = make([]byte, (parts-1)*file.PartSize+7)
	_, _ = rand.Read(w.content)
	if w.whole, err = w.Files.Keep(ctx, w.Platform, "whole.csv", bytes.NewReader(w.content), 2*parts*file.PartSize); err != nil {
		w.t.Fatal(err)
	}
	w.begun = ids.NewFile(w.Clock.Now())
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(file.CreateIn(ctx, tx, w.begun, w.Platform, "begun.csv"), w.Files.AppendIn(ctx, tx, w.begun, []byte("first, "), false))
	})
}

func (w *town) code() string {
	w.t.Helper()
	code, err := totp.GenerateCode(w.totp.Reveal(), w.Clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

func (w *town) rotate() secret.KeyID {
	w.t.Helper()
	id, err := w.MasterKeys.Rotate(w.t.Context(), authn.ConsoleActor(""))
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *town) read(of *apptest.World, id ids.File) []byte {
	w.t.Helper()
	r, err := of.Files.Open(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		w.t.Errorf("after %d bytes: %v", len(out), err)
	}
	return out
}

func (w *town) doctorSays(of *apptest.World, text string) {
	w.t.Helper()
	all := of.Doctor(w.t.Context())
	if !slices.ContainsFunc(all, func(f app.Finding) bool { return strings.HasPrefix(f.What, text) }) {
		w.t.Errorf("the doctor does not say %q: %v", text, all)
	}
}

// signsIn gets in with the code of the second factor.
func (w *town) signsIn(to *apptest.World) error {
	w.t.Helper()
	w.Clock.Advance(time.Minute)
	to.Clock.Set(w.Clock.Now())
	from := authn.Client{IP: "203.0.113.9"}
	half, err := to.Authn.SignIn(w.t.Context(), authn.SignInInput{Login: apptest.OwnerEmail, Password: secret.Wrap(apptest.Password), From: from})
	if err != nil {
		return err
	}
	from.Session, from.Device = half.Token, half.Device
	_, err = to.Authn.VerifyCode(w.t.Context(), w.code(), from)
	return err
}

// allIsThere reads everything that was stored.
func (w *town) allIsThere(of *apptest.World) {
	w.t.Helper()
	if !bytes.Equal(w.read(of, w.whole), w.content) {
		w.t.Error("the file is another one")
	}
	if m, err := of.Mailbox.Get(w.t.Context(), w.captured); err != nil || m.Text == "" {
		w.t.Errorf("the captured mail: %v", err)
	}
	if err := w.signsIn(of); err != nil {
		w.t.Errorf("signing in with a code: %v", err)
	}
}

// TestTheMasterKeyIsRotated follows a rotation from end to end, with a node that is never told of it.
func TestTheMasterKeyIsRotated(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		ctx := t.Context()
		if got := w.key(w.World, w.old); !got.Newest || got.Authenticators != 1 || got.FileParts != parts+1 || got.CapturedMails < 1 || got.WaitingMails != 0 {
			t.Fatalf("before: %+v", got)
		}
		slow, err := w.Files.Open(ctx, w.whole)
		if err != nil {
			t.Fatal(err)
		}
		begin := make([]byte, file.PartSize+1)
		if _, err := io.ReadFull(slow, begin); err != nil {
			t.Fatal(err)
		}
		added := w.rotate()
		if _, err := w.Invites.Invite(ctx, w.Root, w.Platform, invite.Input{Addresses: "anna@halyard.example", Access: apptest.As(authz.Admin)}); err != nil {
			t.Fatal(err) // its mail waits, under the key that seals here
		}
		next := w.startAgain()
		if got := w.key(next, added); got.Values() != 0 {
			t.Fatalf("the new key seals before the node was told: %+v", got)
		}
		if err := next.MasterKeys.Reseal(ctx); err != nil {
			t.Fatal(err)
		}
		if old := w.key(next, w.old); old.Values() != 1 || old.WaitingMails != 1 {
			t.Errorf("after sealing anew the old key is needed by %+v", old)
		}
		if got := w.key(next, added); got.Authenticators != 1 || got.FileParts != parts+1 || got.CapturedMails < 1 {
			t.Errorf("the new key seals %+v", got)
		}
		rest, err := io.ReadAll(slow) // on the node that was not told
		if err != nil || !bytes.Equal(append(begin, rest...), w.content) {
			t.Errorf("a file that was sealed anew while it was read: %v", err)
		}
		w.allIsThere(w.World)
		if err := w.MasterKeys.Reseal(ctx); err != nil || w.key(w.World, w.old).Values() != 1 {
			t.Errorf("the node that was not told seals with the old key again (%v)", err)
		}

		if err := next.MasterKeys.Drop(ctx, authn.ConsoleActor(""), w.old); errs.CodeOf(err) != "master_key.needed" {
			t.Errorf("dropped while a mail waits under it: %v", err)
		}
		w.doctorSays(next, "Older master keys still seal something: "+w.old.String())
		next.Drain()
		w.doctorSays(next, "Nothing stored needs these master keys any more: "+w.old.String())
		if err := next.MasterKeys.Drop(ctx, authn.ConsoleActor(""), w.old); err != nil {
			t.Fatal(err)
		}
		last := w.startAgain()
		w.doctorSays(last, "Everything stored is sealed with the master key in use")
		w.allIsThere(last)
		last.Write(func(ctx context.Context, tx *db.Tx) error {
			return last.Files.AppendIn(ctx, tx, w.begun, []byte("last"), true)
		})
		if got := w.read(last, w.begun); string(got) != "first, last" {
			t.Errorf("a file that was begun before: %q", got)
		}
		for action, id := range map[string]secret.KeyID{masterkey.ActionAdded: added, masterkey.ActionDropped: w.old} {
			if w.Count("audit_events WHERE action = ? AND account_id = ? AND target_id = ? AND actor_kind = ?", action, w.Platform, id.String(), authz.Console) != 1 {
				t.Errorf("%s is not in the log", action)
			}
		}
	})
}

func TestSealingAnewTakesNothingBack(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		ctx := t.Context()
		w.rotate()
		next := w.startAgain()
		for name, c := range map[string]masterkey.Column{"authenticators": next.Authn, "files": next.Files, "captured mails": next.Mailbox} {
			found, err := c.SealedUnder(ctx, w.old, secret.Stored{}, 1)
			if err != nil || len(found) != 1 {
				t.Fatalf("%s: %d, %v", name, len(found), err)
			}
			replace := func(old secret.Stored, fresh []byte) {
				t.Helper()
				if err := next.DB.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return c.ReplaceSealed(ctx, tx, old, fresh) }); err != nil {
					t.Fatal(err)
				}
			}
			meanwhile := append(bytes.Clone(found[0].Sealed), 0) // what somebody else has written since it was read
			replace(found[0], meanwhile)
			replace(found[0], []byte("too late"))
			again, err := c.SealedUnder(ctx, w.old, secret.Stored{}, 1)
			if err != nil || len(again) != 1 || !bytes.Equal(again[0].Sealed, meanwhile) {
				t.Errorf("%s: what was written meanwhile is gone (%v)", name, err)
			}
		}
	})
}

// TestSealingAnewGoesOnWhereItWasStopped stops it after every write, and once meets a value that does not open.
func TestSealingAnewGoesOnWhereItWasStopped(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		added := w.rotate()
		next := w.startAgain()
		left := w.key(next, w.old).Values()
		all := left
		for tries := 0; left > 0; tries++ {
			ctx, stop := context.WithCancel(t.Context())
			c := masterkey.Columns{Authenticators: next.Authn, Files: stopping{next.Files, stop}, Captured: next.Mailbox}
			if err := next.MasterKeys.Over(c).Reseal(ctx); err != nil && !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			stop()
			now := w.key(next, w.old).Values()
			if now >= left || now+w.key(next, added).Values() != all {
				t.Fatalf("try %d: %d of %d are left after %d", tries, now, all, left)
			}
			left = now
		}
		w.allIsThere(next)

		w.Exec(`UPDATE file_part SET sealed = ? WHERE file_id = ? AND n = 3`, append([]byte{1}, append(w.old[:], make([]byte, 90)...)...), w.whole)
		if err := next.MasterKeys.Reseal(t.Context()); err != nil || !strings.Contains(next.Journal.Text(), "could not be sealed anew") || !strings.Contains(next.Journal.Text(), string(w.whole)) {
			t.Errorf("nobody is told of a damaged part (%v)", err)
		}
		if got := w.key(next, w.old); got.FileParts != 1 || got.Values() != 1 {
			t.Errorf("the old key is needed by %+v", got)
		}
	})
}

// stopping ends the work after one write into a column.
type stopping struct {
	masterkey.Column
	stop func()
}

func (s stopping) SealedUnder(ctx context.Context, key secret.KeyID, after secret.Stored, most int) ([]secret.Stored, error) {
	if after.ID != "" {
		s.stop()
	}
	return s.Column.SealedUnder(ctx, key, after, most)
}

func TestAServerIsToldByHangup(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		hangup := make(chan os.Signal)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := w.MasterKeys.Run(ctx, hangup); err != nil {
				t.Error(err)
			}
		})
		// Run takes a second signal once it is done with the first, and with what it says after it.
		told := func() { hangup <- os.Interrupt; hangup <- os.Interrupt; hangup <- os.Interrupt }
		told()
		added := w.rotate()
		if err := w.MasterKeys.Drop(t.Context(), authn.ConsoleActor(""), w.old); errs.CodeOf(err) != "master_key.seals" {
			t.Errorf("dropped while a server seals with it: %v", err)
		}
		if err := os.Chmod(w.path(), 0o644); err != nil {
			t.Fatal(err)
		}
		told()
		if !strings.Contains(w.Journal.Text(), "the key file cannot be used") || w.key(w.World, w.old).Servers != 1 {
			t.Error("a file that others can read was used")
		}
		if err := os.Chmod(w.path(), 0o600); err != nil {
			t.Fatal(err)
		}
		told()
		if got := w.key(w.World, added); got.Servers != 1 || !got.Newest {
			t.Errorf("the new key: %+v", got)
		}
		if err := w.MasterKeys.Reseal(t.Context()); err != nil || w.key(w.World, w.old).Values() != 0 {
			t.Errorf("sealing anew: %v", err)
		}
		stop()
		wg.Wait()
		if n := w.Count("key_use"); n != 0 {
			t.Errorf("%d servers are left on the list", n)
		}
	})
}

func TestWhoeverIsNotTheOperatorRotatesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *town) {
		if _, err := w.MasterKeys.Rotate(t.Context(), w.Root); errs.KindOf(err) != errs.Denied {
			t.Errorf("the platform's Owner rotates: %v", err)
		}
		if err := w.MasterKeys.Drop(t.Context(), w.Root, w.old); errs.KindOf(err) != errs.Denied {
			t.Errorf("the platform's Owner drops: %v", err)
		}
	})
}
