package apptest_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/account"
	"bailiwick/internal/apptest"
	"bailiwick/internal/ids"
)

// subscriber is a client with a contact on its newsletter.
type subscriber struct {
	*apptest.World
	t                              *testing.T
	client                         ids.Account
	list                           ids.List
	preferences, unsubscribe, conf string
}

func newSubscriber(t *testing.T, w *apptest.World) subscriber {
	t.Helper()
	s := subscriber{World: w, t: t, client: w.Client(w.Platform, "Acme Holdings")}
	s.list = w.ContactList(s.client, "Newsletter")
	id := w.Contact(s.client, "eve@reader.example", s.list)
	s.preferences, s.unsubscribe, s.conf = w.Links(s.client, id, s.list)
	return s
}

func (s subscriber) stopped() int {
	return s.Count("suppressions WHERE address = 'eve@reader.example'")
}

// post sends a body as a program of a mailbox does: from nowhere, without cookies.
func (s subscriber) post(path, kind string, body []byte, more ...string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.Server.URL+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(more); i += 2 {
		req.Header.Set(more[i], more[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		s.t.Fatal(err)
	}
	return res
}

func multipartOneClick(t *testing.T) (kind string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("List-Unsubscribe", "One-Click"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.Bytes()
}

// TestOneClickUnsubscribes as RFC 8058 has it: a post alone is enough, from wherever; looking is not.
func TestOneClickUnsubscribes(t *testing.T) {
	kind, body := multipartOneClick(t)
	for name, way := range map[string]struct {
		kind string
		body []byte
		more []string
	}{
		"as a form":                {"application/x-www-form-urlencoded", []byte("List-Unsubscribe=One-Click"), nil},
		"in parts":                 {kind, body, nil},
		"from a page of another":   {"application/x-www-form-urlencoded", []byte("List-Unsubscribe=One-Click"), []string{"Origin", "https://mailbox.example", "Sec-Fetch-Site", "cross-site"}},
		"with what it never sends": {"application/x-www-form-urlencoded", []byte("List-Unsubscribe=One-Click"), []string{"Cookie", "bw_session=x"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSubscriber(t, apptest.OnSQLite(t))
			for range 3 {
				if a := s.Stranger().Get(s.unsubscribe); a.Status != http.StatusOK || s.stopped() != 0 || len(a.Header.Values("Set-Cookie")) != 0 {
					t.Fatalf("looking: %d, %d stopped, %v", a.Status, s.stopped(), a.Header)
				}
			}
			for range 2 {
				if res := s.post(s.unsubscribe, way.kind, way.body, way.more...); res.StatusCode != http.StatusOK || len(res.Cookies()) != 0 {
					t.Errorf("%d %v", res.StatusCode, res.Cookies())
				}
				if s.stopped() != 1 {
					t.Fatalf("%d stopped", s.stopped())
				}
			}
			if a := s.Stranger().Get(s.unsubscribe); !strings.Contains(a.Text(), "You are unsubscribed") || strings.Contains(a.Body, "eve@") {
				t.Errorf("afterwards: %s", a.Text())
			}
		})
	}
}

func TestContactsPagesTellNothingToStrangers(t *testing.T) {
	s := newSubscriber(t, apptest.OnSQLite(t))
	dead := s.Stranger().Get("/preferences/nothing")
	if dead.Status != http.StatusNotFound || !strings.Contains(dead.Text(), "This link does not work") {
		t.Fatalf("%d %s", dead.Status, dead.Text())
	}
	same := func(a apptest.Answer) bool {
		return a.Status == dead.Status && strings.ReplaceAll(a.Body, a.Header.Get("X-Request-Id"), "") == strings.ReplaceAll(dead.Body, dead.Header.Get("X-Request-Id"), "")
	}
	for _, path := range []string{s.preferences + "x", s.preferences[:len(s.preferences)-1], "/unsubscribe" + strings.TrimPrefix(s.preferences, "/preferences"), "/confirm-subscription/" + strings.Repeat("c", 49), "/preferences/" + strings.Repeat("p", 49)} {
		if a := s.Stranger().Get(path); !same(a) {
			t.Errorf("%s: %d %s", path, a.Status, a.Text())
		}
		if a := s.Stranger().Post(path); !same(a) {
			t.Errorf("POST %s: %d %s", path, a.Status, a.Text())
		}
	}
	for range 40 {
		s.Stranger().Get("/preferences/nothing")
	}
	if a := s.Stranger().Get(s.preferences); a.Status != http.StatusTooManyRequests {
		t.Errorf("guessing goes on: %d", a.Status)
	}
	s.Clock.Advance(contactMinute)
	if a := s.Stranger().Get(s.preferences); a.Status != http.StatusOK {
		t.Errorf("a minute later: %d", a.Status)
	}
	for range 70 {
		s.Stranger().Get(s.preferences)
	}
	if a := s.Stranger().Get(s.preferences); a.Status != http.StatusTooManyRequests {
		t.Errorf("one link is followed without end: %d", a.Status)
	}
	if a := s.Stranger().Get(s.unsubscribe); a.Status != http.StatusOK {
		t.Errorf("another link: %d", a.Status)
	}
}

// TestContactsPagesSpeakTheContactsLanguage, else the account's, else the browser's.
func TestContactsPagesSpeakTheContactsLanguage(t *testing.T) {
	s := newSubscriber(t, apptest.OnSQLite(t))
	d, err := s.Accounts.Get(t.Context(), s.Root, s.client)
	if err != nil {
		t.Fatal(err)
	}
	says := func(lang string) {
		t.Helper()
		for _, path := range []string{s.preferences, s.unsubscribe, s.conf} {
			if a := s.Stranger().Get(path); a.Status != http.StatusOK || !strings.Contains(a.Body, `lang="`+lang+`"`) || !strings.Contains(a.Text(), "Acme Holdings") {
				t.Errorf("%s: %d, not in %s: %s", path, a.Status, lang, a.Text())
			}
		}
	}
	says("en")
	if err := s.Accounts.Update(t.Context(), s.Root, s.client, account.UpdateInput{Version: d.Version, NoEnd: true, Fields: account.Fields{Name: d.Name, Language: "ar"}}); err != nil {
		t.Fatal(err)
	}
	says("ar")
	s.Exec("UPDATE contacts SET language = 'en'")
	says("en")
}

func TestAContactSavesWhatTheyWant(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		s := newSubscriber(t, w)
		who := s.Stranger()
		if a := who.Get(s.preferences); !strings.Contains(a.Body, `value="`+string(s.list)+`" checked`) && !strings.Contains(a.Body, "checked") {
			t.Errorf("the list is not ticked: %s", a.Text())
		}
		if a := who.Post(s.preferences, "name", "Eve", "language", "ar"); a.Status != http.StatusSeeOther || a.Location() != s.preferences {
			t.Fatalf("%d %s", a.Status, a.Location())
		}
		if w.Text("SELECT name || ' ' || language FROM contacts") != "Eve ar" || w.Count("contact_subscriptions") != 0 || s.stopped() != 1 {
			t.Error("not all was saved")
		}
		if a := who.Post(s.preferences, "name", strings.Repeat("x", 200), "language", "en"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, strings.Repeat("x", 200)) {
			t.Errorf("%d %s", a.Status, a.Text())
		}
		if a := who.Post(s.preferences, "email", "mallory@evil.example"); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a field that the page does not have: %d", a.Status)
		}
		for _, step := range []string{"/stop", "/resume"} {
			if a := who.Post(s.preferences + step); a.Status != http.StatusSeeOther {
				t.Errorf("%s: %d", step, a.Status)
			}
		}
		if n := w.Count("audit_events WHERE actor_id = 'job.contact'"); n < 4 {
			t.Errorf("%d events are on record", n)
		}
	})
}

// contactMinute is how long it takes until links may be tried again.
const contactMinute = 60e9
