package secret

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"bailiwick/internal/errs"
)

// Params is the cost of a password hash.
type Params struct {
	Time      uint32 // passes
	MemoryKiB uint32
	Threads   uint8
	AtOnce    int // hashes computed at the same time; more wait
}

// DefaultParams is what OWASP names for argon2id, two at a time.
var DefaultParams = Params{Time: 2, MemoryKiB: 19 * 1024, Threads: 1, AtOnce: 2}

// CheapParams is for tests only: a hash costs microseconds.
var CheapParams = Params{Time: 1, MemoryKiB: 8, Threads: 1, AtOnce: 64}

const (
	saltLen = 16
	keyLen  = 32
	// A stored hash may name its own cost; these keep a forged one from
	// taking the machine down.
	maxTime      = 16
	maxMemoryKiB = 256 * 1024
	maxThreads   = 16
)

// ErrBadHash is a stored password hash that cannot be read.
var ErrBadHash = errors.New("stored password hash is not argon2id in PHC form")

// Hasher makes and checks password hashes, a bounded number at a time.
type Hasher struct {
	params Params
	slots  chan struct{}
}

// NewHasher returns a Hasher of that cost; no cost at all stands for DefaultParams.
func NewHasher(p Params) *Hasher {
	if p == (Params{}) {
		p = DefaultParams
	}
	return &Hasher{params: p, slots: make(chan struct{}, max(1, p.AtOnce))}
}

// Match is the answer to a password check.
type Match struct {
	OK    bool // the password is right
	Stale bool // it is right, and the hash was made at another cost: hash again
}

// Hash returns the password's hash in PHC form.
func (h *Hasher) Hash(ctx context.Context, pw String) (string, error) {
	salt := make([]byte, saltLen)
	// rand.Read never fails: it ends the program if the system has no randomness.
	_, _ = rand.Read(salt)
	p := phc{time: h.params.Time, memory: h.params.MemoryKiB, threads: h.params.Threads, salt: salt}
	key, err := h.derive(ctx, pw, p, keyLen)
	if err != nil {
		return "", err
	}
	p.key = key
	return p.encode(), nil
}

// Verify compares a password with a stored hash.
func (h *Hasher) Verify(ctx context.Context, encoded string, pw String) (Match, error) {
	p, err := parsePHC(encoded)
	if err != nil {
		return Match{}, err
	}
	key, err := h.derive(ctx, pw, p, len(p.key))
	if err != nil {
		return Match{}, err
	}
	if subtle.ConstantTimeCompare(key, p.key) != 1 {
		return Match{}, nil
	}
	same := p.time == h.params.Time && p.memory == h.params.MemoryKiB && p.threads == h.params.Threads
	return Match{OK: true, Stale: !same}, nil
}

// VerifyNobody costs as much as Verify and matches nothing: for an address
// that is not known, so that the time taken tells nothing.
func (h *Hasher) VerifyNobody(ctx context.Context, pw String) error {
	p := phc{time: h.params.Time, memory: h.params.MemoryKiB, threads: h.params.Threads, salt: make([]byte, saltLen)}
	_, err := h.derive(ctx, pw, p, keyLen)
	return err
}

func (h *Hasher) derive(ctx context.Context, pw String, p phc, length int) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		busy := errs.New(errs.Unavailable, "password.busy", "Try again in a moment: too many people are signing in at once.")
		busy.Err = ctx.Err()
		return nil, busy
	}
	defer func() { <-h.slots }()
	// The same password typed on two keyboards may arrive in two Unicode forms.
	text := norm.NFKC.String(pw.Reveal())
	return argon2.IDKey([]byte(text), p.salt, p.time, p.memory, p.threads, uint32(length)), nil //nolint:gosec // parsePHC lets at most 64 through
}

type phc struct {
	time, memory uint32
	threads      uint8
	salt, key    []byte
}

func (p phc) encode() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.memory, p.time, p.threads, b64(p.salt), b64(p.key))
}

func parsePHC(s string) (phc, error) {
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, ErrBadHash
	}
	p, ok := parseCost(part[3])
	if !ok {
		return phc{}, ErrBadHash
	}
	var err error
	dec := base64.RawStdEncoding.Strict()
	if p.salt, err = dec.DecodeString(part[4]); err != nil {
		return phc{}, ErrBadHash
	}
	if p.key, err = dec.DecodeString(part[5]); err != nil {
		return phc{}, ErrBadHash
	}
	if len(p.salt) < 8 || len(p.salt) > 64 || len(p.key) < 16 || len(p.key) > 64 {
		return phc{}, ErrBadHash
	}
	return p, nil
}

func parseCost(s string) (phc, bool) {
	part := strings.Split(s, ",")
	if len(part) != 3 {
		return phc{}, false
	}
	m, okM := costNumber(part[0], "m=", maxMemoryKiB)
	t, okT := costNumber(part[1], "t=", maxTime)
	n, okN := costNumber(part[2], "p=", maxThreads)
	if !okM || !okT || !okN || m < 8*n {
		return phc{}, false
	}
	return phc{time: t, memory: m, threads: uint8(n)}, true //nolint:gosec // at most maxThreads
}

// costNumber reads the one canonical spelling of a number from 1 to limit.
func costNumber(s, prefix string, limit uint64) (uint32, bool) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n < 1 || n > limit || strconv.FormatUint(n, 10) != digits {
		return 0, false
	}
	return uint32(n), true
}
