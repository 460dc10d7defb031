// Package masterkey looks after the master keys of an installation: a new one is added and an old one dropped by the operator,
// what lies under older ones is sealed anew in the background, and every server says which one it seals with.
package masterkey

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"bailiwick/internal/account"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/notify"
	"bailiwick/internal/secret"
)

// What is recorded.
const (
	ActionAdded   = "master_key.added"
	ActionDropped = "master_key.dropped"
)

// Column is where a package keeps sealed values.
type Column interface {
	// CountSealed tells how many values lie under which key.
	CountSealed(ctx context.Context) ([]secret.Count, error)
	// SealedUnder is at most the given number of the values under a key, in their order: those after one of them, or the first.
	SealedUnder(ctx context.Context, key secret.KeyID, after secret.Stored, most int) ([]secret.Stored, error)
	// ReplaceSealed puts another sealed value in the place of one that is still there.
	ReplaceSealed(ctx context.Context, tx *db.Tx, old secret.Stored, fresh []byte) error
}

// Columns are where sealed values stay. Waiting mails do not: they are sent.
type Columns struct{ Authenticators, Files, Captured Column }

// Keeper looks after the master keys.
type Keeper struct {
	db   *db.DB
	log  *slog.Logger
	box  *secret.Box
	path string
	node string
	all  Columns
}

// NewKeeper makes the Keeper of the key file at path, over which box is.
func NewKeeper(d *db.DB, log *slog.Logger, box *secret.Box, path string, all Columns) *Keeper {
	return &Keeper{d, log, box, path, rand.Text(), all}
}

// Key is one master key, and what lies under it.
type Key struct {
	ID      secret.KeyID
	InFile  bool
	Newest  bool // the one with which servers seal once they have read it
	Servers int  // that run and seal with it
	Stored
}

// Stored is how many values lie under a key.
type Stored struct{ Authenticators, FileParts, CapturedMails, WaitingMails int }

// Values is how many they are altogether.
func (s Stored) Values() int {
	return s.Authenticators + s.FileParts + s.CapturedMails + s.WaitingMails
}

// Keys lists the keys of the file, oldest first, and after them those that are not there and that something stored needs.
func (k *Keeper) Keys(ctx context.Context) ([]Key, error) {
	uses, err := usesOf(ctx, k.db, k.db.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("look which server seals with which key: %w", err)
	}
	stored, err := k.stored(ctx)
	if err != nil {
		return nil, err
	}
	k.box.Look()
	inFile := k.box.Keys()
	all := inFile
	for _, id := range slices.SortedFunc(maps.Keys(stored), func(a, b secret.KeyID) int { return slices.Compare(a[:], b[:]) }) {
		if !slices.Contains(inFile, id) {
			all = append(all, id)
		}
	}
	var out []Key
	for i, id := range all {
		out = append(out, Key{ID: id, InFile: i < len(inFile), Newest: i == len(inFile)-1, Stored: stored[id]})
		for _, use := range uses {
			if use.Key == id {
				out[i].Servers = use.N
			}
		}
	}
	return out, nil
}

func (k *Keeper) stored(ctx context.Context) (map[secret.KeyID]Stored, error) {
	out := map[secret.KeyID]Stored{}
	waiting := func(ctx context.Context) ([]secret.Count, error) { return notify.CountWaiting(ctx, k.db) }
	for what, of := range map[string]struct {
		count func(context.Context) ([]secret.Count, error)
		to    func(*Stored) *int
	}{
		"authenticator secrets": {k.all.Authenticators.CountSealed, func(s *Stored) *int { return &s.Authenticators }},
		"parts of files":        {k.all.Files.CountSealed, func(s *Stored) *int { return &s.FileParts }},
		"captured mails":        {k.all.Captured.CountSealed, func(s *Stored) *int { return &s.CapturedMails }},
		"waiting mails":         {waiting, func(s *Stored) *int { return &s.WaitingMails }},
	} {
		counts, err := of.count(ctx)
		if err != nil {
			return nil, fmt.Errorf("count %s by their keys: %w", what, err)
		}
		for _, c := range counts {
			s := out[c.Key]
			*of.to(&s) += c.N
			out[c.Key] = s
		}
	}
	return out, nil
}

// Rotate adds a key to the file. Servers seal with it once they are told to read the file.
func (k *Keeper) Rotate(ctx context.Context, by authz.Actor) (secret.KeyID, error) {
	if err := console(by); err != nil {
		return secret.KeyID{}, err
	}
	id, err := secret.AddKey(k.path)
	if err != nil {
		return id, err
	}
	return id, k.record(ctx, by, ActionAdded, id)
}

// Drop takes a key out of the file, once nothing stored needs it.
func (k *Keeper) Drop(ctx context.Context, by authz.Actor, id secret.KeyID) error {
	if err := console(by); err != nil {
		return err
	}
	if err := k.MayDrop(ctx, id); err != nil {
		return err
	}
	if err := secret.DropKey(k.path, id); err != nil {
		return err
	}
	return k.record(ctx, by, ActionDropped, id)
}

// MayDrop says why a key has to stay. Which servers seal with it is asked before what is stored: none of them adds to that.
func (k *Keeper) MayDrop(ctx context.Context, id secret.KeyID) error {
	all, err := k.Keys(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(key Key) bool { return key.ID == id })
	switch {
	case at < 0 || !all[at].InFile:
		return errs.New(errs.NotFound, "master_key.unknown", "Name a key by its id, as bailiwick admin keys shows it. The key file holds none with the id {id}.", "id", id.String())
	case all[at].Newest:
		return errs.New(errs.Conflict, "master_key.newest", "Add another key first, with bailiwick admin rotate-key. {id} is the newest one: it seals.", "id", id.String())
	case all[at].Servers > 0:
		return errs.New(errs.Conflict, "master_key.seals", "Send SIGHUP to every server, or start it again, and try again then. Servers that still seal with {id}: {count}.", "id", id.String(), "count", all[at].Servers)
	case all[at].Values() > 0:
		return errs.New(errs.Conflict, "master_key.needed", "Wait until everything is sealed anew, which a running server does within hours. Stored values that still need {id}: {count}.", "id", id.String(), "count", all[at].Values())
	}
	return nil
}

func console(by authz.Actor) error {
	if by.Kind() != authz.Console {
		return errs.New(errs.Denied, "auth.console_only", "Run this on the server itself.")
	}
	return nil
}

// record writes into the log of the platform, if there is one yet.
func (k *Keeper) record(ctx context.Context, by authz.Actor, action string, id secret.KeyID) error {
	err := k.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		at, err := account.Root(ctx, tx)
		if err != nil || at == "" {
			return err
		}
		return audit.Record(ctx, tx, by, at, []audit.Event{{Action: action, TargetType: "master_key", TargetID: id.String(), Target: id.String()}})
	})
	if err != nil {
		return fmt.Errorf("the key file was changed; record it: %w", err)
	}
	return nil
}
