package user

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
)

// Newcomer is a person who is put into an account without being asked: by an import. Person.ID names somebody who
// has an identity already, else one is made.
type Newcomer struct {
	Person
	Access
	JobTitle   string
	Phone      string
	LastActive time.Time // zero before the first visit
}

// Enrolled is what became of a Newcomer.
type Enrolled struct {
	User       ids.User
	Membership ids.Membership
}

// Enrol makes people members of the account that w is on, within the ceiling of whoever writes, and mails nobody.
func Enrol(ctx context.Context, w *op.W, people []Newcomer) ([]Enrolled, error) {
	if len(people) == 0 {
		return nil, nil
	}
	people = slices.Clone(people)
	checked := map[string]bool{}
	for i := range people {
		n := &people[i]
		n.Access = n.Tidy()
		if key := fmt.Sprint(n.Access); !checked[key] {
			checked[key] = true
			if err := CheckAccess(ctx, w.Tx(), w.Scope(), n.Access, Access{}); err != nil {
				return nil, err
			}
			if err := CheckSending(ctx, w.Tx(), w.Scope(), w.By(), n.Access, Access{}); err != nil {
				return nil, err
			}
		}
	}
	if err := identify(ctx, w.Tx(), people); err != nil {
		return nil, err
	}
	members := make([]Member, len(people))
	out := make([]Enrolled, len(people))
	for i, n := range people {
		m := Member{
			ID: ids.NewMembership(w.Tx().Now()), Account: w.Scope().Account(), User: n.Person.ID, Name: n.Name, Access: n.Access,
			JobTitle: n.JobTitle, Phone: n.Phone, LastActive: n.LastActive,
		}
		members[i], out[i] = m, Enrolled{m.User, m.ID}
		e := m.event("user.created")
		e.After = m.logged()
		w.Audit(e)
	}
	if err := insertMembers(ctx, w.Tx(), w.Scope(), members); err != nil {
		return nil, fmt.Errorf("enrol %d people: %w", len(people), err)
	}
	if err := plan.Fits(ctx, w.Tx(), w.Scope(), plan.Users); err != nil {
		return nil, err
	}
	return out, account.CountsChanged(ctx, w.Tx(), w.Scope())
}

// identify makes an identity for each who has none.
func identify(ctx context.Context, tx *db.Tx, people []Newcomer) error {
	var fresh []*Newcomer
	var folds []string
	for i := range people {
		if n := &people[i]; n.Person.ID == "" {
			if err := CheckName(n.Name); err != nil {
				return err
			}
			fresh, folds = append(fresh, n), append(folds, ids.Fold(n.Email))
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	taken, err := usernamesTaken(ctx, tx, folds)
	if err != nil {
		return err
	}
	all := make([]named, len(fresh))
	for i, n := range fresh {
		n.Person.ID = ids.NewUser(tx.Now())
		all[i] = named{n.Person, n.Email}
		if slices.Contains(taken, folds[i]) {
			all[i].username = string(n.Person.ID)
		}
	}
	return insertIdentities(ctx, tx, all)
}

// named is a person with the user name they get.
type named struct {
	Person
	username string
}
