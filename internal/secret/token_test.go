package secret

import (
	"regexp"
	"testing"
)

func TestToken(t *testing.T) {
	tok, hash := NewToken()
	text := tok.Reveal()
	if !regexp.MustCompile(`^[a-z2-7]{52}$`).MatchString(text) {
		t.Errorf("a token has 52 letters and digits, not %q", text)
	}
	if len(hash) != 32 || !TokenMatches(hash, text) {
		t.Error("a token does not match its own hash")
	}
	flipped := []byte(text)
	flipped[10] ^= 1
	for _, other := range []string{"", text[:51], text + "a", string(flipped)} {
		if TokenMatches(hash, other) {
			t.Errorf("%q matches", other)
		}
	}
	if TokenMatches(nil, "") {
		t.Error("no hash matches no token")
	}
	if next, _ := NewToken(); next == tok {
		t.Error("two tokens are equal")
	}
}

func TestCode(t *testing.T) {
	for _, n := range []int{1, 8, 10, 16} {
		if got := NewCode(n).Reveal(); len(got) != n {
			t.Errorf("NewCode(%d) has %d characters", n, len(got))
		}
	}
}
