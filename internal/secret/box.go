package secret

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/crypto/chacha20poly1305"
)

// Purpose says what a sealed value is for; a value sealed for one purpose does
// not open for another.
type Purpose string

var (
	// ErrSealed is a sealed value that does not open: altered, cut, or sealed for something else.
	ErrSealed = errors.New("sealed value does not open: it was altered or belongs elsewhere")
	// ErrUnknownKey is a sealed value whose key is not in the key file.
	ErrUnknownKey = errors.New("sealed value was made with a key that is not in the key file: restore the key file it was made with")
)

const (
	boxVersion = 1
	keyIDLen   = 4
	headLen    = 1 + keyIDLen
	nonceLen   = chacha20poly1305.NonceSizeX
	// MasterKeyLen is the length of a master key in bytes.
	MasterKeyLen = chacha20poly1305.KeySize
)

// KeyID names a master key inside each value it sealed.
type KeyID [keyIDLen]byte

// String returns the id in hexadecimal.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// ParseKeyID reads what String returns.
func ParseKeyID(s string) (KeyID, bool) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != keyIDLen {
		return KeyID{}, false
	}
	return KeyID(raw), true
}

// Key is one master key.
type Key struct {
	ID  KeyID
	key [MasterKeyLen]byte
}

// NewKey returns a random key.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k.ID[:]) // never fails
	_, _ = rand.Read(k.key[:])
	return k
}

// Format prints the id only, so that a key cannot be logged.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key " + k.ID.String())) } //nolint:errcheck // fmt does not ask

// Box seals values that must be stored and read again. One key seals, and all open. A Box over a key file reads it again,
// see OpenBox.
type Box struct {
	ring atomic.Pointer[ring]
	file *keyFile // nil: its keys stay as they are
}

// ring is the keys that were read at once. It does not change.
type ring struct {
	order []KeyID // oldest first
	seals KeyID
	keys  map[KeyID]opener
}

type opener struct {
	aead cipher.AEAD
	mac  [sha256.Size]byte // key of codes, derived from the same master
}

// NewBox returns a Box over these keys, oldest first; the newest seals.
func NewBox(keys ...Key) (*Box, error) {
	r, err := newRing(keys)
	if err != nil {
		return nil, err
	}
	b := &Box{}
	b.ring.Store(r)
	return b, nil
}

func newRing(keys []Key) (*ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no master key to seal with")
	}
	r := &ring{keys: make(map[KeyID]opener, len(keys))}
	for _, k := range keys {
		if _, twice := r.keys[k.ID]; twice {
			return nil, fmt.Errorf("master key %s is named twice", k.ID)
		}
		aead, err := chacha20poly1305.NewX(k.key[:])
		if err != nil {
			return nil, fmt.Errorf("master key %s: %w", k.ID, err)
		}
		code, err := hkdf.Key(sha256.New, k.key[:], nil, "codes", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("master key %s: %w", k.ID, err)
		}
		r.keys[k.ID] = opener{aead, [sha256.Size]byte(code)}
		r.order, r.seals = append(r.order, k.ID), k.ID
	}
	return r, nil
}

// Keys are the ids of all keys, oldest first.
func (b *Box) Keys() []KeyID { return slices.Clone(b.ring.Load().order) }

// Seals is the id of the key that seals.
func (b *Box) Seals() KeyID { return b.ring.Load().seals }

// Older are the ids of the keys that came before the one that seals, oldest first. What they sealed should be sealed anew.
func (b *Box) Older() []KeyID {
	r := b.ring.Load()
	return slices.Clone(r.order[:slices.Index(r.order, r.seals)])
}

// Seal encrypts plain for one purpose and one subject (the row it lies in), so
// that it cannot be moved to another row.
func (b *Box) Seal(p Purpose, subject string, plain []byte) []byte {
	r := b.ring.Load()
	out := make([]byte, headLen+nonceLen, headLen+nonceLen+len(plain)+chacha20poly1305.Overhead)
	out[0] = boxVersion
	copy(out[1:], r.seals[:])
	nonce := out[headLen:]
	_, _ = rand.Read(nonce) // never fails
	return r.keys[r.seals].aead.Seal(out, nonce, plain, binding(out[:headLen], p, subject))
}

// Open decrypts what Seal made for the same purpose and subject.
func (b *Box) Open(p Purpose, subject string, sealed []byte) ([]byte, error) {
	id, ok := SealedBy(sealed)
	if !ok {
		return nil, ErrSealed
	}
	k, ok := b.ring.Load().keys[id]
	if !ok {
		k, ok = b.look().keys[id]
	}
	if !ok {
		return nil, fmt.Errorf("key %s: %w", id, ErrUnknownKey)
	}
	nonce, body := sealed[headLen:headLen+nonceLen], sealed[headLen+nonceLen:]
	plain, err := k.aead.Open(nil, nonce, body, binding(sealed[:headLen], p, subject))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// SealedBy returns the id of the key that sealed the value.
func SealedBy(sealed []byte) (KeyID, bool) {
	if len(sealed) < headLen+nonceLen+chacha20poly1305.Overhead || sealed[0] != boxVersion {
		return KeyID{}, false
	}
	return KeyID(sealed[1:headLen]), true
}

// binding is what the seal covers besides the text; lengths keep the parts apart.
func binding(head []byte, p Purpose, subject string) []byte {
	out := append([]byte(nil), head...)
	out = binary.BigEndian.AppendUint64(out, uint64(len(p)))
	out = append(out, p...)
	return append(out, subject...)
}
