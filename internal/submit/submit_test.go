package submit

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/setting"
)

// free allows everything and adds nothing.
var free = Rules{Attachments: true, LargestAttachment: 100 * megabyte, Images: true, Largest: 100 * megabyte, Bounces: ToPlatform}

func with(change func(*Rules)) Rules {
	r := free
	change(&r)
	return r
}

// crlf makes a message of lines.
func crlf(s string) string { return strings.ReplaceAll(strings.TrimPrefix(s, "\n"), "\n", "\r\n") }

func apply(t testing.TB, message string, r Rules) Outcome {
	t.Helper()
	out, err := Apply(Message{strings.NewReader(message), int64(len(message))}, r)
	if err != nil {
		t.Fatalf("%v of\n%s", err, message)
	}
	return out
}

func written(t testing.TB, o Outcome) string {
	t.Helper()
	var b bytes.Buffer
	if n, err := o.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatalf("%d bytes were written, and %d told of: %v", b.Len(), n, err)
	}
	return b.String()
}

const withPDF = `
From: Ada <ada@example.com>
Subject: Numbers
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Hello
--b
Content-Type: application/pdf; name="numbers.pdf"
Content-Disposition: attachment; filename="numbers.pdf"
Content-Transfer-Encoding: base64

aGVsbG8gd29ybGQ=
--b--
`

const withImage = `
Subject: Look
MIME-Version: 1.0
Content-Type: multipart/related; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>Look</p><img src="cid:1">
--b
Content-Type: image/png
Content-ID: <1>
Content-Transfer-Encoding: base64

aGVsbG8gd29ybGQ=
--b--
`

func codes(o Outcome) (out []string) {
	for _, r := range o.Refused {
		out = append(out, fmt.Sprintf("%s %d %s %s", r.Status, r.SMTP, r.Code, r.Setting))
	}
	return out
}

func TestEachRuleActs(t *testing.T) {
	big := strings.Replace(crlf(withPDF), "aGVsbG8gd29ybGQ=", strings.Repeat(strings.Repeat("AAAA", 19)+"\r\n", 20_000), 1)
	cases := map[string]struct {
		message string
		rules   Rules
		refused []string
		holds   string // the message that goes out
	}{
		"footer":                      {crlf(withPDF), with(func(r *Rules) { r.Footer.Text = "Acme, Mill Lane" }), nil, "Hello\r\n\r\nAcme, Mill Lane\r\n--b"},
		"footer in HTML":              {crlf(withImage), with(func(r *Rules) { r.Footer.HTML = "<b>Acme</b>" }), nil, `<b>Acme</b></div>`},
		"disclaimer":                  {crlf(withPDF), with(func(r *Rules) { r.Disclaimer = "Confidential" }), nil, "Hello\r\n\r\nConfidential\r\n--b"},
		"attachments":                 {crlf(withPDF), with(func(r *Rules) { r.Attachments = false }), []string{"5.7.1 554 submit.attachment message.attachments"}, ""},
		"no attachments, and none":    {crlf(withImage), with(func(r *Rules) { r.Attachments = false }), nil, "cid:1"},
		"largest attachment":          {big, with(func(r *Rules) { r.LargestAttachment = megabyte }), []string{"5.3.4 552 submit.attachment_large message.largest_attachment"}, ""},
		"largest attachment, smaller": {crlf(withPDF), with(func(r *Rules) { r.LargestAttachment = megabyte }), nil, "numbers.pdf"},
		"attachment types":            {crlf(withPDF), with(func(r *Rules) { r.Types = []string{"docx", "png"} }), []string{"5.7.1 554 submit.attachment_type message.attachment_types"}, ""},
		"attachment types, one of":    {crlf(withPDF), with(func(r *Rules) { r.Types = []string{"docx", "pdf"} }), nil, "numbers.pdf"},
		"images":                      {crlf(withImage), with(func(r *Rules) { r.Images = false }), []string{"5.7.1 554 submit.image message.images"}, ""},
		"largest message":             {big, with(func(r *Rules) { r.Largest = megabyte }), []string{"5.3.4 552 submit.message_large message.largest"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := apply(t, c.message, c.rules)
			if d := cmp.Diff(c.refused, codes(o)); d != "" {
				t.Error(d)
			}
			if c.refused == nil && !strings.Contains(written(t, o), c.holds) {
				t.Errorf("%q is not in\n%s", c.holds, written(t, o))
			}
			if o := apply(t, c.message, free); o.Changed() || len(o.Refused) > 0 || written(t, o) != c.message {
				t.Error("without the rule the message is changed or refused")
			}
		})
	}
}

