// Package role keeps role groups: custom roles, usable at the account that defines them and below.
package role

import (
	"context"
	"strings"
	"unicode/utf8"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/module"
	"bailiwick/internal/op"
	"bailiwick/internal/quota"
)

// Group is a role group.
type Group struct {
	ID          ids.Role
	Account     ids.Account // where it is defined
	AccountName string      // "" when that account is out of the reader's sight
	Name        string
	Description string
	Perms       authz.Set
	Sending     quota.Grid // how much each of its people may send
	Version     int64
	Members     int // memberships with it at the reader's account and below
	Invitations int // open invitations with it, likewise
}

// Inherited reports whether the group comes from above the account it was read at.
func (g Group) Inherited(at ids.Account) bool { return g.Account != at }

// Within reports whether whoever holds the scope holds all that the group confers, and so may edit and delete it where it is defined.
func (g Group) Within(sc authz.Scope) bool { return mayHold(sc, g.Perms) == nil }

// logged is how a group stands in the log.
type logged struct {
	Name        string   `audit:"show"`
	Description string   `audit:"show"`
	Perms       []string `audit:"show"`
	Sending     []string `audit:"show"`
}

func (g Group) logged() logged {
	return logged{g.Name, g.Description, g.Perms.Names(), g.Sending.Texts()}
}

// Input is what is said of a group.
type Input struct {
	Name        string
	Description string
	Perms       authz.Set
	Sending     quota.Grid
}

func (in Input) trimmed() Input {
	in.Name, in.Description = strings.TrimSpace(in.Name), strings.TrimSpace(in.Description)
	return in
}

// Service is the operations on role groups.
type Service struct{ op *op.Runner }

// NewService makes a Service.
func NewService(r *op.Runner) *Service { return &Service{r} }

// List returns the groups that can be used on the account, by name.
func (s *Service) List(ctx context.Context, by authz.Actor, account ids.Account) ([]Group, error) {
	q, sc, err := s.op.Read(ctx, by, authz.RolesView, account)
	if err != nil {
		return nil, err
	}
	return list(ctx, q, sc)
}

// Get returns one group that can be used on the account.
func (s *Service) Get(ctx context.Context, by authz.Actor, account ids.Account, id ids.Role) (Group, error) {
	q, sc, err := s.op.Read(ctx, by, authz.RolesView, account)
	if err != nil {
		return Group{}, err
	}
	return get(ctx, q, sc, id)
}

// Find returns the permissions and the name of a group that can be used on the scope's account.
func Find(ctx context.Context, q db.Queryer, sc authz.Scope, r authz.Role) (Group, error) {
	return get(ctx, q, sc, ids.Role(r))
}

// Usable returns the groups that can be used on the scope's account, for choosing one.
func Usable(ctx context.Context, q db.Queryer, sc authz.Scope) ([]Group, error) {
	return list(ctx, q, sc)
}

// Create defines a group on the account.
func (s *Service) Create(ctx context.Context, by authz.Actor, account ids.Account, in Input) (id ids.Role, err error) {
	in = in.trimmed()
	err = s.op.Write(ctx, by, authz.RolesManage, account, func(ctx context.Context, w *op.W) error {
		g := Group{ID: ids.NewRole(w.Tx().Now()), Account: account, Name: in.Name, Description: in.Description, Perms: in.Perms, Sending: in.Sending}
		if err := check(ctx, w, &g, nil); err != nil {
			return err
		}
		if err := mayHold(w.Scope(), g.Perms); err != nil {
			return err
		}
		if err := insert(ctx, w.Tx(), w.Scope(), g); err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "role.created", TargetType: "role", TargetID: string(g.ID), Target: g.Name, After: g.logged()})
		id = g.ID
		return nil
	})
	return id, err
}

// Stale carries both versions of a group that somebody else saved in between.
type Stale struct{ Theirs Group }

func (*Stale) Error() string { return "the role group was changed meanwhile" }

