package apikey

import (
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// NewSecret makes the text of a key.
func NewSecret(id ids.Key) (secret.String, []byte) { return newSecret(id) }

// WellFormed reports whether a text reads as a key.
func WellFormed(text string) bool { _, ok := parse(secret.Wrap(text)); return ok }

// Reseal puts the random part of one key behind the id of another, with the right checksum.
func Reseal(id, random string) string {
	body := id[:len(prefix)+idLen+1] + random[len(prefix)+idLen+1:length-checksumLen]
	return body + checksum(body)
}
