package account

import (
	"context"
	"fmt"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
)

// NoPackage filters the list of clients by those that have none.
const NoPackage ids.Package = "none"

// bought is what the log says about the package of a client.
type bought struct {
	Package string `audit:"show"`
}

// Assign gives a client another package, or with "" none. It is one of the parent's fields.
func (s *Service) Assign(ctx context.Context, by authz.Actor, id ids.Account, pkg ids.Package) error {
	return s.op.Write(ctx, by, authz.PackagesAssign, id, func(ctx context.Context, w *op.W) error {
		return orUnchanged(w)(assignIn(ctx, w, pkg))
	})
}

// AssignIn is Assign in a write on the client.
func AssignIn(ctx context.Context, w *op.W, pkg ids.Package) error {
	_, err := assignIn(ctx, w, pkg)
	return err
}

// BulkAssign gives clients below root another package, or with "" none, all or none of them.
func (s *Service) BulkAssign(ctx context.Context, by authz.Actor, root ids.Account, clients []ids.Account, pkg ids.Package) error {
	return s.each(ctx, by, root, clients, authz.PackagesAssign, func(ctx context.Context, w *op.W) (bool, error) { return assignIn(ctx, w, pkg) })
}

// assignIn gives the client that w is on a package, and reports whether it had another one.
func assignIn(ctx context.Context, w *op.W, pkg ids.Package) (bool, error) {
	sc := w.Scope()
	old, err := get(ctx, w.Tx(), sc, sc.Account())
	if err != nil || old.Package == pkg {
		return false, err
	}
	if old.Kind != Customer {
		return false, errs.Field("package", "package.not_client", "Choose a client. Only clients have a package.")
	}
	if !sc.HeldAbove(authz.PackagesAssign) {
		return false, errs.New(errs.Denied, "account.package_parents", "Ask your provider to change this. The package belongs to the account above.")
	}
	next := plan.Package{}
	if pkg != "" {
		if next, err = plan.Find(ctx, w.Tx(), sc, pkg); err != nil {
			return false, err
		}
	}
	return true, giveIn(ctx, w, old, next)
}

// giveIn gives the client that w is on, and that is old, a package that it can have, or none, and tells its people.
func giveIn(ctx context.Context, w *op.W, old Account, next plan.Package) error {
	sc := w.Scope()
	if next.ID != "" {
		if err := plan.Sends(ctx, w.Tx(), sc, old.Package, next); err != nil {
			return err
		}
	}
	upd := old
	upd.Package, upd.PackageName = next.ID, next.Name
	if err := putPackage(ctx, w.Tx(), sc, upd); err != nil {
		return fmt.Errorf("give %s a package: %w", upd.ID, err)
	}
	w.Audit(audit.Event{Action: "package.assigned", TargetType: "account", TargetID: string(old.ID), Target: old.Name, Before: bought{old.PackageName}, After: bought{upd.PackageName}})
	if err := tellAccount(ctx, w, notice.PackageChanged, map[string]string{"package": upd.PackageName}); err != nil {
		return err
	}
	return listRow(ctx, w.Tx(), sc)
}

// givePackage gives the client that w is on the package of a form, if the form has one.
func givePackage(ctx context.Context, w *op.W, f Fields) (bool, error) {
	if f.Package == nil {
		return false, nil
	}
	return assignIn(ctx, w, *f.Package)
}
