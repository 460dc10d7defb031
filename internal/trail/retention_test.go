package trail_test

import (
	"strconv"
	"testing"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/trail"
)

const days = 24 * time.Hour

// verified is the report on the log of an account, which has to be sound.
func (w town) verified(at ids.Account) audit.Report {
	w.t.Helper()
	r, err := audit.Verify(w.t.Context(), w.DB, at, w.Clock.Now())
	w.ok(err)
	if !r.Sound() {
		w.t.Errorf("the chain of %s: %+v", at, r.Problems)
	}
	return r
}

func TestRetentionDeletesALittleAtATimeAndTheLogStaysVerifiable(t *testing.T) {
	each(t, func(w town) {
		if w.DB.Dialect() == db.SQLite { // a write that deletes too much fails
			for _, event := range []string{"AFTER INSERT ON audit_checkpoints WHEN NEW.deleted > 100", "BEFORE UPDATE ON audit_checkpoints WHEN NEW.deleted - OLD.deleted > 100"} {
				w.Exec("CREATE TRIGGER chunk_" + strconv.Itoa(len(event)) + " " + event + " BEGIN SELECT RAISE(ABORT, 'too much at once'); END")
			}
		}
		w.many(w.acme, 350)
		old := w.verified(w.acme).Sealed
		w.Clock.Advance(trail.LeastDays * days)
		w.many(w.acme, 20)
		w.Drain()
		if r := w.verified(w.acme); r.Deleted != 0 {
			t.Errorf("%d events were deleted before their time", r.Deleted)
		}
		w.ok(w.Trail.SetRetention(t.Context(), w.Root, w.Platform, trail.LeastDays))
		w.Clock.Advance(2 * days)
		w.Drain()
		w.seal()
		r := w.verified(w.acme)
		if r.Deleted != old || r.Sealed < old+20 {
			t.Errorf("deleted %d of %d old events, %d sealed", r.Deleted, old, r.Sealed)
		}
		for _, at := range []ids.Account{w.Platform, w.north, w.bolt} {
			w.verified(at)
		}
		told := w.list(w.Root, w.Platform, trail.Query{Action: "audit.trimmed"}).Events
		if len(told) != 1 {
			t.Fatalf("%d events say what was deleted", len(told))
		}
		for _, c := range told[0].Changes {
			if n, err := strconv.Atoi(c.After); c.Field == "events" && (err != nil || int64(n) < old) {
				t.Errorf("the log says that %s events were deleted", c.After)
			}
		}
		x := w.export(w.Root, w.Platform, trail.Query{Below: true}, trail.Chain, "en")
		if got := verifyText(t, x); !got.Sound() || got.Events == 0 {
			t.Errorf("an export after trimming: %+v", got)
		}
		w.many(w.acme, 3)
		if r := w.verified(w.acme); r.Deleted != old {
			t.Errorf("%+v", r)
		}
	})
}

func TestOnlyAnOwnerOfThePlatformSaysHowLongTheLogIsKept(t *testing.T) {
	each(t, func(w town) {
		ctx := t.Context()
		for name, c := range map[string]struct {
			by   authz.Actor
			at   ids.Account
			n    int
			code string
		}{
			"too short":                  {w.Root, w.Platform, trail.LeastDays - 1, "audit.retention_range"},
			"too long":                   {w.Root, w.Platform, trail.MostDays + 1, "audit.retention_range"},
			"of a client":                {w.Root, w.acme, 90, "audit.retention_denied"},
			"by the Owner of a client":   {w.amara, w.acme, 90, "audit.retention_denied"},
			"by the Owner of a reseller": {w.nils, w.north, 90, "audit.retention_denied"},
			"above":                      {w.nils, w.Platform, 90, "account.not_found"},
			"as it should be":            {w.Root, w.Platform, 90, ""},
		} {
			if err := w.Trail.SetRetention(ctx, c.by, c.at, c.n); errs.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %q", name, err, c.code)
			}
		}
		if n, err := w.Trail.Retention(ctx, w.amara, w.acme); err != nil || n != 90 {
			t.Errorf("a reader of the log is told %d days, %v", n, err)
		}
		w.ok(w.Trail.SetRetention(ctx, w.Root, w.Platform, 90))
		if told := w.list(w.Root, w.Platform, trail.Query{Action: "audit.retention_changed"}).Events; len(told) != 1 {
			t.Errorf("%d events for one change", len(told))
		}
	})
}
