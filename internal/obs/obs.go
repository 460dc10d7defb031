// Package obs sets up the log and carries what is known of a request to it.
package obs

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"sync"
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

// request is what is known of one request; who makes it is found out on the way.
type request struct {
	id    string
	ip    string
	mu    sync.Mutex
	actor string
	by    string
}

// WithRequest returns a context that carries the id of a request and the address that it came from, "" when that is not known.
func WithRequest(ctx context.Context, id, ip string) context.Context {
	return context.WithValue(ctx, requestKey{}, &request{id: id, ip: ip})
}

// RequestID returns the id of the request, or "".
func RequestID(ctx context.Context) string {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r.id
	}
	return ""
}

// SetActor notes for the log the id of whoever makes the request and by what they were recognised: "session", or the id
// of an API key, which is no secret.
func SetActor(ctx context.Context, id, credential string) {
	r, ok := ctx.Value(requestKey{}).(*request)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actor, r.by = id, credential
}

// Actor returns the id of whoever makes the request and by what they were recognised, "" while nobody was.
func Actor(ctx context.Context) (id, credential string) {
	r, ok := ctx.Value(requestKey{}).(*request)
	if !ok {
		return "", ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.actor, r.by
}

// ClientIP returns the address a request came from, or "".
func ClientIP(ctx context.Context) string {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r.ip
	}
	return ""
}

const (
	readable = "abcdefghijklmnopqrstuvwxyz234567"
	idLength = 12 // letters of five bits
)

// NewRequestID returns a short id that a person can read out to support.
func NewRequestID() string {
	var id [idLength]byte
	_, _ = rand.Read(id[:]) // never fails
	for i, b := range id {
		id[i] = readable[int(b)%len(readable)]
	}
	return string(id[:])
}

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
