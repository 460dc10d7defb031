package api

import (
	"strings"
	"testing"
)

func TestOnlyPlainQuestionsAreAnsweredQuickly(t *testing.T) {
	one := `{"account":"acc_1","permission":"clients.edit"}`
	many := func(n int) string { return `{"checks":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}` }
	for body, quick := range map[string]bool{
		one: true,
		" {\n\"user\" : \"usr_1\", \"subaccount\":\"s\" ,\"permission\":\"clients.edit\",\"account\":\"a\" } \n": true,
		many(1):   true,
		many(100): true,
		many(101): false,
		many(0):   false,
		`{"account":"` + strings.Repeat("a", 64) + `","permission":"` + strings.Repeat("p", 100) + `"}`: true,
		`{"account":"` + strings.Repeat("a", 65) + `","permission":"p"}`:                                false,
		`{"account":"a","permission":"` + strings.Repeat("p", 101) + `"}`:                               false,
		`{"account":"a","permission":"p","as":"root"}`:                                                  false,
		`{"Account":"a","permission":"p"}`:                                                              false,
		`{"account":"a","account":"b","permission":"p"}`:                                                false,
		`{"account":"a","permission":"p","user":""}`:                                                    false,
		`{"account":"a","permission":"p","user":null}`:                                                  false,
		`{"account":"a","permission":"p","user":1}`:                                                     false,
		`{"account":"\u0061","permission":"p"}`:                                                         false,
		`{"account":"é","permission":"p"}`:                                                              false,
		"{\"account\":\"a\x01\",\"permission\":\"p\"}":                                                  false,
		`{"checks":[{"account":"a"}]}`:                                                                  false,
		`{"checks":[` + one + `],"checks":[` + one + `]}`:                                               false,
		`{"checks":[` + one + `,]}`:                                                                     false,
		`{"checks":[[` + one + `]]}`:                                                                    false,
		one + one:                                                                                       false,
		one + `x`:                                                                                       false,
		`{"account":"a","permission":"p",}`:                                                             false,
		`{"account":"a" "permission":"p"}`:                                                              false,
		`{"account":"a","permission":"p"`:                                                               false,
		`{"account":"a","permission":"p`:                                                                false,
		`{"account"}`:                                                                                   false,
		`{}`:                                                                                            false,
		`[]`:                                                                                            false,
		``:                                                                                              false,
	} {
		if _, got := readCheck(body); got != quick {
			t.Errorf("%.120s: %v, want %v", body, got, quick)
		}
	}
	in, _ := readCheck(`{"checks":[` + one + `,{"permission":"p","account":"b","user":"u","subaccount":"s"}]}`)
	if len(in.Checks) != 2 || in.Checks[0] != (AccessQuestion{Account: "acc_1", Permission: "clients.edit"}) || in.Checks[1] != (AccessQuestion{"b", "p", "s", "u"}) {
		t.Errorf("read %+v", in)
	}
}
