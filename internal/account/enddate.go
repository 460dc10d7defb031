package account

import (
	"context"
	"slices"

	"bailiwick/internal/op"
)

// endChanged lifts the hold of an ended membership at once when the end is moved to today or later, or emptied.
func endChanged(ctx context.Context, w *op.W, old, upd Account) error {
	if old.MembershipEnd == upd.MembershipEnd {
		return nil
	}
	zone, err := zoneOf(ctx, w.Tx(), w.Scope())
	if err != nil {
		return err
	}
	if upd.MembershipEnd != "" && upd.MembershipEnd < DateIn(w.Tx().Now(), zone) {
		return nil
	}
	all, err := chainHolds(ctx, w.Tx(), w.Scope())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(h Hold) bool { return h.On == upd.ID && h.Source == Expiry })
	if i < 0 {
		return nil
	}
	return unhold(ctx, w, upd, all[i])
}
