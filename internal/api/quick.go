package api

import (
	"net/http"
	"strconv"
	"strings"

	"bailiwick/internal/authz"
)

// checkPattern is the one operation that other programs ask on every step they take.
const checkPattern = "POST " + Prefix + "/access/check"

// quick answers questions about access that are plainly written without the reflection that all other operations go
// through, which takes longer than the answer. It reports false for all else, errors included, which is left to the
// operation, so that the contract is kept in one place.
func (a *API) quick(w http.ResponseWriter, r *http.Request, by authz.Actor, body []byte) bool {
	if !isPlain(r) {
		return false
	}
	in, ok := readCheck(string(body))
	if !ok {
		return false
	}
	asked, err := in.questions()
	if err != nil {
		return false
	}
	allowed, err := a.Access.Check(r.Context(), by, asked)
	if err != nil {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answerOf(in, allowed)) //nolint:errcheck // the client has gone
	return true
}

// answerOf writes an AccessAnswer.
func answerOf(in AccessCheck, allowed []bool) []byte {
	body := make([]byte, 0, 32+24*len(allowed))
	if in.Checks == nil {
		body = append(body, `{"allowed":`...)
		return append(strconv.AppendBool(body, allowed[0]), "}\n"...)
	}
	body = append(body, `{"results":[`...)
	for i, yes := range allowed {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(strconv.AppendBool(append(body, `{"allowed":`...), yes), '}')
	}
	return append(body, "]}\n"...)
}

// isPlain reports whether the fields of a request are what most programs send.
func isPlain(r *http.Request) bool {
	accept := r.Header["Accept"]
	return r.Header.Get("Content-Type") == "application/json" && r.URL.RawQuery == "" && len(r.Header["Idempotency-Key"]) == 0 &&
		(len(accept) == 0 || len(accept) == 1 && (accept[0] == "*/*" || accept[0] == "application/json"))
}

// readCheck reads the body of a check. It takes what is plain alone: the names of the contract, each at most once, with
// texts in ASCII that are neither empty nor escaped nor too long. It reports false for everything else.
func readCheck(text string) (in AccessCheck, ok bool) {
	s := plainJSON{rest: text}
	s.object(func(name string) bool {
		if name != "checks" {
			return s.word(name, &in.Account, &in.Permission, &in.SubAccount, &in.User)
		}
		if in.Checks != nil || !s.take('[') {
			return false
		}
		for len(in.Checks) < mostChecks {
			var q AccessQuestion
			s.object(func(name string) bool { return s.word(name, &q.Account, &q.Permission, &q.SubAccount, &q.User) })
			if in.Checks = append(in.Checks, q); q.Account == "" || q.Permission == "" || !s.take(',') {
				return q.Account != "" && q.Permission != "" && s.take(']')
			}
		}
		return false
	})
	s.space()
	return in, !s.bad && s.rest == ""
}

// plainJSON reads a text in JSON from its beginning, as long as it is plain.
type plainJSON struct {
	rest string
	bad  bool
}

func (s *plainJSON) space() { s.rest = strings.TrimLeft(s.rest, " \t\r\n") }

// take reads one sign, if it comes next.
func (s *plainJSON) take(sign byte) bool {
	s.space()
	if s.bad || s.rest == "" || s.rest[0] != sign {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// object reads an object of at least one field; value reads what belongs to a name.
func (s *plainJSON) object(value func(name string) bool) {
	s.bad = s.bad || !s.take('{')
	for !s.bad {
		name := s.text(len("permission"))
		s.bad = s.bad || !s.take(':') || !value(name)
		if !s.take(',') {
			break
		}
	}
	s.bad = s.bad || !s.take('}')
}

// word reads the text of a field that has none yet.
func (s *plainJSON) word(name string, account, permission, sub, user *string) bool {
	to, most := account, 64
	switch name {
	case "account":
	case "permission":
		to, most = permission, 100
	case "subaccount":
		to = sub
	case "user":
		to = user
	default:
		return false
	}
	if *to != "" {
		return false
	}
	*to = s.text(most)
	return !s.bad
}

// text reads a text of 1 to most bytes.
func (s *plainJSON) text(most int) string {
	if !s.take('"') {
		s.bad = true
		return ""
	}
	for i := range len(s.rest) {
		switch b := s.rest[i]; {
		case b == '"' && i > 0:
			word := s.rest[:i]
			s.rest = s.rest[i+1:]
			return word
		case b == '"' || b == '\\' || b < ' ' || b > '~' || i == most:
			s.bad = true
			return ""
		}
	}
	s.bad = true
	return ""
}
