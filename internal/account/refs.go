package account

import (
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// setRefs makes the account's external references those given. They are unique under the nearest reseller or
// platform above.
func setRefs(ctx context.Context, w *op.W, a Account, old, refs []Ref) error {
	if slices.Equal(old, refs) {
		return nil
	}
	under, err := refScope(ctx, w.Tx(), w.Scope())
	if err != nil {
		return err
	}
	if err := dropRefs(ctx, w.Tx(), w.Scope(), a.ID); err != nil {
		return err
	}
	for _, r := range refs {
		fresh, err := addRef(ctx, w.Tx(), w.Scope(), a.ID, under, r)
		if err != nil {
			return err
		}
		if !fresh {
			e := errs.Field("refs", "account.ref_taken", "Change the reference {reference}. Another account already has it for {source}.", "reference", r.Reference, "source", r.Source)
			e.Kind = errs.Conflict
			return e
		}
	}
	return nil
}

// refScope is the nearest platform or reseller strictly above the account of sc.
func refScope(ctx context.Context, q db.Queryer, sc authz.Scope) (ids.Account, error) {
	chain, err := chainOf(ctx, q, sc)
	if err != nil {
		return "", err
	}
	for i := len(chain) - 2; i >= 0; i-- {
		if chain[i].Kind == Platform || chain[i].Kind == Reseller {
			return chain[i].ID, nil
		}
	}
	return sc.Account(), nil // the platform itself
}
