package secret

import (
	"strings"
	"testing"

	"bailiwick/internal/errs"
)

func TestCheckPassword(t *testing.T) {
	words := []string{"Zoë Brandt", "zoe.brandt@harbour-mail.example", "Bailiwick", "Harbour Mail Ltd"}
	for _, c := range []struct {
		name string
		pw   string
		min  int
		code string // empty: accepted
	}{
		{"four plain words", "tulip anvil orbit mango", 0, ""},
		{"no classes of characters are asked for", "aqztplvmxeujwro", 0, ""},
		{"any script", "ฉันชอบกินข้าวผัดทุกวันศุกร์", 0, ""},
		{"emoji count as characters", "🐙🦑🐡🐠🐟🐬🐳🐋🦈🐊🐅🐆🦓🦍🐘", 0, ""},
		{"256 characters", random256(), 0, ""},
		{"257 characters", random256() + "q", 0, "password.too_long"},
		{"megabytes", strings.Repeat("x", 5<<20), 0, "password.too_long"},
		{"14 characters", "aqztplvmxeujwr", 0, "password.too_short"},
		{"14 characters of three bytes", strings.Repeat("ข้", 7), 0, "password.too_short"},
		{"8 with a second factor", "vq7ludfm", MinPasswordWithSecond, ""},
		{"an account asks for 20", "aqztplvmxeujwrohk", 20, "password.too_short"},
		{"a common one", "password1234", 8, "password.common"},
		{"a common one in capitals", "PassWord", 8, "password.common"},
		{"a common one with digits after it", "football2026!!!", 0, "password.common"},
		{"a common one twice", "supermansuperman", 0, "password.common"},
		{"one letter", "zzzzzzzzzzzzzzzzz", 0, "password.common"},
		{"a short piece again and again", "ab1!ab1!ab1!ab1!", 0, "password.common"},
		{"counting", "123456789012345", 0, "password.common"},
		{"the alphabet", "abcdefghijklmnop", 0, "password.common"},
		{"own name", "zoëbrandtzoë2026", 0, "password.personal"},
		{"own address", "zoe.brandt@harbour-mail.example", 0, "password.personal"},
		{"company and year", "HarbourMail-2026", 0, "password.personal"},
		{"product", "bailiwick123456", 0, "password.personal"},
		{"a name among much else", "brandt tulip anvil orbit", 0, ""},
		{"not text", "aqztplvmxeujwro\xff\xfe", 0, "password.not_text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckPassword(Wrap(c.pw), Rules{MinLength: c.min}, words...)
			if got := errs.CodeOf(err); got != c.code {
				t.Fatalf("got %q (%v), want %q", got, err, c.code)
			}
			if err != nil && errs.KindOf(err) != errs.Invalid {
				t.Errorf("kind is %v", errs.KindOf(err))
			}
		})
	}
}

// random256 is 256 characters without pattern, the same each time.
func random256() string {
	var b strings.Builder
	x := uint32(7)
	for range 256 {
		x = x*1664525 + 1013904223
		b.WriteByte('a' + byte(x>>24)%26)
	}
	return b.String()
}

func TestListOfCommonPasswords(t *testing.T) {
	if n := len(common) / hashLen; n < 40_000 || len(common)%hashLen != 0 {
		t.Fatalf("the list has %d entries", n)
	}
	for i := hashLen; i < len(common); i += hashLen {
		if common[i-hashLen:i] >= common[i:i+hashLen] {
			t.Fatalf("entry %d is out of order", i/hashLen)
		}
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("tulip anvil orbit mango", "Zoë", 15)
	f.Add("\xff\x00", "", 0)
	f.Fuzz(func(t *testing.T, pw, word string, minLength int) {
		err := CheckPassword(Wrap(pw), Rules{MinLength: minLength}, word)
		if err != nil && errs.KindOf(err) != errs.Invalid {
			t.Errorf("%q: %v", pw, err)
		}
	})
}
