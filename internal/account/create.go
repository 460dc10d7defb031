package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
)

// CreateInput is a new account. A customer needs an end date, or NoEnd said outright.
type CreateInput struct {
	Kind  Kind
	NoEnd bool
	Fields
}

// Created is a new account with what its maker should know.
type Created struct {
	Account
	SameName int // other clients in the maker's sight that are called the same
}

// Create makes an account under parent.
func (s *Service) Create(ctx context.Context, by authz.Actor, parent ids.Account, in CreateInput) (out Created, err error) {
	if in.Kind == Platform || !in.Kind.Known() {
		return out, errs.Field("kind", "account.kind_unknown", "Choose a reseller, a client or a department.")
	}
	err = s.op.Write(ctx, by, in.Kind.Perm(create), parent, func(ctx context.Context, w *op.W) error {
		out, err = CreateIn(ctx, w, in)
		return err
	})
	return out, err
}

// CreateIn makes an account under the one that w is on, in the same write.
func CreateIn(ctx context.Context, w *op.W, in CreateInput) (Created, error) {
	f, err := in.Fields.clean(in.Kind)
	if err := in.alsoEnd(err); err != nil {
		return Created{}, err
	}
	if err := endsAhead(ctx, w, f); err != nil {
		return Created{}, err
	}
	parent, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil {
		return Created{}, err
	}
	if err := mayHang(ctx, w.Tx(), w.Scope(), parent, in.Kind); err != nil {
		return Created{}, err
	}
	a := Account{ID: ids.NewAccount(w.Tx().Now()), Parent: parent.ID, Kind: in.Kind, Version: 1, CreatedAt: w.Tx().Now(), UpdatedAt: w.Tx().Now()}
	f.apply(&a)
	f.applyParents(&a)
	if err := freeName(ctx, w, a); err != nil {
		return Created{}, err
	}
	if err := insert(ctx, w.Tx(), w.Scope(), a); err != nil {
		return Created{}, fmt.Errorf("create %s: %w", a.ID, err)
	}
	if a.Kind == Department {
		if err := plan.Fits(ctx, w.Tx(), w.Scope(), plan.Departments); err != nil {
			return Created{}, err
		}
	}
	same, err := sameName(ctx, w.Tx(), w.Scope(), a)
	if err != nil {
		return Created{}, err
	}
	// From here on the new account's own scope is needed.
	return Created{a, same}, w.On(ctx, in.Kind.Perm(create), a.ID, func(ctx context.Context, w *op.W) error {
		return finishCreate(ctx, w, a, f)
	})
}

func finishCreate(ctx context.Context, w *op.W, a Account, f Fields) error {
	if err := setRefs(ctx, w, a, nil, f.Refs); err != nil {
		return err
	}
	if _, _, err := settle(ctx, w, TimeZone, f.TimeZone); err != nil {
		return err
	}
	if _, _, err := settle(ctx, w, Language, f.Language); err != nil {
		return err
	}
	if f.Package != nil && *f.Package != "" {
		if _, err := assignIn(ctx, w, *f.Package); err != nil {
			return err
		}
	}
	if err := refresh(ctx, w.Tx(), w.Scope()); err != nil {
		return err
	}
	w.Audit(audit.Event{Action: "account.created", TargetType: "account", TargetID: string(a.ID), Target: a.Name, After: a})
	return nil
}

// alsoEnd adds the rule that the end of a membership is a choice, never forgotten.
func (in CreateInput) alsoEnd(err error) error {
	switch {
	case in.Kind != Customer:
	case in.NoEnd && in.MembershipEnd != "":
		return addField(err, "membership_end", "account.end_and_no_end", "Choose either an end date or no end date.")
	case !in.NoEnd && in.MembershipEnd == "":
		return addField(err, "membership_end", "account.end_missing", "Choose an end date, or tick No end date.")
	}
	return err
}

// endsAhead refuses a new client whose membership is over. Clients that have ended come in by an import.
func endsAhead(ctx context.Context, w *op.W, f Fields) error {
	if f.MembershipEnd == "" {
		return nil
	}
	zone, err := zoneOf(ctx, w.Tx(), w.Scope())
	if err == nil && f.over(zone, w.Tx().Now()) {
		err = errs.Field("membership_end", "account.end_past", "Choose today or a later day.")
	}
	return err
}

// over reports whether the membership of an account that inherits a zone has ended.
func (f Fields) over(zone *time.Location, now time.Time) bool {
	if own, err := time.LoadLocation(f.TimeZone); f.TimeZone != "" && err == nil {
		zone = own
	}
	return f.MembershipEnd != "" && Date(f.MembershipEnd) < DateIn(now, zone)
}

func addField(err error, field, code, msg string) error {
	var c errs.Collector
	if err != nil {
		if rest := c.Merge(err); rest != nil {
			return rest
		}
	}
	c.Add(field, code, msg)
	return c.Err()
}

func errKindOrder() error {
	return errs.New(errs.Invalid, "account.kind_order", "Choose another place. An account of this kind cannot be put there.")
}

// mayHang checks that an account of kind child may be put under parent.
func mayHang(ctx context.Context, q db.Queryer, sc authz.Scope, parent Account, child Kind) error {
	if !parent.Kind.MayContain(child) {
		return errKindOrder()
	}
	if parent.Closed() {
		return errs.New(errs.Conflict, "account.parent_closed", "Reopen {name} first. It is closed.", "name", parent.Name)
	}
	if len(sc.Chain()) >= MaxDepth {
		return tooDeep()
	}
	return nil
}

func tooDeep() error {
	return errs.New(errs.Conflict, "account.too_deep", "Choose a place higher up. Accounts can be {max} levels deep.", "max", MaxDepth)
}

// freeName checks that no other department of the same parent is called the same.
func freeName(ctx context.Context, w *op.W, a Account) error {
	if a.Kind != Department {
		return nil
	}
	taken, err := nameTaken(ctx, w.Tx(), w.Scope(), a)
	if err != nil {
		return err
	}
	if taken {
		e := errs.Field("name", "account.name_taken", "Choose another name. There is already a department called {name} here.", "name", a.Name)
		e.Kind = errs.Conflict
		return e
	}
	return nil
}

// apply puts what an account's own people may change into a.
func (f Fields) apply(a *Account) {
	a.Name, a.LegalName, a.Email, a.Phone = f.Name, f.LegalName, f.Email, f.Phone
	a.Address, a.Website, a.Industry = f.Address, f.Website, f.Industry
}

// applyParents puts the parent's fields into a.
func (f Fields) applyParents(a *Account) {
	a.MembershipStart, a.MembershipEnd = Date(f.MembershipStart), Date(f.MembershipEnd)
}

// CreateRoot makes the platform, once, when the installation is set up and no actor exists yet.
func CreateRoot(ctx context.Context, tx *db.Tx, name string) (Account, error) {
	f, err := Fields{Name: name}.clean(Platform)
	if err != nil {
		return Account{}, err
	}
	a := Account{ID: ids.NewAccount(tx.Now()), Kind: Platform, Name: f.Name, Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
	err = insertRoot(ctx, tx, a)
	if errors.Is(err, db.ErrUnique) {
		return Account{}, errs.New(errs.Conflict, "platform.exists", "Sign in instead. This installation is already set up.")
	}
	return a, err
}
