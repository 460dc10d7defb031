// Package client is the Go client of the API. Its operations are generated from the description of the API.
package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// API calls the API of one installation with one key.
type API struct {
	base string
	key  string
	http *http.Client
}

// Version is the version of something that is edited, an entity tag (RFC 9110, section 8.8.3).
type Version string

// Deadline is the longest that one request may take.
const Deadline = time.Minute

// New makes a client of the installation at an address such as https://portal.example.com.
func New(server, key string) (*API, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%q is not an address such as https://portal.example.com", server)
	}
	return &API{base: strings.TrimRight(u.Scheme+"://"+u.Host+u.Path, "/") + "/api/v1", key: key, http: &http.Client{
		Timeout: Deadline,
		// The key goes to the address that was named, and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Unreachable is the error when no answer came.
type Unreachable struct{ Err error }

func (e *Unreachable) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Unreachable) Unwrap() error { return e.Err }

// Error is the problem in one line.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

type request struct {
	method, path string
	query        url.Values
	version      Version // for If-Match
	create       bool    // If-None-Match: nothing may be there
	body         any
	file         *File     // the body, instead
	to           io.Writer // where an answer goes that is a file
}

// File is a file to send, with its media type.
type File struct {
	Type string
	Body io.ReadSeeker
}

// mostAnswer is the largest answer that is read, in bytes.
const mostAnswer = 64 << 20

// do sends a request and reads the answer into out. A request to which no answer came is sent once more: those that
// change something carry a key by which they are done once.
func (c *API) do(ctx context.Context, r request, out any) (Version, error) {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return "", fmt.Errorf("write the request: %w", err)
		}
	}
	once := ""
	if r.method == http.MethodPost {
		once = rand.Text()
	}
	version, err := c.send(ctx, r, body, once, out)
	if gone := (*Unreachable)(nil); errors.As(err, &gone) && ctx.Err() == nil && (once != "" || r.method == http.MethodGet) {
		return c.send(ctx, r, body, once, out)
	}
	return version, err
}

func (c *API) send(ctx context.Context, r request, body []byte, once string, out any) (_ Version, err error) {
	address := c.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("make the request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.file != nil {
		if err := r.file.attach(req); err != nil {
			return "", err
		}
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	if r.to == nil {
		req.Header.Set("Accept", "application/json")
	}
	none := ""
	if r.create {
		none = "*"
	}
	for name, value := range map[string]string{"If-Match": string(r.version), "If-None-Match": none, "Idempotency-Key": once} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	caller := *c.http
	if r.file != nil || r.to != nil {
		caller.Timeout = 0 // how long a file takes, nobody knows
	}
	res, err := caller.Do(req)
	if err != nil {
		return "", &Unreachable{err}
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if r.to != nil && res.StatusCode == http.StatusOK {
		if _, err := io.Copy(r.to, res.Body); err != nil {
			return "", fmt.Errorf("read the file: %w", err)
		}
		return "", nil
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return "", &Unreachable{err}
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return "", problem(res, text)
	}
	if out != nil && len(text) > 0 {
		if err := json.Unmarshal(text, out); err != nil {
			return "", fmt.Errorf("read the answer: %w", err)
		}
	}
	return Version(res.Header.Get("ETag")), nil
}

// attach makes the file the body of a request.
func (f *File) attach(req *http.Request) error {
	n, err := f.Body.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Body.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	req.Body, req.ContentLength, req.GetBody = io.NopCloser(f.Body), n, nil
	req.Header.Set("Content-Type", f.Type)
	return nil
}

// problem is what the answer says went wrong (RFC 9457), or what can be told of one that is not the API's.
func problem(res *http.Response, text []byte) error {
	p := &Problem{}
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || kind != "application/problem+json" || json.Unmarshal(text, p) != nil || p.Status == 0 {
		return &Problem{Status: int64(res.StatusCode), Title: res.Status, Code: "server.unknown", Detail: "Check the address of the server. It answered " + res.Status + ", and not as the API does."}
	}
	return p
}
