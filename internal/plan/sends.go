package plan

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
)

// Sends checks that a client, on which the scope is, may send what another package includes: the accounts above it hand out no more
// than they have.
func Sends(ctx context.Context, tx *db.Tx, sc authz.Scope, before ids.Package, next Package) error {
	was, err := quota.Shared(ctx, tx, sc, []ids.Package{before})
	if err != nil {
		return err
	}
	return ofPackage(next, quota.Bought(ctx, tx, sc, was[before], next.Sending))
}

// Sold checks that the scope's account has room for what clients may send that were just made with a package.
func Sold(ctx context.Context, tx *db.Tx, sc authz.Scope, p Package) error {
	sending, err := quota.Shared(ctx, tx, sc, []ids.Package{p.ID})
	if err != nil {
		return err
	}
	return ofPackage(p, quota.Sold(ctx, tx, sc, sending[p.ID]))
}

// ofPackage says of a package what is said of its limits.
func ofPackage(p Package, err error) error {
	if err == nil || errs.KindOf(err) != errs.Invalid {
		return err
	}
	return errs.Field("package", "package.sends_more", "Choose a smaller package, or raise the limits of the account above first. It has not as much left to hand out as {name} includes.", "name", p.Name)
}