func TestBouncesGoWhereTheRuleSays(t *testing.T) {
	for _, c := range []struct {
		to         Bounces
		user, from string
		want       string
	}{
		{ToPlatform, "me@example.com", "From: Ada <ada@example.com>\r\n", "bounce@platform.example"},
		{ToUser, "me@example.com", "From: Ada <ada@example.com>\r\n", "me@example.com"},
		{ToUser, "", "From: Ada <ada@example.com>\r\n", "bounce@platform.example"},
		{ToFrom, "me@example.com", "From: Ada\r\n <ada@example.com>, bob@example.com\r\n", "ada@example.com"},
		{ToFrom, "me@example.com", "Subject: nobody\r\n", "bounce@platform.example"},
	} {
		r := with(func(r *Rules) { r.Bounces = c.to })
		if got := apply(t, c.from+"\r\nHello", r).Sender(r, "bounce@platform.example", c.user); got != c.want {
			t.Errorf("%s of %q: %s, want %s", c.to, c.from, got, c.want)
		}
	}
}

// Attachments that hide from the rules: each is refused where only PDFs are allowed.
func TestNoFileHidesFromTheTypes(t *testing.T) {
	only := with(func(r *Rules) { r.Types, r.Images = []string{"pdf"}, false })
	part := func(head string) string {
		return crlf("\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\nHello\n--b\n" + head + "\n\nMZ\n--b--\n")
	}
	for name, m := range map[string]string{
		"another type":                     part("Content-Type: application/octet-stream; name=run.exe"),
		"a type that lies":                 part("Content-Type: application/pdf; name=run.exe"),
		"two names":                        part("Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=run.exe"),
		"two names, other way":             part("Content-Type: application/pdf; name=run.exe\nContent-Disposition: attachment; filename=a.pdf"),
		"two endings":                      part("Content-Disposition: attachment; filename=a.pdf.exe"),
		"a dot at the end":                 part("Content-Disposition: attachment; filename=\"run.exe. .\""),
		"upper case":                       part("Content-Disposition: ATTACHMENT; FILENAME=RUN.EXE"),
		"an encoded name":                  part("Content-Disposition: attachment; filename=\"=?utf-8?B?cnVuLmV4ZQ==?=\""),
		"a name in pieces":                 part("Content-Disposition: attachment; filename*0=run; filename*1=.exe"),
		"a name in a charset":              part("Content-Disposition: attachment; filename*=utf-8''run%2Eexe"),
		"no name":                          part("Content-Type: application/octet-stream"),
		"shown inline":                     part("Content-Type: application/octet-stream\nContent-Disposition: inline; filename=run.exe"),
		"as a picture":                     part("Content-Type: image/png; name=run.exe"),
		"as a signature":                   part("Content-Type: application/pgp-signature; name=run.exe"),
		"as text":                          part("Content-Type: text/plain; name=run.bat"),
		"inside a message":                 part("Content-Type: message/rfc822\nContent-Disposition: attachment; filename=a.pdf\n\nContent-Type: application/x-run; name=run.exe\n"),
		"as encrypted":                     strings.Replace(part("Content-Type: application/octet-stream; name=run.exe"), "multipart/mixed", "multipart/encrypted", 1),
		"with a boundary quoted":           strings.Replace(part("Content-Type: application/octet-stream; name=run.exe"), `"b"`, `"\b"`, 1),
		"behind the end":                   strings.Replace(part("Content-Type: application/pdf; name=a.pdf"), "--b--", "--b--\r\n--b\r\nContent-Type: a/b; name=run.exe\r\n\r\nMZ", 1),
		"behind a broken line":             "Subject: x\r\nno field at all\r\n" + part("Content-Type: application/octet-stream; name=run.exe"),
		"with two types":                   "Content-Type: text/plain\r\n" + part("Content-Type: application/octet-stream; name=run.exe"),
		"without a boundary":               strings.Replace(part("Content-Type: a/b; name=run.exe"), `; boundary="b"`, "", 1),
		"with a boundary that no line has": strings.Replace(part("Content-Type: a/b; name=run.exe"), `"b"`, "c", 1),
		"alone":                            crlf("\nMIME-Version: 1.0\nContent-Type: application/x-run\n\nMZ"),
	} {
		if o := apply(t, m, only); len(o.Refused) == 0 {
			t.Errorf("%s: let through\n%s", name, m)
		}
	}
	for name, m := range map[string]string{
		"a PDF":             part("Content-Type: application/pdf; name=a.PDF"),
		"a PDF, no name":    part("Content-Type: application/pdf"),
		"an encoded name":   part("Content-Disposition: attachment; filename=\"=?utf-8?Q?a=2Epdf?=\""),
		"a signature":       crlf(signed),
		"an encrypted text": crlf(encrypted),
	} {
		if o := apply(t, m, only); len(o.Refused) > 0 {
			t.Errorf("%s: %v", name, o.Refused[0].Reply())
		}
	}
}

