package invite

import (
	"context"
	"fmt"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/user"
)

// CheckImport says of each person of an import why they would be left out, nil for those who would not. It changes
// nothing. direct makes people members at once; else they are invited.
func (s *Service) CheckImport(ctx context.Context, by authz.Actor, at ids.Account, in []Create, direct bool) ([]error, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersInvite, at)
	if err != nil {
		return nil, err
	}
	return judgeImport(ctx, q, sc, in, direct, s.db.Now().UnixMilli())
}

// ImportIn brings people in, in a write on their account. Who is refused is left out, with the reason; a
// *account.RowError names one without whom the write can be tried again.
func (s *Service) ImportIn(ctx context.Context, w *op.W, in []Create, direct bool) ([]error, error) {
	refused, err := judgeImport(ctx, w.Tx(), w.Scope(), in, direct, w.Tx().Ms())
	if err != nil {
		return nil, err
	}
	for i, c := range in {
		if refused[i] != nil {
			continue
		}
		if direct {
			err = s.CreateIn(ctx, w, c)
		} else {
			err = s.InviteIn(ctx, w, read(strings.TrimSpace(c.Email), strings.TrimSpace(c.Name)), c.Access)
		}
		if errs.KindOf(err) == errs.OverQuota {
			return nil, err // nobody further can be invited today
		}
		if err != nil {
			return nil, account.OfRow(i, err)
		}
	}
	return refused, nil
}

func judgeImport(ctx context.Context, q db.Queryer, sc authz.Scope, in []Create, direct bool, now int64) ([]error, error) {
	out := make([]error, len(in))
	all := make([]Address, len(in))
	var folds []string
	for i, c := range in {
		all[i] = read(strings.TrimSpace(c.Email), strings.TrimSpace(c.Name))
		folds = append(folds, ids.Fold(all[i].Email))
	}
	known, err := knownHere(ctx, q, sc, folds, now)
	if err != nil {
		return nil, err
	}
	verdicts, err := judge(all, known)
	if err != nil {
		return nil, err
	}
	if err := seat(ctx, q, sc, verdicts, now); err != nil {
		return nil, err
	}
	given := map[string]error{}
	for i, c := range in {
		key := fmt.Sprint(c.Access)
		if _, seen := given[key]; !seen {
			given[key] = mayInvite(ctx, q, sc, c.Access.Tidy())
		}
		if err := given[key]; err != nil && errs.KindOf(err) == errs.Internal {
			return nil, err
		}
		if verdicts[i].Why == Duplicate {
			out[i] = errs.Field("email", "import.email_twice", "Keep {email} in one line only. Two lines of the file have it.", "email", c.Email)
			continue
		}
		remarks := []error{verdicts[i].problem("email"), given[key]}
		if direct {
			remarks = append(remarks, user.CheckName(c.Name), user.CheckProfile(c.JobTitle, c.Phone))
		}
		if out[i], err = allOf(remarks); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// allOf puts remarks on fields together; one on something else stands alone.
func allOf(remarks []error) (error, error) {
	var c errs.Collector
	for _, r := range remarks {
		if r == nil {
			continue
		}
		if other := c.Merge(r); other != nil {
			if errs.KindOf(other) == errs.Internal {
				return nil, other
			}
			return other, nil
		}
	}
	return c.Err(), nil
}
