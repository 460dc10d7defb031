package apikey

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strings"

	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// A key reads bwk_<26 letters of its id>_<32 random letters, 160 bits><8 hexadecimal digits of the CRC-32 of all
// before>. A scanner of leaked secrets recognises it, and a mistyped one is refused without a look at the database.
const (
	prefix      = "bwk_"
	idPrefix    = "key_"
	idLen       = 26
	randomLen   = 32
	checksumLen = 8
	length      = len(prefix) + idLen + 1 + randomLen + checksumLen
)

// newSecret makes the text of a key and the hash to store.
func newSecret(id ids.Key) (text secret.String, hash []byte) {
	body := prefix + strings.TrimPrefix(string(id), idPrefix) + "_" + secret.NewCode(randomLen).Reveal()
	whole := body + checksum(body)
	return secret.Wrap(whole), secret.HashToken(whole)
}

// parse reads which key a text claims to be, if it is well formed.
func parse(key secret.String) (ids.Key, bool) {
	text := key.Reveal()
	if len(text) != length || !strings.HasPrefix(text, prefix) || text[len(prefix)+idLen] != '_' {
		return "", false
	}
	body, sum := text[:length-checksumLen], text[length-checksumLen:]
	if checksum(body) != sum {
		return "", false
	}
	id, err := ids.ParseKey(idPrefix + text[len(prefix):len(prefix)+idLen])
	return id, err == nil
}

func checksum(s string) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(s))))
}

// fingerprint is what a key is remembered by: the hash of all of it, so that its text is not kept.
type fingerprint [32]byte

func printOf(key secret.String) fingerprint { return fingerprint(secret.HashToken(key.Reveal())) }