const signed = `
Subject: Signed
MIME-Version: 1.0
Content-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"; micalg=pgp-sha256

--s
Content-Type: text/plain

Hello
--s
Content-Type: application/pgp-signature; name="signature.asc"

-----BEGIN PGP SIGNATURE-----
--s--
`

const encrypted = `
MIME-Version: 1.0
Content-Type: multipart/encrypted; boundary=s; protocol="application/pgp-encrypted"

--s
Content-Type: application/pgp-encrypted

Version: 1
--s
Content-Type: application/octet-stream; name="encrypted.asc"

-----BEGIN PGP MESSAGE-----
--s--
`

func TestSignedAndEncryptedMessagesStayAsTheyAre(t *testing.T) {
	r := with(func(r *Rules) { r.Footer.Text, r.Disclaimer = "Acme", "Confidential" })
	for name, m := range map[string]string{
		"signed":               crlf(signed),
		"encrypted":            crlf(encrypted),
		"S/MIME, opaque":       crlf("\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n"),
		"S/MIME, older name":   crlf("\nContent-Type: application/x-pkcs7-mime; name=smime.p7m\n\nx\n"),
		"PGP inline":           crlf("\nSubject: x\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n"),
		"PGP inline encrypted": crlf("\nSubject: x\n\n-----BEGIN PGP MESSAGE-----\nabc\n-----END PGP MESSAGE-----\n"),
		"a list around it":     crlf("\nContent-Type: multipart/mixed; boundary=m\n\n--m\n" + signed[1:] + "\n--m--\n"),
		"an attached message":  crlf("\nContent-Type: message/rfc822\n\nSubject: inner\n\nHello\n"),
		"a report":             crlf("\nContent-Type: multipart/report; boundary=r; report-type=delivery-status\n\n--r\n\nIt came back.\n--r\nContent-Type: message/delivery-status\n\nAction: failed\n--r--\n"),
	} {
		if o := apply(t, m, r); len(o.Refused) > 0 || written(t, o) != m {
			t.Errorf("%s: changed or refused: %v\n%s", name, o.Refused, written(t, o))
		}
	}
}