// Edit changes a group defined on the account. The change is in force at once for everyone who has it.
func (s *Service) Edit(ctx context.Context, by authz.Actor, account ids.Account, id ids.Role, version int64, in Input) error {
	in = in.trimmed()
	return s.op.Write(ctx, by, authz.RolesManage, account, func(ctx context.Context, w *op.W) error {
		old, err := getHere(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if old.Version != version {
			e := errs.New(errs.Conflict, "role.stale", "Compare your changes with the saved version, then save again. Somebody else saved this role group meanwhile.")
			e.Err = &Stale{old}
			return e
		}
		g := old
		g.Name, g.Description, g.Perms, g.Sending = in.Name, in.Description, in.Perms, in.Sending
		if g.Name == old.Name && g.Description == old.Description && g.Perms == old.Perms && g.Sending.Equal(old.Sending) {
			return w.Unchanged()
		}
		if err := check(ctx, w, &g, old.Sending); err != nil {
			return err
		}
		if err := mayHold(w.Scope(), g.Perms.Union(old.Perms)); err != nil {
			return err
		}
		if g.Perms.Has(authz.MessagesSend) && !old.Perms.Has(authz.MessagesSend) { // its people begin to send
			if err := quota.ForPeople(ctx, w, nil, g.Sending); err != nil {
				return err
			}
		}
		if err := update(ctx, w.Tx(), w.Scope(), g); err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "role.edited", TargetType: "role", TargetID: string(id), Target: g.Name, Before: old.logged(), After: g.logged()})
		return nil
	})
}

// Delete removes a group that nobody has.
func (s *Service) Delete(ctx context.Context, by authz.Actor, account ids.Account, id ids.Role) error {
	return s.op.Write(ctx, by, authz.RolesManage, account, func(ctx context.Context, w *op.W) error {
		g, err := getHere(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		if err := mayHold(w.Scope(), g.Perms); err != nil {
			return err
		}
		if n := g.Members + g.Invitations; n > 0 {
			return errs.New(errs.Conflict, "role.in_use", "Give the people who have this role group ({count}) another role first. A role group in use stays.", "count", n)
		}
		if name, err := packageWith(ctx, w.Tx(), w.Scope(), id); err != nil || name != "" {
			return orInPackage(name, err)
		}
		if err := remove(ctx, w.Tx(), w.Scope(), id); err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "role.deleted", TargetType: "role", TargetID: string(id), Target: g.Name, Before: g.logged()})
		return nil
	})
}

func orInPackage(name string, err error) error {
	if err != nil {
		return err
	}
	return errs.New(errs.Conflict, "role.in_package", "Choose another role group for new users in {package} first. A role group of a package stays.", "package", name)
}

const nameMax = 80
const descriptionMax = 500

// check reports every field that needs attention, and cleans the limits. sends is what people with the group could send before.
func check(ctx context.Context, w *op.W, g *Group, sends quota.Grid) error {
	var c errs.Collector
	if err := c.Merge(checkSending(ctx, w, g, sends)); err != nil {
		return err
	}
	switch n := utf8.RuneCountInString(g.Name); {
	case ids.Fold(g.Name) == "":
		c.Add("name", "role.name_missing", "Enter a name for the role group.")
	case n > nameMax:
		c.Add("name", "role.name_long", "Use at most {max} characters for the name.", "max", nameMax)
	default:
		taken, err := nameTaken(ctx, w.Tx(), w.Scope(), *g)
		if err != nil {
			return err
		}
		if taken {
			c.Add("name", "role.name_taken", "Choose another name. This account has a role group of that name.")
		}
	}
	if utf8.RuneCountInString(g.Description) > descriptionMax {
		c.Add("description", "role.description_long", "Use at most {max} characters for the description.", "max", descriptionMax)
	}
	if err := module.CheckGiven(ctx, w.Tx(), g.Perms); err != nil {
		return err
	}
	if out := g.Perms.Without(authz.GroupGrantable()); !out.Empty() {
		c.Add("perms", "role.perm_not_grantable", "Leave out {perm}. A role group cannot hold it.", "perm", string(out.First()))
	}
	return c.Err()
}

// checkSending checks the limits of a group where they are others than before.
func checkSending(ctx context.Context, w *op.W, g *Group, before quota.Grid) (err error) {
	if g.Sending, err = g.Sending.Clean(); err != nil || g.Sending.Equal(before) {
		return err
	}
	if !w.Scope().Has(authz.QuotasEdit) {
		return errs.New(errs.Denied, "role.limits_denied", "Leave the limits as they are, or ask an admin. Setting limits is not part of your role.")
	}
	return quota.ForPeople(ctx, w, before, g.Sending)
}

// mayHold is the ceiling: whoever edits a group must hold what it confers, before and after.
func mayHold(sc authz.Scope, perms authz.Set) error {
	if missing := perms.Intersect(authz.GroupGrantable()).Without(sc.Whole()); !missing.Empty() {
		return errs.New(errs.Denied, "role.above_yours", "Choose a role with no more rights than your own. You do not hold {perm} here.", "perm", string(missing.First()))
	}
	return nil
}
