package web

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/policy"
	"bailiwick/internal/setting"
	"bailiwick/internal/submit"
	"bailiwick/internal/tuning"
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tuning"
)

// previewRoutes try the settings of messages on a message that is not sent.
func (s *Server) previewRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/settings/preview", Signed: s.previewPage},
		{Pattern: "POST /a/{account}/settings/preview", Signed: s.previewMessage},
		{Pattern: "POST /a/{account}/settings/preview/document", Signed: s.previewDocument},
	}
}

func previewPath(account ids.Account) string { return accountPath(account, "/settings/preview") }

// documentPolicy is for a document that others wrote: it may be looked at, inside of our page, and do nothing.
const documentPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"

// tried is a message that somebody tries: typed, chosen as a file, or kept by the page that showed it.
type tried struct {
	typed   string
	message []byte
	sub     ids.SubAccount // that would send it
	from    string         // the IP address of whoever hands it in
}

func (s *Server) previewPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sample := sampleMessage(i18n.From(r.Context()))
	return s.showPreview(w, r, by, tried{typed: sample, message: []byte(sample)}, nil)
}

func (s *Server) previewMessage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	if _, err := s.Tuning.View(r.Context(), by, id, tuning.Settings); err != nil {
		return err // who may not see the settings is told before anything is said of the form
	}
	t, err := readTried(w, r)
	return s.showPreview(w, r, by, t, err)
}

// showPreview shows what becomes of a message, or what is wrong with what was sent.
func (s *Server) showPreview(w http.ResponseWriter, r *http.Request, by authz.Actor, t tried, failed error) error {
	p := i18n.From(r.Context())
	_, sc, err := s.Ops.See(r.Context(), by, ids.Account(r.PathValue("account")))
	if err != nil {
		return err
	}
	at := sc.Account()
	v := ui.Preview{Action: asking(r, previewPath(at)), Back: accountPath(at, "/settings"), Message: t.typed, MaxMB: submit.MostPreview >> 20, From: t.from, Sub: string(t.sub)}
	if v.Subs, err = s.subOptions(r, by, sc); err != nil {
		return err
	}
	status := http.StatusOK
	got := submit.Preview{}
	if failed == nil {
		got, failed = s.previewOf(r, by, at, t)
	}
	if failed == nil {
		v.Result = previewResult(p, at, asking(r, previewPath(at)+"/document"), got, t.message)
	} else {
		remarks, code, err := remarksOn(p, failed)
		if err != nil {
			return err
		}
		status, v.Errors, v.Problem = code, remarks.Fields, remarks.Problem
	}
	return s.section(w, r, by, status, sc, "settings", v)
}

// subOptions are the sub-accounts that a message could be sent with.
func (s *Server) subOptions(r *http.Request, by authz.Actor, sc authz.Scope) ([]part.Option, error) {
	if !owns(sc) {
		return nil, nil
	}
	all, err := s.Subs.Choices(r.Context(), by, sc.Account())
	if err != nil || len(all) == 0 {
		return nil, err
	}
	out := []part.Option{{Label: i18n.From(r.Context()).T("preview.no_subaccount")}}
	for _, sub := range all {
		out = append(out, part.Option{Value: string(sub.ID), Label: sub.Name})
	}
	return out, nil
}

func (s *Server) previewOf(r *http.Request, by authz.Actor, at ids.Account, t tried) (submit.Preview, error) {
	in := submit.Sample{Message: t.message, Sub: t.sub, From: t.from}
	if as := r.URL.Query().Get(sentAs); as != "" {
		id, err := ids.ParseMembership(as)
		if err != nil {
			return submit.Preview{}, errs.NoSuch("user")
		}
		in.As = id
		return s.Submit.Preview(r.Context(), by, at, in)
	}
	me, err := s.Authn.Profile(r.Context(), by)
	if err != nil {
		return submit.Preview{}, err
	}
	in.User = me.Email
	return s.Submit.Preview(r.Context(), by, at, in)
}

// sentAs names in a query the member of the account who would send the message.
const sentAs = "as"

// asking is the address of a page of the preview for whoever would send the message.
func asking(r *http.Request, path string) string {
	if as := r.URL.Query().Get(sentAs); as != "" {
		return path + "?" + url.Values{sentAs: {as}}.Encode()
	}
	return path
}

func previewResult(p i18n.Printer, at ids.Account, frame string, got submit.Preview, message []byte) *ui.Result {
	out := &ui.Result{
		Changed: got.Changed, Text: got.Text, HTML: got.HTML != "", Frame: frame, Kept: base64.StdEncoding.EncodeToString(message),
		Header: []part.Fact{{Term: p.T("preview.sent_by"), Text: got.User}, {Term: p.T("preview.bounces"), Text: got.Sender}},
	}
	out.Header = append(out.Header, part.Fact{Term: p.T("setting.message_largest"), Text: largestText(p, got.Largest)})
	out.Header = append(out.Header, keptFacts(p, got.Kept)...)
	for _, f := range got.Header {
		out.Header = append(out.Header, part.Fact{Term: f.Name, Text: f.Value})
	}
	for _, r := range got.Refused {
		line := ui.Refused{Text: words(p, r.Problem), Reply: r.Reply()}
		switch r.Setting {
		case policy.APIAddresses.Name:
			line.Label, line.Href, line.By = p.T("allowlist.title_api"), accountPath(at, "/security#addresses-api"), setBy(p, r.From)
		case "":
			if r.Sub != "" {
				line.Label, line.Href = p.T("allowlist.title_sub"), accountPath(at, "/subaccounts/"+string(r.Sub)+"#addresses-sub")
			}
		default:
			line.Label, line.Href = settingLabel(p, r.Setting), accountPath(at, "/settings/"+r.Setting)
			line.By = setBy(p, r.From)
		}
		out.Refused = append(out.Refused, line)
	}
	return out
}