func TestTheFooterStandsBelowTheText(t *testing.T) {
	footer := with(func(r *Rules) { r.Footer = setting.MailText{Text: "Grüße\nAcme", HTML: "<b>Grüße</b>"} })
	html := `<div dir="auto" style="margin-top:1em"><b>Grüße</b></div>`
	entity := `<div dir="auto" style="margin-top:1em"><b>Gr&#252;&#223;e</b></div>`
	for name, c := range map[string]struct{ in, want string }{
		"plain, 8 bit": {
			"\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n",
			"\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n\nGrüße\nAcme\n",
		},
		"plain, nothing said": {
			"\nSubject: x\n\nHello",
			"\nSubject: x\nContent-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\nMIME-Version: 1.0\n\nHello\n\nGr=C3=BC=C3=9Fe\nAcme",
		},
		"no body at all": {
			"\nMIME-Version: 1.0\nSubject: x",
			"\nMIME-Version: 1.0\nSubject: x\nContent-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\n\nGr=C3=BC=C3=9Fe\nAcme",
		},
		"latin1": {
			"\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nSch=F6n\n",
			"\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nSch=F6n\n\nGr=FC=DFe\nAcme\n",
		},
		"a charset without the letters": {
			"\nContent-Type: text/plain; charset=iso-8859-5\nContent-Transfer-Encoding: quoted-printable\n\n=B0=B1\n",
			"\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\nMIME-Version: 1.0\n\n=D0=90=D0=91\n\nGr=C3=BC=C3=9Fe\nAcme\n",
		},
		"base64": {
			"\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nSGFsbG8=\n",
			"\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("Hallo\r\n\r\nGrüße\r\nAcme")) + "\n",
		},
		"flowed": {
			"\nContent-Type: text/plain; charset=utf-8; format=flowed\nContent-Transfer-Encoding: 8bit\n\nHallo \nWelt \n",
			"\nContent-Type: text/plain; charset=utf-8; format=flowed\nContent-Transfer-Encoding: 8bit\n\nHallo \nWelt \n\nGrüße\nAcme\n",
		},
		"HTML": {
			"\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n<html><!-- </body> --><body><p>Hallo</p></body></html>\n",
			"\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n<html><!-- </body> --><body><p>Hallo</p>\n" + html + "\n</body></html>\n",
		},
		"HTML in a charset": {
			"\nContent-Type: text/html; charset=windows-1252\n\n<p>Hallo\n",
			"\nContent-Type: text/html; charset=windows-1252\n\n<p>Hallo\n" + entity,
		},
		"both forms, with pictures and a file": {
			"\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n--a\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n--r\nContent-Type: image/png\nContent-ID: <1>\n\nx\n--r--\n--a--\n\n--m\nContent-Type: text/plain; name=a.txt\n\nfile\n--m--\n",
			"\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n\nGrüße\nAcme\n--a\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n" + html + "\n--r\nContent-Type: image/png\nContent-ID: <1>\n\nx\n--r--\n--a--\n\n--m\nContent-Type: text/plain; name=a.txt\n\nfile\n--m--\n",
		},
		"a part without anything": {
			"\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n--m--\n",
			"\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße\nAcme\n--m--\n",
		},
		"a checksum of the old text": {
			"\nContent-Type: text/plain; charset=utf-8\nContent-MD5: abc\nContent-Transfer-Encoding: 8bit\n\nHallo\n",
			"\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nHallo\n\nGrüße\nAcme\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := apply(t, crlf(c.in), footer)
			if d := cmp.Diff(crlf(c.want), written(t, o)); d != "" || len(o.Refused) > 0 {
				t.Error(o.Refused, d)
			}
		})
	}
	t.Run("a footer that looks like the end of a part", func(t *testing.T) {
		m := crlf("\nContent-Type: multipart/mixed; boundary=Acme\n\n--Acme\nContent-Type: text/plain\n\nHello\n--Acme--\n")
		got := written(t, apply(t, m, with(func(r *Rules) { r.Footer.Text = "--Acme--\nMill Lane" })))
		if !strings.Contains(got, "=2D-Acme--\r\nMill Lane\r\n--Acme--") {
			t.Errorf("%s", got)
		}
	})
	t.Run("an encoded text that looks like the end of a part, and a CR alone", func(t *testing.T) {
		m := crlf("\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=2D-b\n=0D--b\n--b--\n")
		got := written(t, apply(t, m, with(func(r *Rules) { r.Footer.Text = "Acme" })))
		if !strings.Contains(got, "\r\n\r\n=2D-b\r\n=0D--b\r\n\r\nAcme\r\n--b--") {
			t.Errorf("%s", got)
		}
	})
	t.Run("lines that end with LF stay so", func(t *testing.T) {
		if got := written(t, apply(t, "Subject: x\n\nHello\n", footer)); strings.Contains(got, "\r") {
			t.Errorf("%q", got)
		}
	})
	t.Run("a text in UTF-16", func(t *testing.T) {
		m := crlf("\nContent-Type: text/html; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n") + base64.StdEncoding.EncodeToString([]byte("<\x00p\x00>\x00")) + "\r\n"
		got := written(t, apply(t, m, footer))
		_, body, _ := strings.Cut(got, "\r\n\r\n")
		text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\r\n", ""))
		if err != nil || string(text) != "<p>\r\n"+html || !strings.Contains(got, "charset=utf-8") {
			t.Errorf("%v %q in %q", err, text, got)
		}
	})
}

