package user

import (
	"context"
	"fmt"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
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
	checked := map[string]bool{}
	out := make([]Enrolled, 0, len(people))
	for _, n := range people {
		n.Access = n.Tidy()
		if key := fmt.Sprint(n.Access); !checked[key] {
			checked[key] = true
			if err := CheckAccess(ctx, w.Tx(), w.Scope(), n.Access, Access{}); err != nil {
				return nil, err
			}
		}
		e, err := enrol(ctx, w, n)
		if err != nil {
			return nil, fmt.Errorf("enrol %s: %w", n.Email, err)
		}
		out = append(out, e)
	}
	return out, account.CountsChanged(ctx, w.Tx(), w.Scope())
}

func enrol(ctx context.Context, w *op.W, n Newcomer) (Enrolled, error) {
	if n.Person.ID == "" {
		if err := CheckName(n.Name); err != nil {
			return Enrolled{}, err
		}
		p, err := NewPerson(ctx, w.Tx(), n.Person)
		if err != nil {
			return Enrolled{}, err
		}
		n.Person = p
	}
	m := Member{
		ID: ids.NewMembership(w.Tx().Now()), Account: w.Scope().Account(), User: n.Person.ID, Name: n.Name, Access: n.Access,
		JobTitle: n.JobTitle, Phone: n.Phone, LastActive: n.LastActive,
	}
	if err := insertMember(ctx, w.Tx(), w.Scope(), m.ID, m.User, m.Access); err != nil {
		return Enrolled{}, err
	}
	if m.JobTitle != "" || m.Phone != "" || !m.LastActive.IsZero() {
		if err := describe(ctx, w.Tx(), w.Scope(), m); err != nil {
			return Enrolled{}, err
		}
	}
	e := m.event("user.created")
	e.After = m.logged()
	w.Audit(e)
	return Enrolled{m.User, m.ID}, nil
}
