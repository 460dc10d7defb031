package user

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Person is an identity, as much of it as joining an account needs.
type Person struct {
	ID           ids.User
	Email        string
	Name         string
	Language     string
	TimeZone     string
	Verified     bool // the mailbox is proven
	HasPassword  bool
	PasswordHash string // written, never read here
}

// CheckName checks the name of a person.
func CheckName(name string) error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(name)); {
	case n == 0:
		return errs.Field("name", "user.name_missing", "Enter a name.")
	case n > 120:
		return errs.Field("name", "user.name_long", "Use at most {max} characters for the name.", "max", 120)
	case strings.ContainsFunc(name, unicode.IsControl):
		return errs.Field("name", "user.name_control", "Type the name again: it holds characters that cannot be shown.")
	}
	return nil
}

// NewPerson makes an identity in the transaction. The address must be free; the user name is the address, unless
// somebody else already signs in by that text.
func NewPerson(ctx context.Context, tx *db.Tx, p Person) (Person, error) {
	p.ID = ids.NewUser(tx.Now())
	p.Name = strings.TrimSpace(p.Name)
	username := p.Email
	_, taken, err := only(personBy(ctx, tx, "username_fold", ids.Fold(p.Email)))
	if err != nil {
		return p, err
	}
	if taken {
		username = string(p.ID)
	}
	return p, insertIdentities(ctx, tx, []named{{p, username}})
}

// FindByEmail finds the identity of an address. It answers to invitations and sign-in only: whether an address is
// known is told to nobody.
func FindByEmail(ctx context.Context, q db.Queryer, email string) (Person, bool, error) {
	return only(personBy(ctx, q, "email_fold", ids.Fold(email)))
}

// FindByID finds an identity.
func FindByID(ctx context.Context, q db.Queryer, id ids.User) (Person, bool, error) {
	return only(personBy(ctx, q, "id", string(id)))
}

func only(found []Person, err error) (Person, bool, error) {
	if err != nil || len(found) == 0 {
		return Person{}, false, err
	}
	return found[0], true, nil
}

// Verify notes that a link mailed to the person's address was used.
func Verify(ctx context.Context, tx *db.Tx, who ids.User) error { return markVerified(ctx, tx, who) }

// Add makes a person a member of the scope's account. The caller has checked the access.
func Add(ctx context.Context, tx *db.Tx, sc authz.Scope, who ids.User, a Access) (ids.Membership, error) {
	return AddMember(ctx, tx, sc, Member{User: who, Access: a})
}

// AddMember is Add with what else describes the person in the account.
func AddMember(ctx context.Context, tx *db.Tx, sc authz.Scope, m Member) (ids.Membership, error) {
	m.ID, m.Access = ids.NewMembership(tx.Now()), m.Tidy()
	if err := insertMembers(ctx, tx, sc, []Member{m}); err != nil {
		return "", err
	}
	return m.ID, account.CountsChanged(ctx, tx, sc)
}

// Membership finds a person's membership of the scope's account, active or not.
func Membership(ctx context.Context, q db.Queryer, sc authz.Scope, who ids.User) (Member, bool, error) {
	found, err := memberships(ctx, q, sc, who)
	if err != nil || len(found) == 0 {
		return Member{}, false, err
	}
	m := found[0]
	if !m.AllSubs {
		m.Subs, err = subsOf(ctx, q, sc, m.ID)
	}
	return m, true, err
}