// A rule cannot be kept away from a text by writing it so that only mail programs can read it.
func TestATextThatCannotBeReadIsRefusedWhereSomethingMustBeAdded(t *testing.T) {
	footer := with(func(r *Rules) { r.Disclaimer = "Confidential" })
	for name, m := range map[string]string{
		"broken base64":       "Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8",
		"an unknown encoding": "Content-Transfer-Encoding: x-uuencode\r\n\r\nSGVsbG8",
	} {
		o := apply(t, m, footer)
		if len(o.Refused) != 1 || o.Refused[0].Status != "5.6.0" || o.Refused[0].Setting != "message.disclaimer" {
			t.Errorf("%s: %+v", name, o.Refused)
		}
		if o := apply(t, m, free); len(o.Refused) > 0 {
			t.Errorf("%s: refused without need", name)
		}
	}
}

func TestAnImageInTheTextIsAnImage(t *testing.T) {
	m := "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<IMG SRC=3D\"DATA:image/=\r\npng;base64,AAAA\">"
	if o := apply(t, m, with(func(r *Rules) { r.Images = false })); len(o.Refused) != 1 || o.Refused[0].Setting != "message.images" {
		t.Errorf("%+v", o.Refused)
	}
}

func TestAFooterOnlyShowsAndLinks(t *testing.T) {
	for _, bad := range []string{
		"<script>x</script>", "<p onclick='x'>a</p>", "<a href='javascript:x'>a</a>", "<img src='http://x/y.png'>", "<img src='data:image/png;base64,AA'>", "<iframe src='https://x'></iframe>",
		"<form><input></form>", "<style>p{}</style>", "<!-- x -->", "<svg><a></a></svg>", "<p style='background:url(https://x)'>a</p>", "<p style='position:fixed'>a</p>", "<p id=x>a</p>",
		"<a href=' java\nscript:x'>a</a>", "<textarea>", "<math><mtext></mtext></math>", "<base href='https://x'>", "<meta charset=x>", "<p style='b\\65havior:x'>",
	} {
		if _, err := tidy(bad); err == nil {
			t.Errorf("%s is allowed", bad)
		}
	}
	for in, want := range map[string]string{
		"<p>Acme</body></html>":       "<p>Acme</p>",
		"</div></div>Acme<b>":         "Acme<b></b>",
		"<a href='mailto:a@b.c'>a":    `<a href="mailto:a@b.c">a</a>`,
		"<table><tr><td>1<td>2":       "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
		"a <img src='https://x/y'> b": `a <img src="https://x/y"/> b`,
	} {
		if got, err := tidy(in); err != nil || got != want {
			t.Errorf("%s: %q %v", in, got, err)
		}
	}
}

func TestEachFormOfAFooterIsMadeFromTheOther(t *testing.T) {
	r := Rules{Footer: setting.MailText{HTML: `<p>Acme <b>Ltd</b><br>Mill&nbsp;Lane</p><p>See <a href="https://acme.example/out">unsubscribe</a> or <a href="mailto:a@acme.example">a@acme.example</a></p>`}}
	if got, want := r.addition().text, "Acme Ltd\nMill Lane\n\nSee unsubscribe (https://acme.example/out) or a@acme.example"; got != want {
		t.Errorf("text: %q", got)
	}
	r = Rules{Footer: setting.MailText{Text: "Acme <Ltd>\nMill Lane"}, Disclaimer: "Secret & private"}
	if got, want := r.addition().html, `<div dir="auto" style="margin-top:1em">Acme &lt;Ltd&gt;<br>Mill Lane</div>`+"\n"+`<div dir="auto" style="margin-top:1em">Secret &amp; private</div>`; got != want {
		t.Errorf("HTML: %q", got)
	}
}

func TestTypesAreEndingsOfNames(t *testing.T) {
	if got := endings([]string{".PDF", "Docx"}); !slices.Equal(got, []string{"pdf", "docx"}) {
		t.Error(got)
	}
	if checkTypes([]string{"application/pdf"}) == nil || checkTypes([]string{"pdf", ".docx"}) != nil {
		t.Error("what is a type and what is not")
	}
}
