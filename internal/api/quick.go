package api

import (
	"net/http"
	"strconv"

	"bailiwick/internal/authz"
)

// checkPattern is the one operation that other programs ask on every step they take.
const checkPattern = "POST " + Prefix + "/access/check"

// quickly answers a request that is plainly written without the reflection that all other operations go through, which takes
// longer than the answer. It reports false, and has done nothing, for all that is left to the operation, so that the contract is
// kept in one place.
type quickly func(w http.ResponseWriter, r *http.Request, by authz.Actor, body []byte) bool

// quick are the operations that can be answered quickly, by their patterns.
func (a *API) quick() map[string]quickly {
	return map[string]quickly{
		checkPattern:                        a.quickCheck,
		"POST " + Prefix + "/quota/reserve": answered(a, readReserve, a.reserveQuota, appendAnswers),
		"POST " + Prefix + "/quota/commit":  answered(a, readSettle, a.commitQuota, appendSettled),
		"POST " + Prefix + "/quota/release": answered(a, readSettle, a.releaseQuota, appendSettled),
	}
}

// quickCheck leaves errors to the operation.
func (a *API) quickCheck(w http.ResponseWriter, r *http.Request, by authz.Actor, body []byte) bool {
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
	writeJSON(w, answerOf(in, allowed))
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
	accept, form := r.Header["Accept"], r.Header["Content-Type"]
	return len(form) == 1 && form[0] == "application/json" && r.URL.RawQuery == "" && len(r.Header["Idempotency-Key"]) == 0 &&
		(len(accept) == 0 || len(accept) == 1 && (accept[0] == "*/*" || accept[0] == "application/json"))
}

// readCheck reads the body of a check. It takes what is plain alone: the names of the contract, each at most once, with
// texts in ASCII that are neither empty nor escaped nor too long. It reports false for everything else.
func readCheck(text string) (in AccessCheck, ok bool) {
	s := plainJSON{rest: text}
	s.object(func(name string) bool {
		if name != "checks" {
			return s.question(name, &in.Account, &in.Permission, &in.SubAccount, &in.User)
		}
		if in.Checks != nil || !s.take('[') {
			return false
		}
		for len(in.Checks) < mostChecks {
			var q AccessQuestion
			s.object(func(name string) bool { return s.question(name, &q.Account, &q.Permission, &q.SubAccount, &q.User) })
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

func (s *plainJSON) space() {
	for s.rest != "" && (s.rest[0] == ' ' || s.rest[0] == '\t' || s.rest[0] == '\r' || s.rest[0] == '\n') {
		s.rest = s.rest[1:]
	}
}

// take reads one sign, if it comes next.
func (s *plainJSON) take(sign byte) bool {
	s.space()
	if s.bad || s.rest == "" || s.rest[0] != sign {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

const longestName = len("hold_seconds")

// object reads an object of at least one field; value reads what belongs to a name.
func (s *plainJSON) object(value func(name string) bool) {
	s.bad = s.bad || !s.take('{')
	for !s.bad {
		name := s.text(longestName)
		s.bad = s.bad || !s.take(':') || !value(name)
		if !s.take(',') {
			break
		}
	}
	s.bad = s.bad || !s.take('}')
}

// question reads a field of a question.
func (s *plainJSON) question(name string, account, permission, sub, user *string) bool {
	switch name {
	case "account":
		return s.word(account, 64)
	case "permission":
		return s.word(permission, 100)
	case "subaccount":
		return s.word(sub, 64)
	case "user":
		return s.word(user, 64)
	}
	return false
}

// word reads the text of a field that has none yet, of most bytes.
func (s *plainJSON) word(to *string, most int) bool {
	if *to != "" {
		return false
	}
	*to = s.text(most)
	return !s.bad
}

// number reads a number from 1 to most into a field that has none yet.
func (s *plainJSON) number(to *int64, most int64) bool {
	s.space()
	end := 0
	for end < len(s.rest) && s.rest[end] >= '0' && s.rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(s.rest[:end], 10, 64)
	if err != nil || *to != 0 || s.rest[0] == '0' || n > most {
		return false
	}
	s.rest = s.rest[end:]
	*to = n
	return true
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

// writeJSON writes an answer.
func writeJSON(w http.ResponseWriter, text []byte) {
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = []string{"application/json"}, []string{strconv.Itoa(len(text))}
	_, _ = w.Write(text) //nolint:errcheck // the client has gone
}
