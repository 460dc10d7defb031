package rehearse_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/rehearse"
)

func example(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operators/bookshop.toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func play(t *testing.T, text string) rehearse.Result {
	t.Helper()
	s, err := rehearse.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Play()
}

// TestTheExampleSaysWhoWaits holds the bookshop of the documentation to its numbers.
func TestTheExampleSaysWhoWaits(t *testing.T) {
	got := play(t, example(t))
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(hour, minute, second int) time.Time {
		return time.Date(2026, 11, 30, hour, minute, second, 0, berlin)
	}
	if len(got.Senders) != 2 || got.Senders[0].Messages != 600 || got.Senders[1].Messages != 12 || got.Senders[0].Rejected+got.Senders[1].Rejected != 0 || got.Senders[1].Sent != 12 || got.Senders[0].Sent != 600 {
		t.Errorf("%+v", got.Senders)
	}
	if len(got.Refused) == 0 || got.Refused[0].Layer != "Bookshop" || got.Refused[0].Window != "hour" || got.Refused[0].Action != "hold" || got.Refused[0].First.Before(at(9, 0, 0)) || got.Refused[0].First.After(at(9, 30, 0)) {
		t.Errorf("%+v", got.Refused)
	}
}

func TestPlay(t *testing.T) {
	const head = "day = '2026-11-30'\n[[layer]]\nname = 'Shop'\n"
	const send = "[[sender]]\nname = 's'\nunder = 'Shop'\n[[sender.send]]\nat = '10:00'\n"
	limit := func(lines string) string { return "[[layer.limit]]\n" + lines }
	for name, c := range map[string]struct {
		text string
		want rehearse.Sender
	}{
		"without limits":                   {head + send + "messages = 5\nrecipients = 10", rehearse.Sender{Name: "s", Messages: 5, Units: 50, Sent: 5}},
		"what is over is rejected":         {head + limit("per = 'day'\namount = 30\n") + send + "messages = 5\nrecipients = 10", rehearse.Sender{Name: "s", Messages: 5, Units: 50, Sent: 3, Rejected: 2}},
		"what was used counts":             {head + "used = { day = 10 }\n" + limit("per = 'day'\namount = 30\n") + send + "messages = 5\nrecipients = 10", rehearse.Sender{Name: "s", Messages: 5, Units: 50, Sent: 2, Rejected: 3}},
		"what is held goes the next hours": {head + limit("per = 'hour'\namount = 20\naction = 'hold'\n") + send + "messages = 5\nrecipients = 10", rehearse.Sender{Name: "s", Messages: 5, Units: 50, Sent: 5, Held: 3}},
		"over days it may wait":            {head + limit("per = 'day'\namount = 20\naction = 'hold'\n") + send + "messages = 6\nrecipients = 10", rehearse.Sender{Name: "s", Messages: 6, Units: 60, Sent: 6, Held: 4}},
		"but not over three":               {head + limit("per = 'day'\namount = 10\naction = 'hold'\n") + send + "messages = 6\nrecipients = 10", rehearse.Sender{Name: "s", Messages: 6, Units: 60, Sent: 4, Held: 3, Rejected: 2}},
		"overage has a cap":                {head + limit("per = 'day'\namount = 20\naction = 'overage'\ncap = 40\n") + send + "messages = 5\nrecipients = 10", rehearse.Sender{Name: "s", Messages: 5, Units: 50, Sent: 4, Overage: 2, Rejected: 1}},
		"texts have parts":                 {"channel = 'sms'\n" + head + limit("per = 'day'\namount = 6\n") + send + "messages = 3\nparts = 3", rehearse.Sender{Name: "s", Messages: 3, Units: 9, Sent: 2, Rejected: 1}},
	} {
		if diff := cmp.Diff([]rehearse.Sender{c.want}, play(t, c.text).Senders); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	const head = "day = '2026-11-30'\n[[layer]]\nname = 'Shop'\n"
	const send = "[[sender]]\nname = 's'\nunder = 'Shop'\n[[sender.send]]\nat = '10:00'\n"
	for text, want := range map[string]string{
		"day = ":                                        "line 1:",
		head + "= 3":                                    "line 4:",
		head + send + "colour = 'red'":                  "sender.send.colour: there is no such field",
		"day = '30.11.'":                                "day: write it like 2026-11-30",
		"time_zone = 'Mars'\n" + head + send:            "time_zone:",
		"channel = 'fax'\n" + head + send:               "channel: write email or sms",
		"month_day = 40\n" + head + send:                "month_day:",
		head:                                            "layer, sender:",
		head + "used = { day = -1 }\n" + send:           `layer 1 "Shop": used:`,
		head + "[[layer]]\nname = 'Shop'\n" + send:      `layer 2 "Shop": take another name`,
		head + "[[layer.limit]]\nper = 'year'\n" + send: `layer 1 "Shop": limit 1: per:`,
		head + "[[layer.limit]]\nper = 'day'\namount = -2\n" + send: `layer 1 "Shop": limit 1:`,
		head + "under = 'Shop'\n" + send:                            `lies under itself`,
		head + "under = 'North'\n" + send:                           `there is no layer "North"`,
		head + send + "messages = -1":                               `sender 1 "s": send 1: messages:`,
		head + send + "messages = 999999999":                        `messages:`,
		head + send + "recipients = 9223372036854775807":            `recipients, parts:`,
		head + send + "over = '30h'":                                `over:`,
		head + strings.Replace(send, "10:00", "25:00", 1):           `at:`,
	} {
		if _, err := rehearse.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzParse: no file breaks the reader, and what it takes can be played: each message is sent or rejected, and none twice.
func FuzzParse(f *testing.F) {
	f.Add(example(f))
	f.Add("day = '2026-11-30'\n[[layer]]\nname = 'a'\n[[sender]]\nname = 's'\nunder = 'a'\n[[sender.send]]\nat = '10:00'\nmessages = 3")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := rehearse.Parse([]byte(text))
		if err != nil || len(s.Trials) > 2000 {
			return
		}
		n := 0
		for _, x := range s.Play().Senders {
			n += x.Sent + x.Rejected
		}
		if n != len(s.Trials) {
			t.Errorf("%d of %d messages have a fate", n, len(s.Trials))
		}
	})
}
