package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
)

// The forms that are hashed are JSON arrays of strings: one spelling for one content, whatever the fields contain. They
// begin with their version, and a form once used is never changed.
const (
	personalForm = "personal 1"
	eventForm    = "event 1"
)

func canonical(parts ...string) []byte {
	b, _ := json.Marshal(parts) //nolint:errcheck // strings always encode
	return b
}

func digest(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write(p) // a hash never fails
	}
	return h.Sum(nil)
}

func (p personal) hash() []byte {
	return digest(p.Salt, canonical(personalForm, p.ActorName, p.IP, p.Target, p.Changes))
}

// genesis stands before the first event of every chain.
var genesis = make([]byte, sha256.Size)

// seal is the hash of an event in its place: number seq, after the event with hash prev, sealed at that instant.
func (e event) seal(prev []byte, seq, sealedAt int64) []byte {
	return digest(prev, canonical(eventForm, string(e.Account), strconv.FormatInt(seq, 10), strconv.FormatInt(sealedAt, 10), string(e.ID), strconv.FormatInt(e.At, 10),
		e.ActorKind, e.ActorID, e.ActingAs, e.Credential, e.RequestID, e.Action, e.TargetType, e.TargetID, e.Result, hex.EncodeToString(e.Personal)))
}
