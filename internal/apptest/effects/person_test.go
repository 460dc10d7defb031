package effects_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"bailiwick/internal/errs"
	"bailiwick/internal/tuning"
)

// personal are what the settings of a person do in the account they are set in.
var personal = []effect{
	{"account.language", "ar", opened, `lang="ar"`},
	{"account.language", "ar", reset, `lang="ar"`},
	{"message.bounces", "user", submitted(plain), "sender=user@acme.example"},
	{"message.disclaimer", "For those it is sent to", submitted(plain), "For those it is sent to"},
	{"notices.bell", []string{"tasks"}, belled, "No notifications yet"},
	{"notices.mail", []string{"people"}, lacking(ends("2026-11-30", 0), "ends in 7 days"), "no ends in 7 days"},
	{"sign_in.failed_notice", true, failedSignIn, "A sign-in"},
}

// reset is the mail of a new password.
func reset(w *town) string {
	w.must(w.Authn.SendReset(w.t.Context(), w.Root, w.acme, w.owner.User()))
	return w.mails(w.owner.Email)
}

func (w *town) settings() tuning.Page {
	w.t.Helper()
	p, err := w.Users.Settings(w.t.Context(), w.Root, w.acme, w.owner.Member)
	w.must(err)
	return p
}

func (w *town) give(name string, value any) error {
	w.t.Helper()
	body, err := json.Marshal(value)
	w.must(err)
	return w.Users.SaveSettings(w.t.Context(), w.Root, w.acme, w.owner.Member, w.settings().Version, map[string]tuning.Edit{name: {Value: body}})
}

func TestEverySettingOfAPersonActs(t *testing.T) {
	for _, e := range personal {
		t.Run(e.name, func(t *testing.T) {
			if got := e.see(build(t)); strings.Contains(got, e.want) {
				t.Fatalf("%q is seen without the setting, too:\n%s", e.want, got)
			}
			w := build(t)
			w.must(w.give(e.name, e.value))
			if got := e.see(w); !strings.Contains(got, e.want) {
				t.Errorf("%q is not seen:\n%s", e.want, got)
			}
			w = build(t)
			w.must(w.give(e.name, e.value))
			w.Exec(`INSERT INTO settings (account_id, name, value, locked, updated_at, since) VALUES (?, ?, ?, TRUE, 0, 0)`, w.reseller, e.name, locked[e.name])
			if got := e.see(w); strings.Contains(got, e.want) {
				t.Errorf("%q is seen although the reseller has locked another value", e.want)
			}
			if err := w.give(e.name, e.value); !strings.Contains(problems(err), "setting.locked") {
				t.Errorf("a locked setting can be changed below: %v", err)
			}
		})
	}
	for _, f := range build(t).settings().Fields() {
		if !slices.ContainsFunc(personal, func(e effect) bool { return e.name == f.Name }) {
			t.Errorf("%s: nothing shows that it acts; write a row of personal", f.Name)
		}
	}
}

// locked are other values, as JSON.
var locked = map[string]string{
	"account.language": `"en"`, "message.bounces": `"from"`, "message.disclaimer": `"Other words"`, "notices.bell": `["account"]`, "notices.mail": `["membership"]`, "sign_in.failed_notice": `false`,
}

// TestAPersonChoosesTheirOwnNotices stands for what people may set without an admin, and what they may not.
func TestAPersonChoosesTheirOwnNotices(t *testing.T) {
	w := build(t)
	me := w.SignIn(w.owner.Email).Actor()
	p, ok, err := w.Users.OwnSettings(t.Context(), me)
	if err != nil || !ok || len(p.Fields()) != 3 {
		t.Fatalf("OwnSettings = %+v, %t, %v", p, ok, err)
	}
	if err := w.Users.SaveOwnSettings(t.Context(), me, p.Version, map[string]tuning.Edit{"message.disclaimer": {Value: json.RawMessage(`"x"`)}}); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a disclaimer of one's own = %v, want a refusal", err)
	}
	w.must(w.Users.SaveOwnSettings(t.Context(), me, p.Version, map[string]tuning.Edit{"sign_in.failed_notice": {Value: json.RawMessage(`true`)}}))
	if got := failedSignIn(w); !strings.Contains(got, "A sign-in") {
		t.Errorf("no mail tells of the sign-in that failed:\n%s", got)
	}
	if err := w.Users.SaveOwnSettings(t.Context(), me, p.Version, map[string]tuning.Edit{"sign_in.failed_notice": {Inherit: true}}); errs.CodeOf(err) != "setting.stale" {
		t.Errorf("a stale save = %v", err)
	}
	if _, err := w.Users.Settings(t.Context(), me, w.reseller, w.owner.Member); errs.KindOf(err) != errs.NotFound {
		t.Errorf("TEN01 settings by way of another account = %v", err)
	}
}

// TestMailsTellTheTimeWhereTheirReaderIs: by the person's own time zone, else by the account's; a day of the calendar is the same everywhere.
func TestMailsTellTheTimeWhereTheirReaderIs(t *testing.T) {
	w := build(t)
	w.must(w.give("sign_in.failed_notice", true))
	w.set("account.time_zone", "Asia/Kathmandu")
	if got := failedSignIn(w); !strings.Contains(got, " +0545") {
		t.Errorf("the time of the account is not told:\n%s", got)
	}
	w = build(t)
	w.must(w.give("sign_in.failed_notice", true))
	w.set("account.time_zone", "Asia/Kathmandu")
	w.Exec("UPDATE identities SET time_zone = 'America/Anchorage' WHERE id = ?", w.owner.User())
	if got := failedSignIn(w); !strings.Contains(got, " AKST") {
		t.Errorf("the time of the person is not told:\n%s", got)
	}
	if got := ends("2026-11-30", 0)(w); !strings.Contains(got, "30 Nov 2026") {
		t.Errorf("the day of the end is another one for who lives in the west:\n%s", got)
	}
}
