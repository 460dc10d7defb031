package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// refuseTwice refuses a body that names a field of an object twice: programs differ in which of the two they take, and a check on the
// way may have seen the other one. A body that is no JSON is left to the operation.
func refuseTwice(body []byte) error {
	at, err := firstTwice(json.NewDecoder(bytes.NewReader(body)), "body", deepestBody)
	if err != nil || at == "" {
		return nil //nolint:nilerr // the operation says what is wrong with such a body
	}
	p := refusal(http.StatusUnprocessableEntity, "request.fields", "Some fields need attention.")
	p.Errors = []FieldProblem{{at, "request.twice", "Send this once. The body has it twice."}}
	return p
}

// deepestBody is how deep objects and lists are looked into; no operation takes as deep ones.
const deepestBody = 32

var errTooDeep = errors.New("objects and lists are too deep")

// firstTwice reads a value that is at a place, and returns where in it a field is named for the second time, "" for nowhere.
func firstTwice(in *json.Decoder, at string, deep int) (string, error) {
	begin, err := in.Token()
	if _, nested := begin.(json.Delim); err != nil || !nested {
		return "", err
	}
	if deep == 0 {
		return "", errTooDeep
	}
	seen := map[string]bool{}
	for i := 0; in.More(); i++ {
		var below string
		if begin == json.Delim('[') {
			below = at + "[" + strconv.Itoa(i) + "]"
		} else {
			t, err := in.Token()
			name, ok := t.(string)
			if err != nil || !ok {
				return "", err
			}
			if below = at + "." + name; seen[name] {
				return below, nil
			}
			seen[name] = true
		}
		if found, err := firstTwice(in, below, deep-1); found != "" || err != nil {
			return found, err
		}
	}
	_, err = in.Token()
	return "", err
}
