package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
)

func TestEveryKindOfErrorHasAStatus(t *testing.T) {
	want := map[errs.Kind]int{
		errs.Internal: http.StatusInternalServerError, errs.Invalid: http.StatusUnprocessableEntity, errs.Unauthenticated: http.StatusUnauthorized,
		errs.Denied: http.StatusForbidden, errs.NotFound: http.StatusNotFound, errs.Conflict: http.StatusConflict,
		errs.OverQuota: http.StatusTooManyRequests, errs.Unavailable: http.StatusServiceUnavailable,
	}
	for _, k := range errs.Kinds() {
		if _, listed := want[k]; !listed {
			t.Errorf("kind %v has no expected status: add it here and to statusOf", k)
		}
		if got := statusOf(k); got != want[k] {
			t.Errorf("%v is answered with %d, want %d", k, got, want[k])
		}
	}
}

func TestCausesAreNotShown(t *testing.T) {
	if p := problemOf(errors.New("pq: password of 10.0.0.1 rejected")); p.Code != "internal" {
		t.Errorf("a foreign error is shown as %+v", p)
	}
	cause := errs.New(errs.Conflict, "account.stale", "Load the page again.")
	cause.Err = errors.New("secret cause")
	if p := problemOf(cause); p.Text() != "Load the page again." {
		t.Errorf("%+v", p)
	}
}

// TestNumbersInRemarksAreWrittenAsTheReaderDoes: those in English too, whose texts stand beside the code.
func TestNumbersInRemarksAreWrittenAsTheReaderDoes(t *testing.T) {
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	var e *errs.Error
	if !errors.As(errs.Field("email_month", "quota.amount_range", "Write a number from 0 to {most}, or -1 for no limit.", "most", int64(40_000_000)), &e) {
		t.Fatal("it is no error of a field")
	}
	for lang, want := range map[string]string{"en": "40,000,000", "de": "40.000.000"} {
		if got := words(texts.For(lang), e.Fields["email_month"]); !strings.Contains(got, want) {
			t.Errorf("%s: %q", lang, got)
		}
	}
}

func TestINV12RedirectsStayOnThePortal(t *testing.T) {
	for next, want := range map[string]string{
		"/a/acc_1/users?q=x": "/a/acc_1/users?q=x", "": "/", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example/": "/",
		"evil.example": "/", "/": "/", "javascript:alert(1)": "/", "/%09/evil.example": "/%09/evil.example", "\t//evil": "/", "/\n/evil": "/",
	} {
		if got := ownPath(next, "/"); got != want {
			t.Errorf("ownPath(%q) = %q, want %q", next, got, want)
		}
	}
}
