package db_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"testing"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
)

// What one database holds can be restored into the other, bytes, empty values and parents younger than their children included.
func TestABackupRestoresIntoEitherDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, from *db.DB) {
		err := from.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			for _, c := range [][3]string{{"p", "", "Plätform"}, {"z-parent", "p", "Parent"}, {"a-child", "z-parent", "Child"}} {
				if err := insertCustomer(ctx, tx, c[0], c[1], c[2]); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `INSERT INTO known_devices (token_hash, user_id, created_at, seen_at) SELECT ?, id, 1, 2 FROM identities`, []byte{0, 255})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, totp_secret, password_short, created_at, updated_at)
				VALUES ('u', 'a@b.example', 'a@b.example', 'a', 'a', 'A', 'a', ?, TRUE, 1, 1)`, []byte{0, 1, 255}); err != nil {
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var archive bytes.Buffer
		wrote, err := from.Backup(t.Context(), &archive)
		if err != nil || wrote != 4 {
			t.Fatalf("wrote %d rows, %v", wrote, err)
		}
		dbtest.Each(t, func(t *testing.T, to *db.DB) {
			read, err := to.Restore(t.Context(), bytes.NewReader(archive.Bytes()))
			if err != nil || read != wrote {
				t.Fatalf("read %d of %d rows, %v", read, wrote, err)
			}
			secret, err := db.One(t.Context(), to, db.Value[[]byte], `SELECT totp_secret FROM identities WHERE password_short AND password_changed_at IS NULL`)
			if err != nil || !bytes.Equal(secret, []byte{0, 1, 255}) {
				t.Errorf("secret %v, %v", secret, err)
			}
			if _, err := to.Restore(t.Context(), bytes.NewReader(archive.Bytes())); errs.CodeOf(err) != "archive.not_empty" {
				t.Errorf("restoring over data: %v", err)
			}
		})
	})
}

func TestADamagedArchiveChangesNothing(t *testing.T) {
	from := dbtest.SQLite(t, clock.System)
	if err := from.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return insertCustomer(ctx, tx, "p", "", "Platform") }); err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if _, err := from.Backup(t.Context(), &archive); err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"cut short":      archive.Bytes()[:archive.Len()-20],
		"empty":          nil,
		"something else": []byte("SQLite format 3"),
		"a text changed": changed(t, archive.Bytes()),
	} {
		to := dbtest.SQLite(t, clock.System)
		if _, err := to.Restore(t.Context(), bytes.NewReader(damaged)); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if there, err := db.Exists(t.Context(), to, `SELECT 1 FROM accounts`); there || err != nil {
			t.Errorf("%s: something was restored, %v", name, err)
		}
	}
}

// changed returns the archive with another name in it and the checksum of the old one.
func changed(t *testing.T, archive []byte) []byte {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(bytes.Replace(text, []byte("Platform"), []byte("Platfarm"), 1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const trailer = 8 // checksum and size, RFC 1952
	return append(out.Bytes()[:out.Len()-trailer], archive[len(archive)-trailer:]...)
}
