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
	"bailiwick/internal/quota"
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
	upd := old
	upd.Package, upd.PackageName = pkg, ""
	if pkg != "" {
		p, err := plan.Find(ctx, w.Tx(), sc, pkg)
		if err != nil {
			return false, err
		}
		if err := plan.Sends(ctx, w.Tx(), sc, old.Package, p); err != nil {
			return false, err
		}
		upd.PackageName = p.Name
	}
	if err := putPackage(ctx, w.Tx(), sc, upd); err != nil {
		return false, fmt.Errorf("give %s a package: %w", upd.ID, err)
	}
	w.Audit(audit.Event{Action: "package.assigned", TargetType: "account", TargetID: string(old.ID), Target: old.Name, Before: bought{old.PackageName}, After: bought{upd.PackageName}})
	if err := tellAccount(ctx, w, notice.PackageChanged, map[string]string{"package": upd.PackageName}); err != nil {
		return false, err
	}
	return true, listRow(ctx, w.Tx(), sc)
}

// reassigned is what the log says about all clients of a package.
type reassigned struct {
	Package string `audit:"show"`
	Clients int64  `audit:"show"`
}

// Reassign gives all clients that have a package made at the account another one, or with "" none.
func (s *Service) Reassign(ctx context.Context, by authz.Actor, at ids.Account, from, to ids.Package) error {
	return s.op.Write(ctx, by, authz.PackagesAssign, at, func(ctx context.Context, w *op.W) error {
		old, err := plan.Made(ctx, w.Tx(), w.Scope(), from)
		if err != nil {
			return err
		}
		if from == to {
			return errs.Field("to", "package.reassign_target", "Choose another package.")
		}
		next := plan.Package{}
		if to != "" {
			if next, err = plan.Find(ctx, w.Tx(), w.Scope(), to); err != nil {
				return err
			}
		}
		n, err := replacePackage(ctx, w.Tx(), w.Scope(), from, next)
		if err != nil {
			return fmt.Errorf("give the clients of %s another package: %w", from, err)
		}
		if n == 0 {
			return w.Unchanged()
		}
		if err := quota.Offered(ctx, w.Tx(), w.Scope(), to, old.Sending, next.Sending); err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "package.reassigned", TargetType: "package", TargetID: string(from), Target: old.Name, Before: reassigned{old.Name, n}, After: reassigned{next.Name, n}})
		return nil
	})
}

// givePackage gives the client that w is on the package of a form, if the form has one.
func givePackage(ctx context.Context, w *op.W, f Fields) (bool, error) {
	if f.Package == nil {
		return false, nil
	}
	return assignIn(ctx, w, *f.Package)
}
