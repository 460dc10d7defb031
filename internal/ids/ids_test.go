package ids

import (
	"strings"
	"testing"
	"time"
)

func TestIDsSortByTimeAndKeepTheirKind(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_000)
	older, newer := NewAccount(at), NewAccount(at.Add(time.Millisecond))
	if older >= newer {
		t.Errorf("%s does not sort before %s", older, newer)
	}
	if got, err := ParseAccount(string(older)); err != nil || got != older {
		t.Errorf("ParseAccount(%s) = %s, %v", older, got, err)
	}
	for _, bad := range []string{"", "acc_", string(NewUser(at)), string(older) + "x", strings.ToUpper(string(older)), "acc_' OR 1=1 -- aaaaaaaaaaaaa"} {
		if _, err := ParseAccount(bad); err == nil {
			t.Errorf("ParseAccount(%q) was accepted", bad)
		}
	}
}

func TestFoldComparesAsPeopleDo(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Élan", "e\u0301LAN", true},
		{"Straße", "STRASSE", true},
		{"  Acme   Ltd ", "acme ltd", true},
		{"ｆｕｌｌ", "full", true},
		{"Elan", "Élan", false},
		{"ไทย", "ไทย ", true},
		{"\u0130zmir", "i\u0307zmir", true},
	} {
		if got := Fold(c.a) == Fold(c.b); got != c.same {
			t.Errorf("Fold(%q) == Fold(%q) is %v", c.a, c.b, got)
		}
	}
}

func FuzzFoldIsStable(f *testing.F) {
	f.Add("Ünï")
	f.Fuzz(func(t *testing.T, s string) {
		if once := Fold(s); Fold(once) != once {
			t.Errorf("Fold(%q) = %q, folded again %q", s, once, Fold(once))
		}
	})
}
