package effects_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/app"
	"bailiwick/internal/apptest"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/contact"
	"bailiwick/internal/db/dbtest"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/quota"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
	"bailiwick/internal/submit"
)

// town is a customer below a reseller, whose settings it inherits, with its owner.
type town struct {
	*apptest.World
	t              *testing.T
	reseller, acme ids.Account
	owner          apptest.Person
}

func build(t *testing.T) *town {
	t.Helper()
	w := &town{World: apptest.New(t, dbtest.SQLiteDSN(t), apptest.Proxied), t: t}
	w.reseller = w.Reseller(w.Platform, "Meridian")
	w.acme = w.Client(w.reseller, "Acme Holdings")
	w.owner = w.Member(w.acme, "owner@acme.example", apptest.As(authz.Owner))
	return w
}

// effect is what a setting of the reseller does to its customer.
type effect struct {
	name  string
	value any                  // stored at the reseller; func(*town) any makes it
	see   func(w *town) string // looks where the setting acts
	want  string               // is seen with the setting, and not without
}

var effects = []effect{
	{"account.time_zone", "Pacific/Kiritimati", ends("2026-11-23", 2*time.Hour), "stops sending"}, // it is tomorrow there
	{"account.language", "ar", mailed, `lang="ar"`},
	{"account.grace_days", 0, ends("2026-11-22", 0), "suspended"},
	{"account.reminder_days", []int{40}, ends("2027-01-01", 0), "ends in 39 days"},
	{"account.retention_days", 1, erased, "erased"},
	{"notices.bell", []string{"tasks"}, belled, "No notifications yet"},
	{"notices.mail", []string{"people"}, lacking(ends("2026-11-30", 0), "ends in 7 days"), "no ends in 7 days"},

	{"network.portal", json.RawMessage(`{"on":true,"entries":[{"net":"198.51.100.0/24","note":""}]}`), opened, "403"},
	{"network.api", json.RawMessage(`{"on":true,"entries":[{"net":"198.51.100.0/24","note":""}]}`), byKey, "policy.address"},
	{"session.signed_out", func(w *town) any { return map[string]int64{"at": w.Clock.Now().Add(time.Minute).UnixMilli()} }, opened, "Everyone was signed out"},
	{"session.idle_minutes", 30, openedAfter(31 * time.Minute), "303 /sign-in"},
	{"session.absolute_hours", 1, openedAfter(40*time.Minute, 40*time.Minute), "303 /sign-in"},
	{"password.expiry_days", 30, func(w *town) string { w.Clock.Advance(31 * day); return w.signIn() }, "/sign-in/new-password"},
	{"password.min_length", 30, changed("two words or three"), "password.too_short"},
	{"password.history", 2, changed("two words or three", apptest.Password), "password.used_before"},
	{"sign_in.failed_notice", true, failedSignIn, "A sign-in"},
	{"two_factor.required", "everyone", func(w *town) string { w.Clock.Advance(8 * day); return w.open() }, "two-step"},
	{"two_factor.days", 1, requiredFor(2 * day), "two-step"},

	{"brand.product", "Meridian Mail", opened, "Meridian Mail"},
	{"brand.colour", "#7a1f5c", opened, "/brand/7a1f5c"},
	{"brand.logo", picture(brand.Logo), opened, `class="brand-logo"`},
	{"brand.support_email", "help@meridian.example", mailed, "help@meridian.example"},
	{"brand.support_link", "https://help.meridian.example/start", mailed, "https://help.meridian.example/start"},
	{"brand.sender_name", "Meridian People", mailed, "Meridian People"},
	{"brand.sender_address", sender, mailed, "post@mail.meridian.example"},
	{"brand.header", picture(brand.Header), mailed, "/brand/"},
	{"brand.footer", picture(brand.Footer), mailed, "/brand/"},

	{"message.footer", map[string]string{"text": "Sent with care", "html": "<p>Sent with care</p>"}, submitted(plain), "Sent with care"},
	{"message.disclaimer", "For those it is sent to", submitted(plain), "For those it is sent to"},
	{"message.attachments", false, submitted(attached), "message.attachments"},
	{"message.largest_attachment", 1, submitted(large), "message.largest_attachment"},
	{"message.attachment_types", []string{"docx"}, submitted(attached), "message.attachment_types"},
	{"message.images", false, submitted(pictured), "message.images"},
	{"message.largest", 1, submitted(large), "message.largest"},
	{"message.bounces", "from", submitted(plain), "sender=ada@example.com"},
	{"message.keep_days", 7, kept, "7 days"},
	{"message.keep_text_days", 0, kept, "its text 0"},

	{"contact.masking", "nothing", contactSeen, "grace@example.com"},
	{"contact.visible", []string{"phone"}, subscribed(0), "+33170189900"},
	{"contact.changeable", []string{}, lacking(subscribed(0), `name="name"`), `no name="name"`},
	{"contact.lists_shown", false, lacking(subscribed(0), "Newsletter"), "no Newsletter"},
	{"contact.unsubscribe", "customer", subscribed(1), "no more messages from Acme Holdings"},
	{"contact.confirm", true, func(w *town) string { subscribed(0)(w); return w.mails("grace@example.com") }, "Confirm your subscription"},

	{"quota.oversell_percent", 200, handedOut, "granted"},
	{"quota.month_day", 15, monthEnds, "2026-12-15"},

	{"invite.valid_days", 3, expires, "in 3 days"},
	{"invite.daily_allowance", 1, inviteTwo, "invite.allowance"},
}

