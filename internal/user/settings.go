package user

import (
	"context"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/tuning"
)

// Offer is which settings people have in an account: those that its admins change, and those that they change themselves.
type Offer struct{ All, Own tuning.Personal }

// ActionSettings is recorded when a setting of a person is changed.
const ActionSettings = "user.settings_changed"

// Settings shows the settings that a person has in the account.
func (s *Service) Settings(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership) (tuning.Page, error) {
	q, sc, err := s.op.Read(ctx, by, authz.UsersView, account)
	if err != nil {
		return tuning.Page{}, err
	}
	m, err := load(ctx, q, sc, id)
	if err != nil {
		return tuning.Page{}, err
	}
	rank := m.CheckRank(ctx, q, sc, m.Grant())
	if rank != nil && errs.KindOf(rank) != errs.Denied {
		return tuning.Page{}, rank
	}
	return s.offer.All.Of(ctx, q, sc, id, rank == nil && sc.Has(authz.UsersEdit))
}

// SaveSettings changes settings of a person in the account, all of them or none. version is that of the page.
func (s *Service) SaveSettings(ctx context.Context, by authz.Actor, account ids.Account, id ids.Membership, version int64, edits map[string]tuning.Edit) error {
	return s.op.Write(ctx, by, authz.UsersEdit, account, func(ctx context.Context, w *op.W) error {
		m, err := loadManaged(ctx, w, id)
		if err != nil {
			return err
		}
		return saveSettings(ctx, w, w.Scope(), s.offer.All, m.event(ActionSettings), id, version, edits)
	})
}

// OwnSettings shows what the actor may set for themselves in the account they work in; false when they do not belong to it.
func (s *Service) OwnSettings(ctx context.Context, by authz.Actor) (tuning.Page, bool, error) {
	q, who, err := s.op.ReadProfile(ctx, by)
	if err != nil || by.Account() == "" {
		return tuning.Page{}, false, err
	}
	_, sc, err := s.op.See(ctx, by, by.Account())
	if k := errs.KindOf(err); k == errs.NotFound || k == errs.Denied {
		return tuning.Page{}, false, nil
	}
	if err != nil {
		return tuning.Page{}, false, err
	}
	id, err := membershipOf(ctx, q, sc, who)
	if err != nil || id == "" {
		return tuning.Page{}, false, err
	}
	p, err := s.offer.Own.Of(ctx, q, sc, id, true)
	return p, err == nil, err
}

// SaveOwnSettings changes what the actor sets for themselves in the account they work in.
func (s *Service) SaveOwnSettings(ctx context.Context, by authz.Actor, version int64, edits map[string]tuning.Edit) error {
	_, sc, err := s.op.See(ctx, by, by.Account())
	if err != nil {
		return err
	}
	return s.op.WriteProfile(ctx, by, func(ctx context.Context, w *op.W) error {
		id, err := membershipOf(ctx, w.Tx(), sc, by.User())
		if err != nil {
			return err
		}
		if id == "" {
			return errs.NoSuch("user")
		}
		e := audit.Event{Action: ActionSettings, TargetType: "user", TargetID: string(id), Target: by.Name(), Account: sc.Account()}
		return saveSettings(ctx, w, sc, s.offer.Own, e, id, version, edits)
	})
}

func saveSettings(ctx context.Context, w *op.W, sc authz.Scope, p tuning.Personal, e audit.Event, id ids.Membership, version int64, edits map[string]tuning.Edit) error {
	before, after, err := p.Save(ctx, w, sc, id, version, edits)
	if err != nil {
		return err
	}
	if len(after) == 0 {
		return w.Unchanged()
	}
	for i := range after {
		e.Before, e.After = before[i], after[i]
		w.Audit(e)
	}
	return nil
}
