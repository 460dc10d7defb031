package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/errs"
	"bailiwick/internal/obs"
	"bailiwick/internal/secret"
)

// longestBody is the most that a request carries.
const longestBody = 1 << 20

type actorKey struct{}

// actorOf is who makes the request. Only the gate puts an actor there, so that no operation can run without one.
func actorOf(ctx context.Context) authz.Actor {
	by, _ := ctx.Value(actorKey{}).(authz.Actor)
	return by
}

// gate lets a request through to an operation once its key is good, its limit has room and its parts can be read.
func (a *API) gate(pattern string, h http.HandlerFunc) http.HandlerFunc {
	names, quick, takesFile := wildcards(pattern), a.quick()[pattern], a.uploads[pattern]
	return func(w http.ResponseWriter, r *http.Request) {
		by, err := a.admit(w, r, names)
		var body []byte
		if err == nil && !takesFile {
			body, err = readBody(r)
		}
		if err != nil {
			answerTo(r.Context(), a.Log, err).write(w)
			return
		}
		if quick != nil && isPlain(r) && quick(w, r, by, body) {
			return
		}
		if err := refuseTwice(body); err != nil {
			answerTo(r.Context(), a.Log, err).write(w)
			return
		}
		mark, err := markOf(r, body)
		if err != nil {
			answerTo(r.Context(), a.Log, err).write(w)
			return
		}
		if mark != nil {
			by = by.Repeating(*mark)
			if !a.running.begin(by) {
				answerTo(r.Context(), a.Log, errs.New(errs.Conflict, "idempotency.running", "Wait for the first request to end. Another one with this Idempotency-Key is under way.")).write(w)
				return
			}
			defer a.running.end(by)
		}
		r = r.WithContext(context.WithValue(r.Context(), actorKey{}, by))
		if !takesFile {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		h(w, r)
	}
}

// admit finds who makes a request and looks at its address. names are those of the parts of its path that vary.
func (a *API) admit(w http.ResponseWriter, r *http.Request, names []string) (by authz.Actor, err error) {
	if by, err = a.recognise(r); err != nil {
		return by, err
	}
	if err := limit(a.limits, w.Header(), by.Credential()); err != nil {
		return by, err
	}
	return by, checkAddress(r, names)
}

// recognise finds whose key the request presents. Cookies count for nothing here, so no page elsewhere can make a
// browser act.
func (a *API) recognise(r *http.Request) (authz.Actor, error) {
	given := r.Header.Values("Authorization")
	if len(given) == 0 {
		return authz.Actor{}, errs.New(errs.Unauthenticated, "auth.key_required", "Send an API key as Authorization: Bearer bwk_….")
	}
	scheme, key, _ := strings.Cut(given[0], " ")
	if len(given) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return authz.Actor{}, errs.New(errs.Unauthenticated, "auth.key_required", "Send one API key as Authorization: Bearer bwk_….")
	}
	by, err := a.Keys.Resolve(r.Context(), apikey.Client{
		Key: secret.Wrap(strings.TrimSpace(key)), IP: obs.ClientIP(r.Context()), RequestID: obs.RequestID(r.Context()), UserAgent: r.UserAgent(),
	})
	obs.SetActor(r.Context(), by.ID(), by.Credential())
	if errs.KindOf(err) == errs.Unauthenticated {
		return by, problemOf(err).with("WWW-Authenticate", `Bearer realm="bailiwick", error="invalid_token"`)
	}
	if err != nil {
		return by, err
	}
	by = by.Within(brand.Visited(r.Context()))
	// A key comes to its account with each use; what it finds there the operation says.
	if err := a.Policy.Enter(r.Context(), by, by.Account()); err != nil && errs.KindOf(err) != errs.NotFound {
		return by, err
	}
	return by, nil
}

// wordForm is what can stand in a path: ids and keys. Anything else is the name of nothing.
var wordForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// checkAddress answers ids that can be nobody's like those that are nobody's, and refuses what is no text.
func checkAddress(r *http.Request, names []string) error {
	for _, name := range names {
		if !wordForm.MatchString(r.PathValue(name)) {
			return errs.NoSuch(name)
		}
	}
	query, err := queryOf(r)
	if err != nil {
		return err
	}
	for name, values := range query {
		for _, v := range append(values, name) {
			if !errs.IsText(v) {
				return refusal(http.StatusBadRequest, "request.not_text", "Leave out what is not text from the query.")
			}
		}
	}
	return nil
}

func queryOf(r *http.Request) (map[string][]string, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	if strings.Contains(r.URL.RawQuery, ";") {
		return nil, refusal(http.StatusBadRequest, "request.malformed", "Separate parameters by & and encode everything else.")
	}
	return r.URL.Query(), nil
}

var wildcardForm = regexp.MustCompile(`\{([a-z_]+)\}`)

func wildcards(pattern string) (out []string) {
	for _, m := range wildcardForm.FindAllStringSubmatch(pattern, -1) {
		out = append(out, m[1])
	}
	return out
}

// readBody reads the body once, for the operation and for the hash of a request that may be sent again.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	body, err := whole(r)
	switch {
	case err != nil:
		return nil, refusal(http.StatusBadRequest, "request.unread", "Send the request again. Its body could not be read to the end.")
	case len(body) >= longestBody:
		return nil, refusal(http.StatusRequestEntityTooLarge, "request.too_large", "Send less at once. A body has at most one megabyte.")
	case bytes.Contains(body, []byte(`\u0000`)) || !utf8.Valid(body):
		return nil, refusal(http.StatusBadRequest, "request.not_text", "Leave out what is not text from the body.")
	}
	return body, nil
}

// usualBody is how much memory a client gets for the asking; most bodies are smaller.
const usualBody = 64 << 10

func whole(r *http.Request) ([]byte, error) {
	if r.ContentLength < 0 || r.ContentLength > usualBody {
		return io.ReadAll(io.LimitReader(r.Body, longestBody+1))
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}

// keyForm is an Idempotency-Key without its quotes: printable ASCII.
var keyForm = regexp.MustCompile(`^[!#-\[\]-~]{1,255}$`)

// markOf reads the Idempotency-Key of a POST (draft-ietf-httpapi-idempotency-key-header-07). The quotes of a
// structured field may be left out.
func markOf(r *http.Request, body []byte) (*authz.Once, error) {
	given := r.Header.Values("Idempotency-Key")
	if r.Method != http.MethodPost || len(given) == 0 {
		return nil, nil
	}
	key := given[0]
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	if len(given) > 1 || !keyForm.MatchString(key) {
		return nil, refusal(http.StatusBadRequest, "idempotency.malformed", "Send one Idempotency-Key of 1 to 255 printable characters, such as a UUID in quotes.")
	}
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%s %s\n", r.Method, r.URL.RequestURI())
	_, _ = sum.Write(body)
	return &authz.Once{Key: key, Hash: [32]byte(sum.Sum(nil))}, nil
}
