package authn

import (
	"context"
	"fmt"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/policy"
	"bailiwick/internal/setting"
)

// SignEveryoneOut ends what sessions can do in an account and below, but for the session acting. Of people who belong
// elsewhere too the session goes on there, and has to be begun anew to come back here.
func (s *Service) SignEveryoneOut(ctx context.Context, by authz.Actor, account ids.Account) error {
	return s.op.Write(ctx, by, authz.SecurityEdit, account, func(ctx context.Context, w *op.W) error {
		out := policy.Out{At: w.Tx().Ms(), Keep: by.Session()}
		if _, err := setting.Set(ctx, w.Tx(), w.Scope(), policy.SignedOut, out, false); err != nil {
			return err
		}
		if err := endSessionsBelow(ctx, w.Tx(), w.Scope(), by.Session()); err != nil {
			return fmt.Errorf("end the sessions of %s: %w", account, err)
		}
		w.Audit(audit.Event{Action: ActionEveryoneOut, TargetType: "account", TargetID: string(account), Target: w.Scope().Name()})
		return nil
	})
}
