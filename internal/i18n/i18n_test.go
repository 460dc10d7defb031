package i18n_test

import (
	"context"
	"testing"
	"time"

	"bailiwick/internal/i18n"
)

func english(t *testing.T) i18n.Printer {
	t.Helper()
	c, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.For("en")
}

func TestTextsFillTheirPlacesAndPickThePlural(t *testing.T) {
	p := english(t)
	for _, tc := range []struct {
		key  string
		args []any
		want string
	}{
		{"format.in_days", []any{"count", 1}, "in 1 day"},
		{"format.in_days", []any{"count", 12000}, "in 12,000 days"},
		{"users.subs_some", []any{"count", 1}, "1 chosen"},
		{"format.date", []any{"day", "1", "month", "{year}", "year", "2027"}, "1 {year} 2027"},
		{"format.nothing", nil, "[format.nothing]"},
	} {
		if got := p.T(tc.key, tc.args...); got != tc.want {
			t.Errorf("T(%s, %v) = %q, want %q", tc.key, tc.args, got, tc.want)
		}
	}
}

func TestArabicReadsFromRightToLeftWithItsOwnPlurals(t *testing.T) {
	c, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := c.For("ar")
	for _, tc := range []struct{ got, want string }{
		{p.Dir(), "rtl"},
		{p.T("format.in_days", "count", 0), "اليوم"},
		{p.T("format.in_days", "count", 1), "بعد يوم"},
		{p.T("format.in_days", "count", 2), "بعد يومين"},
		{p.T("format.in_days", "count", 3), "بعد 3 أيام"},
		{p.T("format.in_days", "count", 11), "بعد 11 يومًا"},
		{p.T("format.in_days", "count", 100), "بعد 100 يوم"},
		{p.Date(time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)), "31 مارس 2027"},
		// what is written from left to right keeps its own direction among the rest (UAX #9, FSI and PDI)
		{p.T("users.text", "account", "Acme (UK)"), "أفراد \u2068Acme (UK)\u2069"},
		{p.T("users.text", "account", "شركة"), "أفراد شركة"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestDatesAndNumbersReadAsPeopleWriteThem(t *testing.T) {
	p := english(t)
	now := time.Date(2026, 11, 18, 9, 30, 0, 0, time.UTC)
	for _, tc := range []struct{ got, want string }{
		{p.Date(time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)), "31 Mar 2027"},
		{p.DateTime(now), "18 Nov 2026, 09:30"},
		{p.Time(now), "09:30"},
		{p.Date(time.Time{}), ""},
		{p.In(time.FixedZone("there", -10*3600)).DateTime(now.Local()), "17 Nov 2026, 23:30"},
		{p.In(time.FixedZone("there", -10*3600)).Date(now.Truncate(24 * time.Hour)), "18 Nov 2026"}, // a day of the calendar
		{p.Relative(now.Add(-3*time.Hour), now), "3 hours ago"},
		{p.Relative(now.Add(-time.Second), now), "just now"},
		{p.Relative(now.Add(-30*time.Hour), now), "17 Nov 2026"},
		{p.Relative(now.Add(49*time.Hour), now), "in 2 days"},
		{p.Relative(now.Add(8*24*time.Hour), now), "26 Nov 2026"},
		{p.Number(0), "0"}, {p.Number(999), "999"}, {p.Number(1620400), "1,620,400"}, {p.Number(-1004), "−1,004"},
		{p.Compact(999), "999"}, {p.Compact(1000), "1k"}, {p.Compact(96410), "96.4k"}, {p.Compact(238900), "239k"},
		{p.Compact(999999), "1M"}, {p.Compact(1620400), "1.62M"}, {p.Compact(2000000), "2M"}, {p.Compact(31_200_000_000), "31.2B"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestEachLanguageCountsAndWritesDaysInItsOwnWay(t *testing.T) {
	c, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2027, 3, 1, 14, 5, 0, 0, time.UTC)
	for lang, want := range map[string]struct{ date, number, compact, none, one, million string }{
		"es": {"1 mar 2027, 14:05", "1.620.400", "1,62\u00a0M", "0 clientes", "1 cliente", "1.000.000 de clientes"},
		"fr": {"1 mars 2027, 14:05", "1\u202f620\u202f400", "1,62\u00a0M", "0 client", "1 client", "1\u202f000\u202f000 de clients"},
		"de": {"1. März 2027, 14:05", "1.620.400", "1,62\u00a0Mio.", "0 Kunden", "1 Kunde", "1.000.000 Kunden"},
		"pt": {"1 de mar. de 2027, 14:05", "1.620.400", "1,62\u00a0mi", "0 cliente", "1 cliente", "1.000.000 de clientes"},
		"th": {"1 มี.ค. 2027 14:05", "1,620,400", "1.62\u00a0ล้าน", "ลูกค้า 0 ราย", "ลูกค้า 1 ราย", "ลูกค้า 1,000,000 ราย"},
	} {
		p := c.For(lang)
		count := func(n int) string { return p.T("clients.total", "count", n) }
		for _, tc := range []struct{ got, want string }{
			{p.DateTime(day), want.date}, {p.Number(1620400), want.number}, {p.Compact(1620400), want.compact},
			{count(0), want.none}, {count(1), want.one}, {count(1_000_000), want.million}, {p.Dir(), "ltr"},
		} {
			if tc.got != tc.want {
				t.Errorf("%s: got %q, want %q", lang, tc.got, tc.want)
			}
		}
	}
}

func TestTheLanguageFollowsTheRequest(t *testing.T) {
	c, err := i18n.Load(i18n.WithPseudo())
	if err != nil {
		t.Fatal(err)
	}
	for accept, want := range map[string]string{"": "en", "en-GB,en;q=0.8": "en", "zz": "en", ";;": "en", "ar-XB": "ar-XB", "ar-EG,en;q=0.5": "ar",
		"de-AT": "de", "pt-PT,pt;q=0.9": "pt", "es-419": "es", "fr-CA,en;q=0.5": "fr", "th": "th", "nl,de;q=0.8": "de"} {
		if got := c.Match(accept); got != want {
			t.Errorf("Match(%q) = %q, want %q", accept, got, want)
		}
	}
	rtl := c.For("ar-XB")
	if rtl.Dir() != "rtl" || rtl.Lang() != "ar-XB" || rtl.T("format.in_days", "count", 3) != "\u2066in 3 days\u2069" {
		t.Errorf("pseudo-language: dir %q, lang %q, %q", rtl.Dir(), rtl.Lang(), rtl.T("format.in_days", "count", 3))
	}
	plain, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got := plain.For("ar-XB").Lang(); got != "ar" {
		t.Errorf("the pseudo-language is offered without being asked for: %q", got)
	}
}

func TestThePrinterTravelsToTheComponents(t *testing.T) {
	if got := i18n.From(context.Background()).T("format.now"); got != "[format.now]" {
		t.Errorf("without a printer: %q", got)
	}
	ctx := i18n.WithPrinter(context.Background(), english(t))
	if got := i18n.From(ctx).T("format.now"); got != "just now" {
		t.Errorf("with a printer: %q", got)
	}
}
