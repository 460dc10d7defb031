package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
)

// Lower-case base32: nothing in it is cut off or turned when a mail program
// makes a link of it, and it survives being read aloud.
var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewToken returns a random token of 256 bits and the hash to store.
func NewToken() (token String, hash []byte) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	text := alphabet.EncodeToString(raw)
	return Wrap(text), HashToken(text)
}

// NewCode returns n random letters and digits, five bits each, for a person to copy.
func NewCode(n int) String {
	raw := make([]byte, (n*5+7)/8)
	_, _ = rand.Read(raw) // never fails
	return Wrap(alphabet.EncodeToString(raw)[:n])
}

// HashToken returns the stored form of a token: SHA-256, since the token is
// random and long enough that slowness would add nothing.
func HashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// TokenMatches compares a presented token with a stored hash in constant time.
func TokenMatches(hash []byte, token string) bool {
	return subtle.ConstantTimeCompare(hash, HashToken(token)) == 1
}
