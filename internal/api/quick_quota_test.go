package api

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReservesThatArePlainAreReadAsTheyAreWritten(t *testing.T) {
	one := `{"key":"m-1","account":"acc_1","channel":"email","recipients":3}`
	full := `{"hold_seconds":86400, "parts":2,"subaccount":"sub_1","recipients":1,"channel":"sms","account":"acc_1","key":"k"}`
	many := func(n int) string {
		return `{"reserves":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	}
	for body, quick := range map[string]bool{
		one:  true,
		full: true,
		" { \"reserves\" : [ " + full + " , " + one + " ] } \n": true,
		many(1):                                true,
		many(100):                              true,
		many(101):                              false,
		many(0):                                false,
		`{"reserves":[` + one + `],"key":"k"}`: false,
		`{"reserves":[` + one + `],"reserves":[` + one + `]}`:                                           false,
		`{"key":"m-1","account":"acc_1","channel":"email"}`:                                             false,
		`{"key":"m-1","account":"acc_1","channel":"email","recipients":0}`:                              false,
		`{"key":"m-1","account":"acc_1","channel":"email","recipients":-1}`:                             false,
		`{"key":"m-1","account":"acc_1","channel":"email","recipients":1.5}`:                            false,
		`{"key":"m-1","account":"acc_1","channel":"email","recipients":1e3}`:                            false,
		`{"key":"m-1","account":"acc_1","channel":"email","recipients":01}`:                             false,
		`{"key":"m-1","account":"acc_1","channel":"email","recipients":"1"}`:                            false,
		`{"key":"m-1","account":"acc_1","channel":"email","recipients":1,"recipients":2}`:               false,
		`{"key":"m-1","account":"acc_1","channel":"email","recipients":99999999999999999999}`:           false,
		`{"key":"m-1","account":"acc_1","channel":"fax","recipients":1}`:                                false,
		`{"key":"m-1","account":"acc_1","channel":"email","recipients":1,"hold_seconds":86401}`:         false,
		`{"key":"` + strings.Repeat("k", 201) + `","account":"acc_1","channel":"email","recipients":1}`: false,
		`{"key":"é","account":"acc_1","channel":"email","recipients":1}`:                                false,
		`{"recipients":`: false,
		`{}`:             false,
		``:               false,
	} {
		got, ok := readReserve(body)
		if ok != quick {
			t.Errorf("%.120s: %v, want %v", body, ok, quick)
		}
		var want QuotaReserve
		if ok && json.Unmarshal([]byte(body), &want) != nil || ok && !cmp.Equal(got, want) {
			t.Errorf("%.120s was read as %+v", body, got)
		}
	}
}

// FuzzQuickReaders sends anything: what is read quickly, the usual decoder reads as the same, and it keeps to the contract.
func FuzzQuickReaders(f *testing.F) {
	one := `{"key":"m-1","account":"acc_1","subaccount":"sub_1","channel":"sms","recipients":3,"parts":2,"hold_seconds":60}`
	for _, s := range []string{one, " { \"reserves\" : [ " + one + " , " + one + " ] } ", `{"reserves":[]}`, `{"id":"rsv_1"}`, `{"ids":["rsv_1","rsv_2"]}`, `{"KEY":"k"}`, `{"key":"\u0041"}`, `{"key":"k"}{}`, "[1e3]", "\ufeff{}", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		strictly := func(into any) {
			d := json.NewDecoder(strings.NewReader(body))
			d.DisallowUnknownFields()
			if err := d.Decode(into); err != nil || d.More() {
				t.Errorf("%q was read quickly, and the usual decoder says %v", body, err)
			}
		}
		if got, ok := readReserve(body); ok {
			var want QuotaReserve
			strictly(&want)
			if asks, err := got.asks(); !cmp.Equal(got, want) || err != nil || len(asks) < 1 || len(asks) > mostReserves {
				t.Errorf("%q was read as %+v, %v", body, got, err)
			}
		}
		if got, ok := readSettle(body); ok {
			var want QuotaSettle
			strictly(&want)
			if !cmp.Equal(got, want) || (got.ID == "") == (got.IDs == nil) || len(got.IDs) > mostReserves {
				t.Errorf("%q was read as %+v", body, got)
			}
		}
	})
}

func TestSettlementsThatArePlainAreReadAsTheyAreWritten(t *testing.T) {
	for body, quick := range map[string]bool{
		`{"id":"rsv_1"}`:                 true,
		`{"ids":["rsv_1", "rsv_2"]}`:     true,
		`{"ids":[]}`:                     false,
		`{"id":"rsv_1","ids":["rsv_2"]}`: false,
		`{"id":""}`:                      false,
		`{"ids":[1]}`:                    false,
		`{"ids":["` + strings.TrimSuffix(strings.Repeat(`a","`, 101), `","`) + `"]}`: false,
		`{}`: false,
	} {
		got, ok := readSettle(body)
		if ok != quick {
			t.Errorf("%.80s: %v, want %v", body, ok, quick)
		}
		var want QuotaSettle
		if ok && json.Unmarshal([]byte(body), &want) != nil || ok && !cmp.Equal(got, want) {
			t.Errorf("%.80s was read as %+v", body, got)
		}
	}
}

func TestAnswersThatAreWrittenQuicklyAreTheSame(t *testing.T) {
	deadline, yes, no := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC), true, false
	whole := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	held := QuotaPromise{ID: "rsv_1", Units: 12, State: "held", Deadline: &deadline}
	again := QuotaPromise{ID: "rsv_2", Units: 1, State: "released", Deadline: &whole, Replayed: true, Overage: true}
	for _, out := range []QuotaAnswers{
		{Allowed: &yes, QuotaPromise: held},
		{Allowed: &no, QuotaPromise: again},
		{Results: []QuotaAnswer{{Allowed: true, QuotaPromise: held}, {QuotaPromise: again}}},
	} {
		want, err := encoded(out)
		if got, ok := appendAnswers(nil, out); err != nil || !ok || string(got) != string(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for _, out := range []QuotaAnswers{
		{Allowed: &no, QuotaPromise: QuotaPromise{Refusal: &QuotaRefusal{}}},
		{Results: []QuotaAnswer{{Allowed: true, QuotaPromise: held}, {Error: &ItemProblem{}}}},
	} {
		if got, ok := appendAnswers(nil, out); ok {
			t.Errorf("a refusal was written as %s", got)
		}
	}
	for _, out := range []QuotaSettled{{Done: &yes}, {Results: []QuotaResult{{Done: true}, {Done: false}}}} {
		want, err := encoded(out)
		if got, ok := appendSettled(nil, out); err != nil || !ok || string(got) != string(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
