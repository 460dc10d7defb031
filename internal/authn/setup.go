package authn

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"bailiwick/internal/account"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
	"bailiwick/internal/user"
)

// PrepareSetup makes the one-time token of the set-up page while there is no platform yet. It returns the empty
// string when there is one. A token of an earlier start no longer works.
func (s *Service) PrepareSetup(ctx context.Context) (secret.String, error) {
	var token secret.String
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		token = secret.String{}
		_, err := platform(ctx, tx)
		if err == nil {
			return nil
		}
		if !errors.Is(err, db.ErrNoRows) {
			return fmt.Errorf("look up the platform: %w", err)
		}
		var hash []byte
		token, hash = secret.NewToken()
		return saveSetupToken(ctx, tx, hex.EncodeToString(hash))
	})
	return token, err
}

// CheckSetup says whether the token opens the set-up page. Looking changes nothing.
func (s *Service) CheckSetup(ctx context.Context, token secret.String) error {
	return checkSetup(ctx, s.db, token)
}

func checkSetup(ctx context.Context, q db.Queryer, token secret.String) error {
	_, err := platform(ctx, q)
	if err == nil {
		return errs.NoSuch("page")
	}
	if !errors.Is(err, db.ErrNoRows) {
		return fmt.Errorf("look up the platform: %w", err)
	}
	stored, err := setupToken(ctx, q)
	if errors.Is(err, db.ErrNoRows) {
		return errs.NoSuch("page")
	}
	if err != nil {
		return fmt.Errorf("look up the set-up token: %w", err)
	}
	hash, err := hex.DecodeString(stored)
	if err != nil || !secret.TokenMatches(hash, token.Reveal()) {
		return errs.NoSuch("page")
	}
	return nil
}

// SetupInput names the platform and its first Owner.
type SetupInput struct {
	Token    secret.String
	Platform string
	Name     string
	Email    string
	Password secret.String
	From     Client
}

// Setup creates the platform and its Owner and signs them in. It works once.
func (s *Service) Setup(ctx context.Context, in SetupInput) (SignedIn, error) {
	if err := checkSetup(ctx, s.db, in.Token); err != nil {
		return SignedIn{}, err
	}
	in, err := in.clean()
	if err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hasher.Hash(ctx, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := checkSetup(ctx, tx, in.Token); err != nil {
			return err
		}
		root, err := account.CreateRoot(ctx, tx, in.Platform)
		if err != nil {
			return err
		}
		if err := endSetup(ctx, tx); err != nil {
			return fmt.Errorf("end the set-up link: %w", err)
		}
		owner, err := s.firstOwner(ctx, tx, root.ID, user.Person{Email: in.Email, Name: in.Name, Verified: true, PasswordHash: hash})
		if err != nil {
			return fmt.Errorf("create the owner: %w", err)
		}
		p, err := byID(ctx, tx, owner)
		if err != nil {
			return fmt.Errorf("look up the owner: %w", err)
		}
		if err := audit.Record(ctx, tx, p.actor(in.From, ""), root.ID, []audit.Event{{Action: ActionInstalled,
			TargetType: "account", TargetID: string(root.ID), Target: root.Name}}); err != nil {
			return err
		}
		out, err = s.enter(ctx, tx, p, entry{from: in.From})
		return err
	})
	return out, err
}

// firstOwner makes the Owner of a platform that has nobody yet. Their address is taken at their word: who holds the
// set-up link of the console names it.
func (s *Service) firstOwner(ctx context.Context, tx *db.Tx, root ids.Account, who user.Person) (ids.User, error) {
	who, err := user.NewPerson(ctx, tx, who)
	if err != nil {
		return "", err
	}
	console := authz.Mint(authz.Identity{Kind: authz.Console, ID: "console", Account: root, Perms: authz.SetOf(authz.UsersInvite)})
	sc, err := s.check.See(ctx, tx, console, root)
	if err != nil {
		return "", err
	}
	_, err = user.Add(ctx, tx, sc, who.ID, user.Access{Role: authz.Owner})
	return who.ID, err
}

func (in SetupInput) clean() (SetupInput, error) {
	var c errs.Collector
	var err error
	in.Platform, err = cleanName("platform", in.Platform)
	if err := c.Merge(err); err != nil {
		return in, err
	}
	in.Name, err = cleanName("name", in.Name)
	if err := c.Merge(err); err != nil {
		return in, err
	}
	in.Email, err = cleanAddress("email", in.Email)
	if err := c.Merge(err); err != nil {
		return in, err
	}
	if err := c.Merge(secret.CheckPassword(in.Password, secret.Rules{}, in.Platform, in.Name, in.Email)); err != nil {
		return in, err
	}
	return in, c.Err()
}
