package notice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// Service shows people their notices in the account they work in.
type Service struct {
	op    *op.Runner
	known *setting.Known
	now   func() time.Time
}

// NewService makes a Service.
func NewService(r *op.Runner, k *setting.Known, now func() time.Time) *Service {
	return &Service{r, k, now}
}

// MostCounted is where counting ends: more unread notices than that are "99+".
const MostCounted = 100

const (
	keepFor     = 90 * 24 * time.Hour // what is older says nothing about now; the audit log keeps what was done
	settling    = time.Minute         // a notice may commit this much after its instant, and must not count as read before it was there
	forgetEvery = time.Hour
	forgetChunk = 500
)

// reader is whoever looks, through their membership of the account they work in.
type reader struct {
	user  ids.User
	id    ids.Membership
	since time.Time // notices from before they joined are not theirs
	seen  time.Time // earlier ones of the account are read
	bell  []Topic
}

// reading finds as whom the actor reads. It reports false when they have no notices: they do not belong to the account.
func (s *Service) reading(ctx context.Context, by authz.Actor, keys authz.Perm) (db.Queryer, authz.Scope, reader, bool, error) {
	q, sc, err := s.open(ctx, by, keys)
	if err != nil {
		return nil, sc, reader{}, false, err
	}
	in, err := s.known.On(ctx, sc.Account())
	if err != nil {
		return nil, sc, reader{}, false, err
	}
	r, found, err := readerOf(ctx, q, sc, by.User())
	if err != nil || !found {
		return q, sc, reader{}, false, err
	}
	wanted, err := setting.InFor(in, Bell, r.own)
	if err != nil {
		return nil, sc, reader{}, false, err
	}
	r.bell = topics(wanted)
	return q, sc, r.reader, true, nil
}

// open checks that a person sees the account they work in; a key needs the scope that lets it do this for its owner.
func (s *Service) open(ctx context.Context, by authz.Actor, keys authz.Perm) (db.Queryer, authz.Scope, error) {
	switch by.Kind() {
	case authz.Person:
		return s.op.See(ctx, by, by.Account())
	case authz.Key:
		return s.op.Read(ctx, by, keys, by.Account())
	}
	return nil, authz.Scope{}, errs.New(errs.Unauthenticated, "auth.required", "Sign in first.")
}

// Count is how many notices the actor has not read, up to MostCounted.
func (s *Service) Count(ctx context.Context, by authz.Actor) (int, error) {
	q, sc, r, ok, err := s.reading(ctx, by, authz.ProfileView)
	if err != nil || !ok {
		return 0, err
	}
	return count(ctx, q, sc, r)
}

// List returns a page of the actor's notices, the latest first.
func (s *Service) List(ctx context.Context, by authz.Actor, in Query) (Page, error) {
	q, sc, r, ok, err := s.reading(ctx, by, authz.ProfileView)
	if err != nil || !ok {
		return Page{}, err
	}
	all, err := list(ctx, q, sc, r, in, in.limit()+1)
	if err != nil {
		return Page{}, fmt.Errorf("list notices: %w", err)
	}
	p := Page{Notices: all}
	if len(all) > in.limit() {
		p.Notices = all[:in.limit()]
		p.Next = p.Notices[len(p.Notices)-1].ID
	}
	return p, nil
}

// MostRead is how many notices Read marks at once.
const MostRead = 100

// Read marks some of the actor's notices as read, all of them or none.
func (s *Service) Read(ctx context.Context, by authz.Actor, which ...ids.Notice) error {
	if len(which) > MostRead {
		return errs.Field("notifications", "notice.too_many", "Name up to {max} notifications at once.", "max", MostRead)
	}

	which = slices.Compact(slices.Sorted(slices.Values(which)))
	_, sc, r, ok, err := s.reading(ctx, by, authz.ProfileEdit)
	if err != nil {
		return err
	}
	if !ok {
		return errs.NoSuch("notice")
	}
	return s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		found, err := list(ctx, tx, sc, r, Query{only: which}, len(which))
		if err == nil && len(found) < len(which) {
			err = errs.NoSuch("notice")
		}
		if err != nil {
			return err
		}
		return mark(ctx, tx, sc, r, found)
	})
}

// ReadAll marks all notices that the actor has by now as read.
func (s *Service) ReadAll(ctx context.Context, by authz.Actor) error {
	_, sc, r, ok, err := s.reading(ctx, by, authz.ProfileEdit)
	if err != nil || !ok {
		return err
	}
	return s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		settled := tx.Now().Add(-settling)
		if err := markBefore(ctx, tx, sc, r, settled); err != nil {
			return fmt.Errorf("mark notices as read: %w", err)
		}
		late := r
		if settled.After(late.since) {
			late.since = settled
		}
		found, err := list(ctx, tx, sc, late, Query{Unread: true}, MostCounted)
		if err != nil {
			return err
		}
		return mark(ctx, tx, sc, r, found)
	})
}

// RegisterJobs lists the periodic work of notices.
func RegisterJobs(w *jobs.Workers, s *Service) {
	w.Periodic("notice.forget", forgetEvery, func(ctx context.Context) error { return Forget(ctx, s) })
}

// Forget removes old notices, in small pieces.
func Forget(ctx context.Context, s *Service) error {
	before := ids.FirstNotice(s.now().Add(-keepFor))
	for n := int64(forgetChunk); n == forgetChunk; {
		err := s.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = removeBefore(ctx, tx, before, forgetChunk)
			return err
		})
		if err != nil {
			return fmt.Errorf("forget old notices: %w", err)
		}
	}
	return nil
}
