package secret

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bailiwick/internal/errs"
)

func TestHashAndVerify(t *testing.T) {
	h := NewHasher(CheapParams)
	ctx := t.Context()
	enc, err := h.Hash(ctx, Wrap("correct horse battery"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(enc, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("not in PHC form: %s", enc)
	}
	again, err := h.Hash(ctx, Wrap("correct horse battery"))
	if err != nil {
		t.Fatal(err)
	}
	if enc == again {
		t.Error("two hashes of one password are equal: the salt is not random")
	}
	dearer := NewHasher(Params{Time: 2, MemoryKiB: 16, Threads: 1, AtOnce: 1})
	for _, c := range []struct {
		name   string
		hasher *Hasher
		pw     string
		want   Match
	}{
		{"right", h, "correct horse battery", Match{OK: true}},
		{"wrong", h, "correct horse batterz", Match{}},
		{"empty", h, "", Match{}},
		{"right, at another cost", dearer, "correct horse battery", Match{OK: true, Stale: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.hasher.Verify(ctx, enc, Wrap(c.pw))
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestSamePasswordInTwoUnicodeForms(t *testing.T) {
	h := NewHasher(CheapParams)
	enc, err := h.Hash(t.Context(), Wrap("caf\u00e9"))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := h.Verify(t.Context(), enc, Wrap("cafe\u0301")); err != nil || !m.OK {
		t.Errorf("the composed and decomposed forms do not match: %+v, %v", m, err)
	}
}

func TestKnownHashOfAnotherProgramVerifies(t *testing.T) {
	// From the argon2 reference command line: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
	const enc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	m, err := NewHasher(CheapParams).Verify(t.Context(), enc, Wrap("password"))
	if err != nil || !m.OK || !m.Stale {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestWaitingForAHashEndsWithTheRequest(t *testing.T) {
	h := NewHasher(Params{Time: 1, MemoryKiB: 8, Threads: 1, AtOnce: 1})
	h.slots <- struct{}{} // somebody else is at it
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := h.VerifyNobody(ctx, Wrap("x"))
	if errs.KindOf(err) != errs.Unavailable {
		t.Errorf("got %v, want Unavailable", err)
	}
}

func TestForgedHashesAreRefused(t *testing.T) {
	const good = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if _, err := parsePHC(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "$", "plain", strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=8,", "m=4294967295,", 1),
		strings.Replace(good, "m=8,", "m=08,", 1),
		strings.Replace(good, "m=8,", "m=-8,", 1),
		strings.Replace(good, "t=1", "t=0", 1),
		strings.Replace(good, "t=1", "t=999999", 1),
		strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "p=1", "p=2", 1), // needs m >= 16
		strings.Replace(good, "c29tZXNhbHQ", "c2E", 1),
		strings.Replace(good, "c29tZXNhbHQ", "!!", 1),
		good + "$", good[:40],
	} {
		if _, err := parsePHC(bad); !errors.Is(err, ErrBadHash) {
			t.Errorf("%q: got %v, want ErrBadHash", bad, err)
		}
	}
}

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err != nil {
			return
		}
		if p.memory > maxMemoryKiB || p.time > maxTime || p.threads > maxThreads || p.time == 0 || p.threads == 0 {
			t.Errorf("%q: cost out of bounds: %+v", s, p)
		}
		if p.encode() != s {
			t.Errorf("%q reads as %q: two spellings of one hash", s, p.encode())
		}
	})
}

func TestWithoutACostHashesAreTheProductsOwn(t *testing.T) {
	got, err := NewHasher(Params{}).Hash(t.Context(), Wrap("correct horse battery staple"))
	if err != nil || !strings.HasPrefix(got, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %.40q, %v", got, err)
	}
}
