// Package onetime keeps the one-time links of an identity: reset, set-password of a new user, change of email.
//
// Only the hash of a link's token is stored. A link works once, until its end, and only while the identity's
// credentials are those it was made for.
package onetime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// Purpose says what a link is good for.
type Purpose string

// The purposes.
const (
	Reset       Purpose = "reset"
	SetPassword Purpose = "set_password"
	ChangeEmail Purpose = "change_email"
)

// Link is a one-time link as it is stored.
type Link struct {
	ID        ids.Token
	User      ids.User
	Purpose   Purpose
	Data      string // ChangeEmail: the new address; Reset: a Note
	ExpiresAt time.Time
}

// Notes that a link may carry as its Data.
const (
	Shown      = "shown"       // handed over on a screen, so it proves no mailbox
	BreakGlass = "break_glass" // made on the server itself: it also takes the second factor away
)

// Issue makes a link that lives as long as given. Links for the same purpose that were made before are dead.
func Issue(ctx context.Context, tx *db.Tx, user ids.User, p Purpose, data string, life time.Duration) (secret.String, error) {
	token, hash := secret.NewToken()
	if err := endOlder(ctx, tx, user, p); err != nil {
		return secret.String{}, fmt.Errorf("end the older links of %s: %w", user, err)
	}
	version, err := credentialVersion(ctx, tx, user)
	if errors.Is(err, db.ErrNoRows) {
		return secret.String{}, errs.NoSuch("user")
	}
	if err != nil {
		return secret.String{}, fmt.Errorf("look up %s: %w", user, err)
	}
	l := Link{ID: ids.NewToken(tx.Now()), User: user, Purpose: p, Data: data, ExpiresAt: tx.Now().Add(life)}
	if err := insert(ctx, tx, l, hash, version); err != nil {
		return secret.String{}, fmt.Errorf("make a link for %s: %w", user, err)
	}
	return token, nil
}

// Peek looks at a link without using it up. A link that is unknown, used, over or made for older credentials is
// answered alike.
func Peek(ctx context.Context, q db.Queryer, token secret.String, at time.Time, ps ...Purpose) (Link, error) {
	l, err := byToken(ctx, q, secret.HashToken(token.Reveal()), at, ps)
	if errors.Is(err, db.ErrNoRows) {
		return Link{}, Dead()
	}
	if err != nil {
		return Link{}, fmt.Errorf("look up a link: %w", err)
	}
	return l, nil
}

// Use looks the link up and uses it up.
func Use(ctx context.Context, tx *db.Tx, token secret.String, ps ...Purpose) (Link, error) {
	l, err := Peek(ctx, tx, token, tx.Now(), ps...)
	if err != nil {
		return Link{}, err
	}
	n, err := spend(ctx, tx, l.ID)
	if err != nil {
		return Link{}, fmt.Errorf("use up a link: %w", err)
	}
	if n == 0 {
		return Link{}, Dead()
	}
	return l, nil
}

// Dead is the answer for every link that does not work.
func Dead() error {
	return errs.New(errs.NotFound, "link.dead", "Ask for a new link. This one was used, has expired or is incomplete.")
}
