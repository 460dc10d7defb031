package trail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/apptest"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
	"bailiwick/internal/task"
	"bailiwick/internal/trail"
)

// town is a platform with a reseller, two customers and the people in them.
type town struct {
	*apptest.World
	t                *testing.T
	north            ids.Account // a reseller
	acme, bolt       ids.Account // its customer, and one of the platform's own
	amara, nils, zoe authz.Actor // the Owners of acme and of north, and a plain User of acme
}

func each(t *testing.T, fn func(w town)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		o := town{World: w, t: t}
		o.north = w.Reseller(w.Platform, "North")
		o.acme = w.Client(o.north, "Acme")
		o.bolt = w.Client(w.Platform, "Bolt")
		w.Member(o.acme, "amara@acme.example", apptest.As(authz.Owner))
		w.Member(o.north, "nils@north.example", apptest.As(authz.Owner))
		w.Member(o.acme, "zoe@acme.example", apptest.As(authz.User))
		o.amara, o.nils, o.zoe = w.SignIn("amara@acme.example").Actor(), w.SignIn("nils@north.example").Actor(), w.SignIn("zoe@acme.example").Actor()
		o.seal()
		fn(o)
	})
}

func (w town) seal() {
	w.t.Helper()
	_, err := w.Log.SealOnce(w.t.Context())
	w.ok(err)
}

func (w town) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// start starts an export, a moment after what came before.
func (w town) start(by authz.Actor, at ids.Account, q trail.Query, form trail.Form, lang string) ids.Task {
	w.t.Helper()
	w.Clock.Advance(time.Second)
	id, err := w.Trail.Export(w.t.Context(), by, at, q, form, lang)
	w.ok(err)
	return id
}

// export returns what an export left.
func (w town) export(by authz.Actor, at ids.Account, q trail.Query, form trail.Form, lang string) string {
	w.t.Helper()
	id := w.start(by, at, q, form, lang)
	w.Drain()
	return w.result(by, at, id)
}

func (w town) result(by authz.Actor, at ids.Account, id ids.Task) string {
	w.t.Helper()
	t, err := w.Tasks.Get(w.t.Context(), by, at, id)
	w.ok(err)
	if t.State != task.Done {
		w.t.Fatalf("the export is %s: %+v", t.State, t.Problem)
	}
	f, err := w.Tasks.Result(w.t.Context(), by, at, id)
	w.ok(err)
	body, err := io.ReadAll(f)
	w.ok(err)
	return string(body)
}

func (w town) rows(body string) (heads []string, rows []map[string]string) {
	w.t.Helper()
	tab, err := sheet.Read(strings.NewReader(body), "x.csv")
	w.ok(err)
	for {
		r, err := tab.Next()
		if errors.Is(err, io.EOF) {
			return tab.Heads, rows
		}
		w.ok(err)
		row := map[string]string{}
		for i, c := range r.Cells {
			row[tab.Heads[i]] = c
		}
		rows = append(rows, row)
	}
}

func TestATableOfTheLogHoldsWhatTheFiltersChooseInTheReadersWords(t *testing.T) {
	each(t, func(w town) {
		_, rows := w.rows(w.export(w.nils, w.north, trail.Query{Below: true, Noun: "account"}, trail.CSV, "en"))
		found := false
		for _, r := range rows {
			found = found || r["Action"] == "account.created" && r["Target"] == "Acme" && r["Account"] == "Acme"
			if !strings.HasPrefix(r["Action"], "account.") || strings.Contains(fmt.Sprint(r), "Bolt") {
				t.Errorf("what was not asked for: %v", r)
			}
		}
		if !found {
			t.Errorf("the table lacks an event: %v", rows)
		}
		heads, rows := w.rows(w.export(w.amara, w.acme, trail.Query{}, trail.CSV, "ar"))
		if heads[0] != "الوقت" || len(rows) == 0 {
			t.Errorf("%q, %d rows", heads, len(rows))
		}
		for _, r := range rows {
			if r[heads[4]] == "audit.exported" {
				t.Error("a table holds its own event")
			}
		}
	})
}

func TestEvidenceOfTheLogIsVerifiedOffline(t *testing.T) {
	each(t, func(w town) {
		body := w.export(w.nils, w.north, trail.Query{Below: true}, trail.Chain, "en")
		x, err := audit.VerifyExport(strings.NewReader(body))
		if err != nil || !x.Sound() || !x.Whole || x.Account != w.north || len(x.Logs) != 2 {
			t.Errorf("%+v, %v", x, err)
		}
		if strings.Contains(body, string(w.bolt)) {
			t.Error("evidence of an account beside")
		}
		one := w.export(w.nils, w.north, trail.Query{Below: true, At: w.acme}, trail.Chain, "en")
		if x, err := audit.VerifyExport(strings.NewReader(one)); err != nil || x.Account != w.acme || len(x.Logs) != 1 {
			t.Errorf("%+v, %v", x, err)
		}
		altered := strings.Replace(body, "account.created", "account.renamed", 1)
		if x, err := audit.VerifyExport(strings.NewReader(altered)); err != nil || x.Sound() {
			t.Errorf("an altered export is sound: %v", err)
		}
	})
}