const day = 24 * time.Hour

func TestEverySettingActs(t *testing.T) {
	for _, e := range effects {
		t.Run(e.name, func(t *testing.T) {
			if got := e.see(build(t)); strings.Contains(got, e.want) {
				t.Fatalf("%q is seen without the setting, too:\n%s", e.want, got)
			}
			w := build(t)
			value := e.value
			if make, ok := value.(func(*town) any); ok {
				value = make(w)
			}
			w.set(e.name, value)
			if got := e.see(w); !strings.Contains(got, e.want) {
				t.Errorf("%q is not seen:\n%s", e.want, got)
			}
		})
	}
}

func TestNoSettingIsWithoutEffect(t *testing.T) {
	for _, k := range app.Settings() {
		if !slices.ContainsFunc(effects, func(e effect) bool { return e.name == k.ID() }) {
			t.Errorf("%s: nothing shows that it acts; write a row of effects", k.ID())
		}
	}
}

func (w *town) set(name string, value any) {
	w.t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Exec(`INSERT INTO settings (account_id, name, value, updated_at, since) VALUES (?, ?, ?, ?, ?)`, w.reseller, name, string(body), w.Clock.Now().UnixMilli(), w.Clock.Now().UnixMilli())
}

// must stops the test at an error.
func (w *town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// open opens the account's first page in a new session, and says what came of it.
func (w *town) open() string { return w.page(w.SignIn(w.owner.Email)) }

func (w *town) page(b *apptest.Browser) string {
	w.t.Helper()
	a := b.Get("/a/" + string(w.acme) + "/home")
	return strconv.Itoa(a.Status) + " " + a.Location() + "\n" + a.Body
}

func opened(w *town) string { return w.open() }

// belled suspends the account for a moment and looks what the bell tells of it.
func belled(w *town) string {
	w.must(w.Accounts.Hold(w.t.Context(), w.Root, w.acme, ""))
	_, err := w.Accounts.SetActive(w.t.Context(), w.Root, w.acme, true)
	w.must(err)
	return w.SignIn(w.owner.Email).Get("/notifications").Text()
}

// openedAfter opens the page, and again after some times.
func openedAfter(times ...time.Duration) func(*town) string {
	return func(w *town) string {
		b := w.SignIn(w.owner.Email)
		var got string
		for _, d := range append([]time.Duration{0}, times...) {
			w.Clock.Advance(d)
			got = w.page(b)
		}
		return got
	}
}

// requiredFor requires a second factor and opens the page some time later.
func requiredFor(d time.Duration) func(*town) string {
	return func(w *town) string {
		w.set("two_factor.required", "everyone")
		w.Clock.Advance(d)
		return w.open()
	}
}

func byKey(w *town) string {
	k := w.Key(w.owner, w.acme, authz.AccountView)
	by, err := w.Through(k)
	w.must(err)
	_, err = w.Accounts.Get(w.t.Context(), by, w.acme)
	return errs.CodeOf(err)
}

func (w *town) signIn() string {
	return w.Stranger().Post("/sign-in", "login", w.owner.Email, "password", apptest.Password).Location()
}

func failedSignIn(w *town) string {
	w.Stranger().Post("/sign-in", "login", w.owner.Email, "password", "wrong")
	return w.mails(w.owner.Email)
}

// changed changes the password, time after time, and says what came of the last.
func changed(to ...string) func(*town) string {
	return func(w *town) string {
		b, now := w.SignIn(w.owner.Email), apptest.Password
		for i, next := range to {
			w.Clock.Advance(time.Minute)
			in, err := w.Authn.ChangePassword(w.t.Context(), b.Actor(), secret.Wrap(now), secret.Wrap(next), authn.Client{Session: b.Token, IP: "203.0.113.7"})
			if i == len(to)-1 {
				return problems(err)
			}
			w.must(err)
			now, b.Token = next, in.Token
		}
		return ""
	}
}

// problems are the codes of an error and of its fields.
func problems(err error) string {
	if err == nil {
		return ""
	}
	out := errs.CodeOf(err)
	var e *errs.Error
	if errors.As(err, &e) {
		for _, p := range e.Fields {
			out += " " + p.Code
		}
	}
	return out
}

// mails sends what waits, and returns all that was sent to somebody.
func (w *town) mails(to string) string {
	w.t.Helper()
	w.Drain()
	all, err := w.Mailbox.List(w.t.Context(), "", 100)
	w.must(err)
	var out strings.Builder
	for _, c := range all {
		if !strings.Contains(c.To, to) {
			continue
		}
		m, err := w.Mailbox.Get(w.t.Context(), c.ID)
		w.must(err)
		out.WriteString(strings.Join([]string{m.From, m.Subject, m.Text, m.HTML}, "\n"))
	}
	return out.String()
}

// mailed is the mail of an invitation into the account.
func mailed(w *town) string {
	w.invite("new@acme.example")
	return w.mails("new@acme.example")
}

func (w *town) invite(addresses string) string {
	w.t.Helper()
	_, err := w.Invites.Invite(w.t.Context(), w.owner.Actor, w.acme, invite.Input{Addresses: addresses, Access: apptest.As(authz.Guest)})
	return problems(err)
}

func inviteTwo(w *town) string { return w.invite("one@acme.example, two@acme.example") }

func expires(w *town) string {
	w.invite("new@acme.example")
	ms, err := strconv.ParseInt(w.Text("SELECT CAST(expires_at AS TEXT) FROM invitations"), 10, 64)
	w.must(err)
	return "in " + strconv.Itoa(int(time.UnixMilli(ms).Sub(w.Clock.Now())/day)) + " days"
}

// ends sets the end of the membership and says, some time later, what was done about it.
func ends(date string, later time.Duration) func(*town) string {
	return func(w *town) string {
		w.Exec("UPDATE accounts SET membership_end = ? WHERE id = ?", date, w.acme)
		w.Clock.Advance(later)
		w.must(account.CheckEnds(w.t.Context(), w.Accounts, w.DB))
		d, err := w.Accounts.Get(w.t.Context(), w.Root, w.acme)
		w.must(err)
		return string(d.Standing.Status) + "\n" + w.mails(w.owner.Email)
	}
}

func erased(w *town) string {
	w.Close(w.acme)
	w.Clock.Advance(2 * day)
	w.must(account.EraseClosed(w.t.Context(), w.Accounts, w.DB))
	w.Drain()
	if w.Count("accounts WHERE id = ?", w.acme) == 0 {
		return "erased"
	}
	return "kept"
}

// contactSeen is what a user who may not see contacts in full sees of one.
func contactSeen(w *town) string {
	_, err := w.Contacts.Create(w.t.Context(), w.owner.Actor, w.acme, contact.Input{Email: "grace@example.com", Name: "Grace Hopper"})
	w.must(err)
	w.Member(w.acme, "user@acme.example", apptest.As(authz.User, authz.ContactsView))
	return w.SignIn("user@acme.example").Get("/a/" + string(w.acme) + "/contacts").Body
}

// subscribed is one of the pages of a contact who is put on a list: 0 is their preferences, 1 is to unsubscribe.
func subscribed(page int) func(*town) string {
	return func(w *town) string {
		list := w.ContactList(w.acme, "Newsletter")
		id, err := w.Contacts.Create(w.t.Context(), w.owner.Actor, w.acme, contact.Input{Email: "grace@example.com", Phone: "+33170189900", Name: "Grace Hopper", Lists: []ids.List{list}})
		w.must(err)
		preferences, unsubscribe, _ := w.Links(w.acme, id, list)
		return w.Stranger().Get([]string{preferences, unsubscribe}[page]).Body
	}
}

// lacking says that a page has no text, where it has none.
func lacking(page func(*town) string, text string) func(*town) string {
	return func(w *town) string {
		if body := page(w); strings.Contains(body, text) {
			return body
		}
		return "no " + text
	}
}

// handedOut hands the customer more than the reseller has.
func handedOut(w *town) string {
	w.limit(w.reseller, 100)
	_, err := w.Quotas.SetLimits(w.t.Context(), w.Root, w.acme, quota.Target{}, limited(150))
	if err == nil {
		return "granted"
	}
	return problems(err)
}

// monthEnds is when the months of all that a message of the customer counts for end.
func monthEnds(w *town) string {
	w.limit(w.acme, 100)
	x, err := w.Quotas.Explain(w.t.Context(), w.Root, w.acme, quota.Question{Channel: quota.Email})
	w.must(err)
	var out []string
	for _, l := range x.Layers {
		out = append(out, time.UnixMilli(l.Ends[quota.Month]).UTC().Format(time.DateOnly))
	}
	return strings.Join(out, " ")
}

func (w *town) limit(at ids.Account, amount int64) {
	w.t.Helper()
	_, err := w.Quotas.SetLimits(w.t.Context(), w.Root, at, quota.Target{}, limited(amount))
	w.must(err)
}

func limited(amount int64) []quota.Edit {
	return []quota.Edit{{Channel: quota.Email, Window: quota.Month, Limit: quota.Limit{Amount: amount, Action: quota.Reject}}}
}

// sender verifies a domain for the reseller and returns an address there.
func sender(w *town) any {
	w.must(w.Brands.AskDomain(w.t.Context(), w.Root, w.reseller, "mail.meridian.example"))
	d, err := w.Brands.Domain(w.t.Context(), w.Root, w.reseller)
	w.must(err)
	w.DNS.Set(d.Record, d.Value)
	_, err = w.Brands.CheckDomain(w.t.Context(), w.Root, w.reseller)
	w.must(err)
	return "post@mail.meridian.example"
}

// picture keeps a picture for a part of the brand.
func picture(slot brand.Slot) func(*town) any {
	return func(w *town) any {
		var body bytes.Buffer
		w.must(png.Encode(&body, image.NewNRGBA(image.Rect(0, 0, 200, 100))))
		img, err := w.Brands.KeepPicture(w.t.Context(), w.Root, w.reseller, slot, &body)
		w.must(err)
		return img
	}
}

// Messages as they come in.
const (
	plain    = "From: Ada <ada@example.com>\r\nSubject: Hello\r\n\r\nHello\r\n"
	mixed    = "From: Ada <ada@example.com>\r\nSubject: Numbers\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"numbers.pdf\"\r\n\r\n"
	attached = mixed + "a few numbers\r\n--b--\r\n"
	pictured = "From: Ada <ada@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Look</p><img src=\"cid:1\">\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <1>\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"
)

// large is a message of more than a megabyte, most of it attached.
var large = mixed + strings.Repeat("many numbers\r\n", 90_000) + "--b--\r\n"

// kept is how long a message of the account would be kept.
func kept(w *town) string {
	p, err := w.Submit.Preview(w.t.Context(), w.owner.Actor, w.acme, submit.Sample{Message: []byte(plain)})
	w.must(err)
	return strconv.Itoa(p.Kept.Days) + " days, its text " + strconv.Itoa(p.Kept.TextDays)
}

// submitted is what becomes of a message on the account: its refusals, where it bounces to, and what is sent.
func submitted(message string) func(*town) string {
	return func(w *town) string {
		on, err := w.Known.On(context.WithoutCancel(w.t.Context()), w.acme)
		w.must(err)
		q, sc, err := w.Ops.See(w.t.Context(), w.Root, w.acme)
		w.must(err)
		own, err := setting.MemberValues(w.t.Context(), q, sc, w.owner.Member, submit.Personal()...)
		w.must(err)
		rules, err := submit.RulesOf(on, own)
		w.must(err)
		out, err := submit.Apply(submit.Message{Body: strings.NewReader(message), Size: int64(len(message))}, rules)
		w.must(err)
		said := "sender=" + out.Sender(rules, "return@halyard.example", "user@acme.example") + "\n"
		for _, r := range out.Refused {
			said += r.Setting + "\n"
		}
		if len(out.Refused) > 0 {
			return said
		}
		var sent strings.Builder
		_, err = out.WriteTo(&sent)
		w.must(err)
		return said + sent.String()
	}
}
