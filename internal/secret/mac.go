package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
)

// MAC returns a code of 32 bytes that only holders of the newest key can make for a text and a purpose. It may be
// shortened where it must be short; a code of n bytes is found by chance in one of 2^(8n) tries.
func (b *Box) MAC(p Purpose, text string) []byte { return b.mac(b.newest, p, text) }

// CheckMAC reports whether a code, which may be shortened, was made for a text and a purpose with any of the keys.
func (b *Box) CheckMAC(p Purpose, text string, code []byte) bool {
	for id := range b.macs {
		want := b.mac(id, p, text)
		if len(code) > 0 && len(code) <= len(want) && hmac.Equal(code, want[:len(code)]) {
			return true
		}
	}
	return false
}

func (b *Box) mac(id KeyID, p Purpose, text string) []byte {
	key := b.macs[id]
	h := hmac.New(sha256.New, key[:])
	h.Write(binding(slices.Clone(id[:]), p, text))
	return h.Sum(nil)
}
