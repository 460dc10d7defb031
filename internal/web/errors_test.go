package web

import (
	"errors"
	"net/http"
	"testing"

	"bailiwick/internal/errs"
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