func TestAnExportOfTheLogIsATaskLikeEveryOther(t *testing.T) {
	each(t, func(w town) {
		ctx := t.Context()
		for name, c := range map[string]struct {
			by   authz.Actor
			at   ids.Account
			q    trail.Query
			code string
		}{
			"a plain User":        {w.zoe, w.acme, trail.Query{}, "auth.denied"},
			"of the one above":    {w.amara, w.north, trail.Query{}, "account.not_found"},
			"of one beside":       {w.nils, w.north, trail.Query{At: w.bolt}, "account.not_found"},
			"another day":         {w.amara, w.acme, trail.Query{From: "tomorrow"}, "audit.day_unreadable"},
			"another span":        {w.amara, w.acme, trail.Query{Within: "eon"}, "audit.within_unknown"},
			"below, seen by Acme": {w.amara, w.acme, trail.Query{At: w.bolt}, "account.not_found"},
		} {
			if _, err := w.Trail.Export(ctx, c.by, c.at, c.q, trail.CSV, "en"); errs.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %s", name, err, c.code)
			}
		}
		if _, err := w.Trail.Export(ctx, w.amara, w.acme, trail.Query{}, "pdf", "en"); errs.CodeOf(err) != "audit.form_unknown" {
			t.Error(err)
		}
		id := w.start(w.amara, w.acme, trail.Query{}, trail.CSV, "en")
		got, err := w.Trail.List(ctx, w.amara, w.acme, trail.Query{Action: "audit.exported"})
		if err != nil || len(got.Events) != 1 {
			t.Errorf("the export is recorded before it is written: %v, %v", got, err)
		}
		w.Drain()
		w.result(w.amara, w.acme, id)
		if got, err = w.Trail.List(ctx, w.amara, w.acme, trail.Query{Action: "task.downloaded"}); err != nil || len(got.Events) != 1 {
			t.Errorf("that it was taken is recorded: %v, %v", got, err)
		}
		if _, err := w.Tasks.Result(ctx, w.zoe, w.acme, id); err == nil {
			t.Error("somebody else took the result")
		}
		w.Clock.Advance(task.Keep + 2*time.Hour)
		w.Drain()
		if _, err := w.Tasks.Get(ctx, w.amara, w.acme, id); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a result is kept for a week: %v", err)
		}
	})
}

func TestALongExportOfTheLogIsWholeAndEndsWithTheRight(t *testing.T) {
	each(t, func(w town) {
		w.many(w.acme, 1100) // three pages
		id := w.start(w.amara, w.acme, trail.Query{Text: "Nobody"}, trail.CSV, "en")
		w.Drain()
		_, rows := w.rows(w.result(w.amara, w.acme, id))
		seen := map[string]bool{}
		for _, r := range rows {
			seen[r["Event ID"]] = true
		}
		if len(rows) != 1100 || len(seen) != 1100 {
			t.Errorf("%d rows of %d events", len(rows), len(seen))
		}
		body := w.export(w.amara, w.acme, trail.Query{}, trail.Chain, "en")
		if x, err := audit.VerifyExport(bytes.NewReader([]byte(body))); err != nil || !x.Sound() || x.Events < 1100 {
			t.Errorf("%+v, %v", x, err)
		}

		id = w.start(w.amara, w.acme, trail.Query{}, trail.CSV, "en")
		w.Exec(`UPDATE memberships SET role = 'user' WHERE user_id = ?`, w.amara.User())
		w.Drain()
		if got, err := w.Tasks.Get(t.Context(), w.Root, w.acme, id); err != nil || got.State != task.Failed || got.Result != "" {
			t.Errorf("an export of somebody whose right was taken: %+v, %v", got, err)
		}
	})
}

// many records events of an account, sealed.
func (w town) many(at ids.Account, n int) {
	w.t.Helper()
	evs := make([]audit.Event, n)
	for i := range evs {
		evs[i] = audit.Event{Action: "location.edited", TargetType: "location", TargetID: fmt.Sprint(i), Target: "Nobody"}
	}
	w.Write(func(ctx context.Context, tx *db.Tx) error { return audit.Record(ctx, tx, w.Root, at, evs) })
	w.seal()
}

func verifyText(t *testing.T, body string) audit.Exported {
	t.Helper()
	x, err := audit.VerifyExport(strings.NewReader(body))
	if err != nil {
		t.Error(err)
	}
	return x
}
