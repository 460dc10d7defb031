package account

import (
	"context"
	"fmt"
	"slices"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// Stale is a save that met a newer version. Both versions are for the page to show.
type Stale struct {
	Theirs Account // as it is stored now
	Refs   []Ref
}

func (s *Stale) Error() string { return fmt.Sprintf("version %d is stored", s.Theirs.Version) }

// UpdateInput is a saved form. Version is the one that the form was filled from.
type UpdateInput struct {
	Version int64
	NoEnd   bool
	Fields
}

// edited is what the log compares.
type edited struct {
	Account
	Refs     []string `audit:"show"`
	TimeZone string   `audit:"show"`
	Language string   `audit:"show"`
}

// Update saves an account's properties. The parent's fields change only by a grant held above the account; for
// others they stay as they are, and a form that tries to change them is refused.
func (s *Service) Update(ctx context.Context, by authz.Actor, id ids.Account, in UpdateInput) error {
	kind, err := s.kindOf(ctx, by, id)
	if err != nil {
		return err
	}
	f, err := in.Fields.clean(kind)
	if err != nil {
		return err
	}
	return s.op.Write(ctx, by, kind.Perm(edit), id, func(ctx context.Context, w *op.W) error {
		return update(ctx, w, in, f)
	})
}

func update(ctx context.Context, w *op.W, in UpdateInput, f Fields) error {
	old, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil {
		return err
	}
	oldRefs, err := refs(ctx, w.Tx(), w.Scope(), old.ID)
	if err != nil {
		return err
	}
	if old.Version != in.Version {
		e := errs.New(errs.Conflict, "account.stale", "Compare the two versions and save again. Somebody else saved this account while you were editing it.")
		e.Err = &Stale{old, oldRefs}
		return e
	}
	upd := old
	f.apply(&upd)
	if w.Scope().HeldAbove(old.Kind.Perm(edit)) {
		if err := (CreateInput{old.Kind, in.NoEnd, f}).alsoEnd(nil); err != nil {
			return err
		}
		f.applyParents(&upd)
	} else if err := keepsParents(old, oldRefs, f); err != nil {
		return err
	} else {
		f.Refs = oldRefs
	}
	return save(ctx, w, old, upd, oldRefs, f)
}

// keepsParents refuses a form that carries other values for the parent's fields; leaving them out is fine.
func keepsParents(old Account, oldRefs []Ref, f Fields) error {
	same := (f.MembershipStart == "" || Date(f.MembershipStart) == old.MembershipStart) &&
		(f.MembershipEnd == "" || Date(f.MembershipEnd) == old.MembershipEnd) &&
		(len(f.Refs) == 0 || slices.Equal(f.Refs, oldRefs))
	if !same {
		return errs.New(errs.Denied, "account.parents_field", "Ask your provider to change this. Membership dates and references belong to the account above.")
	}
	return nil
}

func save(ctx context.Context, w *op.W, old, upd Account, oldRefs []Ref, f Fields) error {
	if ids.Fold(upd.Name) != ids.Fold(old.Name) {
		if err := freeName(ctx, w, upd); err != nil {
			return err
		}
	}
	zone, zoneNew, err := settle(ctx, w, TimeZone, f.TimeZone)
	if err != nil {
		return err
	}
	lang, langNew, err := settle(ctx, w, Language, f.Language)
	if err != nil {
		return err
	}
	same := upd == old && slices.Equal(oldRefs, f.Refs) && !zoneNew && !langNew
	given, err := givePackage(ctx, w, f)
	if err != nil || same {
		return orUnchanged(w)(given, err)
	}
	if err := setRefs(ctx, w, old, oldRefs, f.Refs); err != nil {
		return err
	}
	upd.Version, upd.UpdatedAt = old.Version+1, w.Tx().Now()
	if err := put(ctx, w.Tx(), w.Scope(), upd); err != nil {
		return fmt.Errorf("save %s: %w", upd.ID, err)
	}
	if err := endChanged(ctx, w, old, upd); err != nil {
		return err
	}
	w.Audit(audit.Event{Action: "account.updated", TargetType: "account", TargetID: string(upd.ID), Target: upd.Name,
		Before: edited{old, refTexts(oldRefs), own(zone), own(lang)}, After: edited{upd, refTexts(f.Refs), f.TimeZone, f.Language}})
	return refresh(ctx, w.Tx(), w.Scope())
}

func own(in Inherited) string {
	if in.Own {
		return in.Value
	}
	return ""
}

func refTexts(refs []Ref) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = r.Source + ": " + r.Reference
	}
	return out
}

func auditUpdate(w *op.W, old, upd Account) {
	w.Audit(audit.Event{Action: "account.updated", TargetType: "account", TargetID: string(upd.ID), Target: upd.Name, Before: old, After: upd})
}
