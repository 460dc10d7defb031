package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"bailiwick/internal/authz"
)

// answered runs an operation on a body that is plain. write reports false for what it leaves to the usual encoder.
func answered[I, O any](a *API, read func(string) (I, bool), run call[struct{ Body I }, Answer[O]], write func([]byte, O) ([]byte, bool)) quickly {
	return func(w http.ResponseWriter, r *http.Request, by authz.Actor, body []byte) bool {
		in, ok := read(string(body))
		if !ok {
			return false
		}
		out, err := run(r.Context(), by, &struct{ Body I }{in})
		if err != nil {
			answerTo(r.Context(), a.Log, err).write(w)
			return true
		}
		text, ok := write(make([]byte, 0, 256), out.Body)
		if !ok {
			text, err = encoded(out.Body)
		}
		if err != nil {
			answerTo(r.Context(), a.Log, err).write(w)
			return true
		}
		writeJSON(w, text)
		return true
	}
}

// encoded writes what all other operations write.
func encoded(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// readReserve reads the body of a reserve, if it is plain and keeps to the contract.
func readReserve(text string) (in QuotaReserve, ok bool) {
	s := plainJSON{rest: text}
	var one QuotaRequest
	s.object(func(name string) bool {
		if name != "reserves" {
			return s.request(name, &one)
		}
		if in.Reserves != nil || !s.take('[') {
			return false
		}
		in.Reserves = make([]QuotaRequest, 0, min(len(s.rest)/64+1, mostReserves))
		for len(in.Reserves) < mostReserves {
			var q QuotaRequest
			s.object(func(name string) bool { return s.request(name, &q) })
			if in.Reserves = append(in.Reserves, q); !q.whole() || !s.take(',') {
				return q.whole() && s.take(']')
			}
		}
		return false
	})
	s.space()
	single := one != QuotaRequest{}
	in.Key, in.Account, in.SubAccount, in.Channel, in.Recipients, in.Parts, in.HoldSeconds = one.Key, one.Account, one.SubAccount, one.Channel, one.Recipients, one.Parts, one.HoldSeconds
	return in, !s.bad && s.rest == "" && single == (in.Reserves == nil) && (!single || one.whole())
}

// mostReserves is how many messages one request asks for.
const mostReserves = 100

// whole reports whether all is there that must be.
func (r *QuotaRequest) whole() bool {
	return r.Key != "" && r.Account != "" && r.Channel != "" && r.Recipients > 0
}

// request reads a field that has no value yet.
func (s *plainJSON) request(name string, q *QuotaRequest) bool {
	switch name {
	case "key":
		return s.word(&q.Key, 200)
	case "account":
		return s.word(&q.Account, 64)
	case "subaccount":
		return s.word(&q.SubAccount, 64)
	case "channel":
		return s.word(&q.Channel, 5) && (q.Channel == "email" || q.Channel == "sms")
	case "recipients":
		return s.number(&q.Recipients, 1<<40)
	case "parts":
		return s.number(&q.Parts, 1<<40)
	case "hold_seconds":
		return s.number(&q.HoldSeconds, 86_400)
	}
	return false
}

// readSettle reads the body of a commit or a release, if it is plain.
func readSettle(text string) (in QuotaSettle, ok bool) {
	s := plainJSON{rest: text}
	s.object(func(name string) bool {
		switch {
		case name == "id":
			return s.word(&in.ID, 64)
		case name != "ids" || in.IDs != nil || !s.take('['):
			return false
		}
		for len(in.IDs) < mostReserves {
			var id string
			if !s.word(&id, 64) {
				return false
			}
			if in.IDs = append(in.IDs, id); !s.take(',') {
				return s.take(']')
			}
		}
		return false
	})
	s.space()
	return in, !s.bad && s.rest == "" && (in.ID == "") != (in.IDs == nil)
}

// appendAnswers writes answers that are all promises.
func appendAnswers(b []byte, out QuotaAnswers) ([]byte, bool) {
	if out.Results == nil {
		if out.Refusal != nil {
			return nil, false
		}
		return append(appendPromise(b, *out.Allowed, &out.QuotaPromise), '\n'), true
	}
	b = append(make([]byte, 0, 32+160*len(out.Results)), `{"results":[`...)
	for i := range out.Results {
		one := &out.Results[i]
		if one.Refusal != nil || one.Error != nil {
			return nil, false
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPromise(b, one.Allowed, &one.QuotaPromise)
	}
	return append(b, "]}\n"...), true
}

// appendPromise writes a promise, whose texts have nothing that must be escaped.
func appendPromise(b []byte, allowed bool, p *QuotaPromise) []byte {
	b = strconv.AppendBool(append(b, `{"allowed":`...), allowed)
	b = append(append(append(b, `,"id":"`...), p.ID...), `","units":`...)
	b = strconv.AppendInt(b, p.Units, 10)
	b = append(append(append(b, `,"state":"`...), p.State...), `","deadline":"`...)
	b = append(p.Deadline.AppendFormat(b, time.RFC3339Nano), '"')
	if p.Replayed {
		b = append(b, `,"replayed":true`...)
	}
	if p.Overage {
		b = append(b, `,"overage":true`...)
	}
	return append(b, '}')
}

// appendSettled writes answers without errors.
func appendSettled(b []byte, out QuotaSettled) ([]byte, bool) {
	if out.Results == nil {
		return append(strconv.AppendBool(append(b, `{"done":`...), *out.Done), "}\n"...), true
	}
	b = append(b, `{"results":[`...)
	for i, r := range out.Results {
		if r.Error != nil {
			return nil, false
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendBool(append(b, `{"done":`...), r.Done), '}')
	}
	return append(b, "]}\n"...), true
}
