package file_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
)

const someAccount ids.Account = "acc_some"

func each(t *testing.T, fn func(t *testing.T, d *db.DB, s *file.Store, now *clock.Fake)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		now := clock.NewFake(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		d, err := db.Open(t.Context(), dsn, now.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
		box, err := secret.NewBox(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		fn(t, d, file.NewStore(op.NewRunner(d, &authz.Checker{}), d, box), now)
	})
}

func exec(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	if err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, s *file.Store, id ids.File) ([]byte, error) {
	t.Helper()
	r, err := s.Open(t.Context(), id)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestAFileComesBackAsItWasAndLiesSealed(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, s *file.Store, _ *clock.Fake) {
		for _, size := range []int{0, 1, file.PartSize - 1, file.PartSize, file.PartSize + 1, 3*file.PartSize + 7} {
			in := make([]byte, size)
			_, _ = rand.Read(in)
			id, err := s.Keep(t.Context(), someAccount, "a.csv", bytes.NewReader(in), 4*file.PartSize)
			if err != nil {
				t.Fatal(err)
			}
			out, err := content(t, s, id)
			if err != nil || !bytes.Equal(in, out) {
				t.Errorf("%d bytes: %d came back, %v", size, len(out), err)
			}
			if size < 100 {
				continue
			}
			stored, err := db.One(t.Context(), d, db.Value[[]byte], `SELECT sealed FROM file_part WHERE file_id = ? AND n = 0`, id)
			if err != nil || bytes.Contains(stored, in[:100]) {
				t.Errorf("%d bytes lie open in the database (%v)", size, err)
			}
		}
	})
}

func TestATooLargeFileIsRefused(t *testing.T) {
	each(t, func(t *testing.T, _ *db.DB, s *file.Store, _ *clock.Fake) {
		_, err := s.Keep(t.Context(), someAccount, "a.csv", bytes.NewReader(make([]byte, 2<<20+1)), 2<<20)
		if errs.CodeOf(err) != "file.too_large" {
			t.Error(err)
		}
	})
}

func TestAFileThatWasTamperedWithDoesNotOpen(t *testing.T) {
	for name, changes := range map[string][]string{
		"cut at the end":    {`UPDATE files SET parts = 2 WHERE id = ?`},
		"in another order":  {`UPDATE file_part SET n = 99 WHERE n = 0 AND file_id = ?`, `UPDATE file_part SET n = 0 WHERE n = 1 AND file_id = ?`, `UPDATE file_part SET n = 1 WHERE n = 99 AND file_id = ?`},
		"a part of another": {`UPDATE file_part SET sealed = (SELECT p.sealed FROM file_part p WHERE p.n = 0 AND p.file_id <> file_part.file_id) WHERE n = 0 AND file_id = ?`},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d *db.DB, s *file.Store, _ *clock.Fake) {
				var kept [2]ids.File
				for i := range kept {
					var err error
					if kept[i], err = s.Keep(t.Context(), someAccount, "a.csv", bytes.NewReader(make([]byte, 3*file.PartSize)), 9*file.PartSize); err != nil {
						t.Fatal(err)
					}
				}
				for _, c := range changes {
					exec(t, d, c, kept[0])
				}
				if _, err := content(t, s, kept[0]); !errors.Is(err, secret.ErrSealed) {
					t.Errorf("it opened: %v", err)
				}
				if _, err := content(t, s, kept[1]); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestWhatNothingRefersToIsSwept(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, s *file.Store, now *clock.Fake) {
		var kept [3]ids.File
		for i := range kept {
			var err error
			if kept[i], err = s.Keep(t.Context(), someAccount, "a.csv", bytes.NewReader(make([]byte, 20*file.PartSize)), 30*file.PartSize); err != nil {
				t.Fatal(err)
			}
		}
		for i, column := range []string{"upload_id", "result_id"} {
			exec(t, d, `INSERT INTO tasks (id, account_id, kind, state, created_by, created_at, updated_at, `+column+`) VALUES (?, 'a', 'k', 'done', 'u', 0, 0, ?)`, column, kept[i])
		}
		sweep := func() (left int) {
			t.Helper()
			if err := s.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			left, err := db.One(t.Context(), d, db.Value[int], `SELECT count(DISTINCT file_id) FROM file_part`)
			if err != nil {
				t.Fatal(err)
			}
			return left
		}
		if n := sweep(); n != 3 {
			t.Fatalf("%d files: one that may still be written was taken", n)
		}
		now.Advance(25 * time.Hour)
		if n := sweep(); n != 2 {
			t.Fatalf("%d files, want the two that tasks refer to", n)
		}
		if _, err := s.Open(t.Context(), kept[2]); errs.KindOf(err) != errs.NotFound {
			t.Error(err)
		}
	})
}
