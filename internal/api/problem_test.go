package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/errs"
	"bailiwick/internal/obs"
)

func TestProblemsOfEveryKind(t *testing.T) {
	want := map[errs.Kind]int{
		errs.Internal: 500, errs.Invalid: 422, errs.Unauthenticated: 401, errs.Denied: 403, errs.NotFound: 404, errs.Conflict: 409, errs.OverQuota: 429, errs.Unavailable: 503,
	}
	for _, k := range errs.Kinds() {
		if _, known := statusOf(k); !known || want[k] == 0 {
			t.Errorf("the kind %q has no status", k)
			continue
		}
		p := problemOf(fmt.Errorf("while saving: %w", errs.New(k, "noun.problem", "Do {this} first.", "this", "that")))
		if p.Status != want[k] || p.Title != http.StatusText(want[k]) {
			t.Errorf("%s is answered %d %s", k, p.Status, p.Title)
		}
		if k != errs.Internal && (p.Code != "noun.problem" || p.Detail != "Do that first." || p.Type != "urn:bailiwick:noun.problem") {
			t.Errorf("%s says %+v", k, p)
		}
	}
}

func TestProblemsKeepCausesToThemselves(t *testing.T) {
	for name, err := range map[string]error{
		"no error of ours": errors.New("canary: connection to 10.0.0.1 refused"),
		"an internal one":  &errs.Error{Kind: errs.Internal, Problem: errs.Problem{Code: "canary", Msg: "canary"}},
		"with a cause":     &errs.Error{Kind: errs.Unavailable, Problem: errs.Problem{Code: "database.busy", Msg: "Try again."}, Err: errors.New("canary")},
	} {
		ctx := obs.WithRequest(context.WithoutCancel(t.Context()), "req42", "")
		p := answerTo(ctx, slog.New(slog.DiscardHandler), err)
		if got := fmt.Sprintf("%+v", *p); p.RequestID != "req42" || strings.Contains(got, "canary") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestProblemsOfFields(t *testing.T) {
	var c errs.Collector
	c.Add("name", "account.name_missing", "Write a name.")
	c.Add("email", "input.email", "Write an address like name@example.com.")
	p := problemOf(c.Err())
	want := []FieldProblem{{"body.email", "input.email", "Write an address like name@example.com."}, {"body.name", "account.name_missing", "Write a name."}}
	if diff := cmp.Diff(want, p.Errors); diff != "" || p.Status != http.StatusUnprocessableEntity || p.Code != "input.fields" {
		t.Errorf("%+v\n%s", p, diff)
	}
}

func TestAStaleVersionFailsItsPrecondition(t *testing.T) {
	if p := problemOf(errs.New(errs.Conflict, "account.stale", "Compare.")); p.Status != http.StatusPreconditionFailed {
		t.Errorf("answered %d", p.Status)
	}
}

func TestVersionsInIfMatch(t *testing.T) {
	for text, want := range map[string]int{`"3"`: 0, ``: 428, `3`: 412, `W/"3"`: 412, `"3", "4"`: 412, `"0"`: 412, `*`: 412, `"-1"`: 412, `"99999999999999999999"`: 412} {
		n, err := Edits{text}.version()
		var p *Problem
		switch {
		case want == 0 && (err != nil || n != 3):
			t.Errorf("%s: %d, %v", text, n, err)
		case want != 0 && (!errors.As(err, &p) || p.Status != want):
			t.Errorf("%s: %v, want %d", text, err, want)
		}
	}
}
