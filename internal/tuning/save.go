package tuning

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// Edit is what becomes of one setting of an account: a value of its own, or the one it inherits.
type Edit struct {
	Inherit bool
	Value   json.RawMessage
	Locked  bool // for every account below
}

// Save changes settings of an account, all of them or none. Settings that are not named stay as they are. version is
// that of the page the edits were made on.
func (s *Service) Save(ctx context.Context, by authz.Actor, account ids.Account, tab Tab, version int64, edits map[string]Edit) error {
	r, ok := rights[tab]
	if !ok {
		return errs.NoSuch("setting")
	}
	return s.op.Write(ctx, by, r.edit, account, func(ctx context.Context, w *op.W) error {
		now, err := s.page(ctx, w.Tx(), w.Scope(), tab)
		if err != nil {
			return err
		}
		if now.Version != version {
			e := errs.New(errs.Conflict, "setting.stale", "Compare your changes with the saved settings, then save again. Somebody else saved them meanwhile.")
			e.Err = &Stale{now}
			return e
		}
		changed, err := s.change(ctx, w, tab, edits)
		if err == nil && !changed {
			return w.Unchanged()
		}
		return err
	})
}

// change makes the edits in order of their names and tells of all that are refused at once.
func (s *Service) change(ctx context.Context, w *op.W, tab Tab, edits map[string]Edit) (changed bool, err error) {
	var refused errs.Collector
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		did, err := s.changeOne(ctx, w, tab, name, edits[name])
		if err := refused.Merge(about(name, err)); err != nil {
			return false, err
		}
		changed = changed || did
	}
	return changed, refused.Err()
}

func (s *Service) changeOne(ctx context.Context, w *op.W, tab Tab, name string, e Edit) (changed bool, err error) {
	sc := w.Scope()
	k, g, err := s.find(tab, sc.Kind(), name)
	if err != nil {
		return false, err
	}
	if k.About().Parents && sc.Kind() != "platform" && !sc.HeldAbove(rights[tab].edit) {
		return false, errs.New(errs.Denied, "setting.parents", "Ask whoever runs the account above to change this. It is not for the account itself to set.")
	}
	if need := k.About().Needs; need != "" && !sc.Has(need) {
		return false, authz.Denied()
	}
	var c setting.Change
	if e.Inherit {
		c, err = k.Reset(ctx, w.Tx(), sc)
	} else {
		c, err = k.SetJSON(ctx, w.Tx(), sc, e.Value, e.Locked)
		if err == nil && g.Fits != nil && !c.Nothing() {
			err = g.Fits(ctx, w.Tx(), sc, name, e.Value)
		}
	}
	if err != nil || c.Nothing() {
		return false, err
	}
	w.Audit(event(name, c))
	if !k.About().Guard {
		return true, nil
	}
	return true, notice.Tell(ctx, w.Tx(), notice.New{Kind: notice.RuleChanged, Account: sc.Account(), Facts: map[string]string{"setting": name}, By: w.By()})
}

func event(name string, c setting.Change) audit.Event {
	e := audit.Event{Action: "setting.changed", TargetType: "setting", TargetID: name, Target: name}
	if c.Before != nil {
		e.Before = *c.Before
	}
	if c.After != nil {
		e.After = *c.After
	} else {
		e.Action = "setting.reset"
	}
	return e
}

// about makes the refusal of one value a remark on its field. Denials and faults stay what they are.
func about(name string, err error) error {
	var e *errs.Error
	if !errors.As(err, &e) || len(e.Fields) > 0 || e.Kind != errs.Invalid && e.Kind != errs.Conflict {
		return err
	}
	return &errs.Error{Kind: errs.Invalid, Problem: e.Problem, Fields: map[string]errs.Problem{name: e.Problem}, Err: e.Err}
}