// keptFacts say for how long a message is kept, and why.
func keptFacts(p i18n.Printer, k submit.Kept) []part.Fact {
	text := p.T("preview.not_kept")
	if k.TextDays > 0 {
		text = p.T("setting.amount_days", "count", k.TextDays)
	}
	return []part.Fact{
		{Term: p.T("setting.message_keep_days"), Text: p.T("setting.amount_days", "count", k.Days) + " · " + setBy(p, k.From)},
		{Term: p.T("setting.message_keep_text_days"), Text: text + " · " + setBy(p, k.TextFrom)},
	}
}

func setBy(p i18n.Printer, from setting.Origin) string {
	if from.IsDefault() {
		return p.T("setting.is_default")
	}
	return p.T("preview.set_by", "name", providerName(p, from.Name))
}

// largestText says how large messages may be, and why.
func largestText(p i18n.Printer, l submit.Largest) string {
	why := setBy(p, l.From)
	if l.Client != "" {
		why = p.T("preview.bought", "account", l.Client)
	}
	return p.T("setting.amount_megabytes", "count", l.Bytes>>20) + " · " + why
}

// previewDocument answers the document of the message that a page of the preview kept, for its frame.
func (s *Server) previewDocument(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	t, err := readTried(w, r)
	if err != nil {
		return err
	}
	got, err := s.previewOf(r, by, at, t)
	if err != nil {
		return err
	}
	if got.HTML == "" {
		return errs.NoSuch("mail")
	}
	document, err := submit.Still(got.HTML)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", documentPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	_, err = io.WriteString(w, document)
	return err
}

// readTried reads the message from the form. A file that was chosen stands for what was typed.
func readTried(w http.ResponseWriter, r *http.Request) (t tried, err error) {
	if ct, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || ct != "multipart/form-data" {
		f, err := readForm(w, r, "message", "file", "kept", "subaccount", "address")
		if err != nil {
			return t, err
		}
		t.typed, t.sub, t.from = f.raw("message"), ids.SubAccount(f.text("subaccount")), f.text("address")
		t.message = []byte(t.typed)
		return t, t.keep(f.raw("kept"))
	}
	const most = 2*submit.MostPreview + maxForm // what was typed and a file, or a message kept
	r.Body = http.MaxBytesReader(w, r.Body, most)
	parts, err := r.MultipartReader()
	if err != nil {
		return t, unreadable()
	}
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		var body []byte
		if err == nil {
			body, err = io.ReadAll(p)
		}
		if errors.As(err, new(*http.MaxBytesError)) {
			return t, errs.Field("message", "submit.preview_large", "Choose a message of up to {most} MB.", "most", submit.MostPreview>>20)
		}
		if err != nil {
			return t, unreadable()
		}
		switch p.FormName() {
		case "message":
			t.typed = string(body)
			if t.message == nil {
				t.message = body
			}
		case "file":
			if len(body) > 0 {
				t.message = body
			}
		case "subaccount":
			t.sub = ids.SubAccount(strings.TrimSpace(string(body)))
		case "address":
			t.from = strings.TrimSpace(string(body))
		case "kept":
			if err := t.keep(string(body)); err != nil {
				return t, err
			}
		default:
			return t, errs.New(errs.Invalid, "form.unknown_field", "Leave out the field {field}. This form does not have it.", "field", p.FormName())
		}
	}
}

// keep takes the message that a page kept; it is encoded, because a form changes the ends of lines.
func (t *tried) keep(kept string) error {
	if kept == "" {
		return nil
	}
	message, err := base64.StdEncoding.DecodeString(kept)
	if err != nil {
		return unreadable()
	}
	t.message = message
	return nil
}

// sampleMessage is a message in both forms, to begin with.
func sampleMessage(p i18n.Printer) string {
	subject, text := p.T("preview.sample_subject"), p.T("preview.sample_text")
	return strings.Join([]string{
		"From: " + mime.QEncoding.Encode("utf-8", p.T("preview.sample_from")) + " <sender@example.com>",
		"To: reader@example.com",
		"Subject: " + mime.QEncoding.Encode("utf-8", subject),
		"MIME-Version: 1.0",
		`Content-Type: multipart/alternative; boundary="sample"`,
		"",
		"--sample",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: 8bit",
		"",
		text,
		"--sample",
		"Content-Type: text/html; charset=utf-8",
		"Content-Transfer-Encoding: 8bit",
		"",
		`<html><body dir="auto"><h2>` + subject + "</h2><p>" + text + "</p></body></html>",
		"--sample--",
		"",
	}, "\r\n")
}
