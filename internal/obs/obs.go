// Package obs sets up the log and carries the request's id to it.
package obs

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Format is how log entries are written.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// NewLogger returns a logger that adds the request id of the context to each entry.
func NewLogger(w io.Writer, level slog.Leveler, f Format) (*slog.Logger, error) {
	opts := &slog.HandlerOptions{Level: level}
	switch f {
	case Text:
		return slog.New(withRequest{slog.NewTextHandler(w, opts)}), nil
	case JSON:
		return slog.New(withRequest{slog.NewJSONHandler(w, opts)}), nil
	}
	return nil, fmt.Errorf("set log.format to text or json: %q is neither", f)
}

type requestKey struct{}

// WithRequestID returns a context that carries the id of a request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID returns the id of the request, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// NewRequestID returns a short id that a person can read out to support.
func NewRequestID() string { return strings.ToLower(rand.Text()[:12]) }

// withRequest is the handler that adds the request id.
type withRequest struct{ slog.Handler }

// Handle writes the entry with the request id.
func (h withRequest) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the request id for derived loggers.
func (h withRequest) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withRequest{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the request id for derived loggers.
func (h withRequest) WithGroup(name string) slog.Handler {
	return withRequest{h.Handler.WithGroup(name)}
}
