package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"bailiwick/internal/errs"
	"bailiwick/internal/obs"
)

// Problem is the body of every answer that is an error (RFC 9457).
type Problem struct {
	Type      string         `json:"type" doc:"The code as a URI." example:"urn:bailiwick:account.not_found"`
	Title     string         `json:"title" doc:"The status in words." example:"Not Found"`
	Status    int            `json:"status" doc:"The HTTP status." example:"404"`
	Detail    string         `json:"detail" doc:"What to do, then why, in English." example:"There is nothing here. It may have been removed, or the link is incomplete."`
	Code      string         `json:"code" doc:"What went wrong. It never changes; the words may." example:"account.not_found"`
	RequestID string         `json:"request_id" doc:"The number to quote to support. The answer's X-Request-Id has it too." example:"k3v9q2m7x1ab"`
	Errors    []FieldProblem `json:"errors,omitempty" doc:"The fields that need attention."`

	header http.Header
}

// FieldProblem is a remark on one field of a request.
type FieldProblem struct {
	Location string `json:"location" doc:"Where the field is." example:"body.name"`
	Code     string `json:"code" example:"input.too_long"`
	Detail   string `json:"detail" doc:"What to do about it, in English." example:"Shorten this to 100 characters."`
}

// Error is the problem in one line.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are the fields of the answer that belong to the problem.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is that of RFC 9457.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

func (p *Problem) with(name, value string) *Problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// refusal is a problem of the protocol, which no service knows of.
func refusal(status int, code, detail string) *Problem {
	return &Problem{Type: problemURI(code), Title: http.StatusText(status), Status: status, Detail: detail, Code: code}
}

func problemURI(code string) string { return "urn:bailiwick:" + code }

// statusOf is the one table from kinds of error to HTTP status codes (RFC 9110, section 15).
func statusOf(k errs.Kind) (int, bool) {
	status, known := map[errs.Kind]int{
		errs.Internal:        http.StatusInternalServerError,
		errs.Invalid:         http.StatusUnprocessableEntity,
		errs.Unauthenticated: http.StatusUnauthorized,
		errs.Denied:          http.StatusForbidden,
		errs.NotFound:        http.StatusNotFound,
		errs.Conflict:        http.StatusConflict,
		errs.OverQuota:       http.StatusTooManyRequests,
		errs.Unavailable:     http.StatusServiceUnavailable,
	}[k]
	if !known {
		return http.StatusInternalServerError, false
	}
	return status, true
}

// problemOf is the one place where an error of a service becomes an answer. Causes stay here.
func problemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	status, _ := statusOf(errs.KindOf(err))
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind == errs.Internal {
		return refusal(status, "internal", "Try again. If it happens again, tell support the number of the request.")
	}
	if e.Kind == errs.Conflict && strings.HasSuffix(e.Code, ".stale") {
		status = http.StatusPreconditionFailed // the version named by If-Match is not the stored one
	}
	p = refusal(status, e.Code, e.Text())
	for _, f := range slices.Sorted(maps.Keys(e.Fields)) {
		p.Errors = append(p.Errors, FieldProblem{"body." + f, e.Fields[f].Code, e.Fields[f].Text()})
	}
	switch e.Kind {
	case errs.Unauthenticated:
		p.with("WWW-Authenticate", `Bearer realm="bailiwick"`)
	case errs.Unavailable:
		p.with("Retry-After", "5")
	}
	return p
}

// answerTo is problemOf for a request: it names the request, and logs what its client cannot act on.
func answerTo(ctx context.Context, log *slog.Logger, err error) *Problem {
	p := *problemOf(err)
	p.RequestID = obs.RequestID(ctx)
	if p.Status >= http.StatusInternalServerError && !errors.Is(ctx.Err(), context.Canceled) {
		log.ErrorContext(ctx, "request failed", "error", err)
	}
	return &p
}

// write answers outside huma, as huma would.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) //nolint:errcheck // the client has gone
}

// codesOfFaults name what huma finds wrong with a request before any service sees it.
var codesOfFaults = map[int][2]string{
	http.StatusBadRequest:            {"request.malformed", "Send a body of JSON that can be read."},
	http.StatusNotAcceptable:         {"request.not_acceptable", "Accept application/json."},
	http.StatusRequestTimeout:        {"request.timeout", "Send the request again, faster."},
	http.StatusRequestEntityTooLarge: {"request.too_large", "Send less at once. A body has at most one megabyte."},
	http.StatusUnsupportedMediaType:  {"request.media_type", "Send application/json."},
	http.StatusUnprocessableEntity:   {"request.fields", "Some fields need attention."},
}

// ownProblems turns what huma says about a malformed request into a Problem. The values sent are not repeated: they
// may be secrets.
func ownProblems(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	words, known := codesOfFaults[m.Status]
	if !known {
		words = [2]string{"request." + strconv.Itoa(m.Status), "Try again. If it happens again, tell support the number of the request."}
	}
	p := refusal(m.Status, words[0], words[1])
	p.RequestID = obs.RequestID(ctx.Context())
	for _, d := range m.Errors {
		p.Errors = append(p.Errors, FieldProblem{d.Location, "request.field", sentence(d.Message)})
	}
	return p, nil
}

// sentence makes one of a remark by the validator.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
