package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
)

// MAC returns a code of 32 bytes that only holders of the key that seals can make for a text and a purpose. It may be
// shortened where it must be short; a code of n bytes is found by chance in one of 2^(8n) tries.
func (b *Box) MAC(p Purpose, text string) []byte {
	r := b.ring.Load()
	return r.mac(r.seals, p, text)
}

// CheckMAC reports whether a code, which may be shortened, was made for a text and a purpose with any of the keys. A code
// does not say of which, so that one that fits none may be of a key that is new in the file.
func (b *Box) CheckMAC(p Purpose, text string, code []byte) bool {
	r := b.ring.Load()
	if r.made(p, text, code) {
		return true
	}
	again := b.look()
	return again != r && again.made(p, text, code)
}

func (r *ring) made(p Purpose, text string, code []byte) bool {
	for id := range r.keys {
		want := r.mac(id, p, text)
		if len(code) > 0 && len(code) <= len(want) && hmac.Equal(code, want[:len(code)]) {
			return true
		}
	}
	return false
}

func (r *ring) mac(id KeyID, p Purpose, text string) []byte {
	key := r.keys[id].mac
	h := hmac.New(sha256.New, key[:])
	h.Write(binding(slices.Clone(id[:]), p, text))
	return h.Sum(nil)
}
