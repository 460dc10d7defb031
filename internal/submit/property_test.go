package submit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// draw makes a message whose structure is like those of mail programs, and like none.
func draw(t *rapid.T, depth int) string {
	kinds := []string{"text", "html", "file", "image"}
	if depth < 4 {
		kinds = append(kinds, "mixed", "alternative", "related", "signed", "message", "report")
	}
	line := rapid.StringMatching(`[ -~\t]{0,30}`)
	body := strings.Join(rapid.SliceOfN(line, 0, 4).Draw(t, "lines"), "\r\n")
	extra := rapid.SampledFrom([]string{"", "X-Folded: a\r\n b\r\n", "Content-Description: =?utf-8?Q?=C3=BC?=\r\n"}).Draw(t, "field")
	charset := rapid.SampledFrom([]string{"", "; charset=utf-8", "; charset=\"ISO-8859-1\"", "; charset=us-ascii; format=flowed", "; charset=koi8-r", "; charset=x-none"}).Draw(t, "charset")
	cte := rapid.SampledFrom([]string{"", "Content-Transfer-Encoding: 8bit\r\n", "Content-Transfer-Encoding: 7BIT\r\n"}).Draw(t, "encoding")
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "text":
		return extra + cte + "Content-Type: text/plain" + charset + "\r\n\r\n" + body
	case "html":
		return extra + cte + "Content-Type: text/html" + charset + "\r\n\r\n<p>" + body + "</p>" + rapid.SampledFrom([]string{"", "</body></html>"}).Draw(t, "end")
	case "file":
		return extra + "Content-Type: application/octet-stream; name=\"a.bin\"\r\nContent-Disposition: attachment\r\n\r\n" + body
	case "image":
		return extra + "Content-Type: image/png\r\nContent-ID: <1>\r\n\r\n" + body
	case "message":
		return extra + "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n" + draw(t, depth+1)
	default:
		boundary := fmt.Sprintf("=_%d_%d", depth, rapid.IntRange(0, 99).Draw(t, "boundary"))
		var b strings.Builder
		b.WriteString(extra + "Content-Type: multipart/" + kind + "; boundary=\"" + boundary + "\"\r\n\r\n" + rapid.SampledFrom([]string{"", "preamble\r\n"}).Draw(t, "preamble"))
		for range rapid.IntRange(1, 3).Draw(t, "children") {
			b.WriteString("--" + boundary + rapid.SampledFrom([]string{"", "  "}).Draw(t, "space") + "\r\n" + draw(t, depth+1) + "\r\n")
		}
		return b.String() + "--" + boundary + "--" + rapid.SampledFrom([]string{"", "\r\n", "\r\nepilogue"}).Draw(t, "epilogue")
	}
}

// leaf is a part as another library finds it: its header, and its body as it was sent.
type leaf struct{ Path, Header, Body string }

// leaves finds the parts of a message with another library than ours.
func leaves(r io.Reader, path, of string) (out []leaf, err error) {
	lines := bufio.NewReader(r)
	h, err := textproto.ReadHeader(lines)
	if err != nil {
		return nil, fmt.Errorf("read the header of %s: %w", path, err)
	}
	return partsOf(h, lines, path, of)
}

func partsOf(h textproto.Header, r io.Reader, path, of string) (out []leaf, err error) {
	mh := message.Header{Header: h}
	media, params, _ := mh.ContentType()
	if !strings.HasPrefix(media, "multipart/") {
		body, err := io.ReadAll(r)
		var head bytes.Buffer
		if werr := textproto.WriteHeader(&head, h); werr != nil {
			return nil, werr
		}
		return []leaf{{path + " " + of + ">" + media, head.String(), string(body)}}, err
	}
	parts := textproto.NewMultipartReader(r, params["boundary"])
	for i := 0; ; i++ {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		inner, err := partsOf(p.Header, p, fmt.Sprintf("%s.%d", path, i), of+">"+media)
		if err != nil {
			return nil, err
		}
		out = append(out, inner...)
	}
}

func TestWhateverIsNoTextComesOutByteForByte(t *testing.T) {
	footer := with(func(r *Rules) {
		r.Footer, r.Disclaimer = setting.MailText{Text: "Grüße, Acme", HTML: "<p>Grüße</p>"}, "Confidential"
	})
	rapid.Check(t, func(t *rapid.T) {
		m := "Subject: x\r\nMIME-Version: 1.0\r\n" + draw(t, 0)
		in := Message{strings.NewReader(m), int64(len(m))}
		for _, nothing := range []Rules{free, with(func(r *Rules) { r.Footer.HTML = " \n " })} {
			o, err := Apply(in, nothing)
			if err != nil || len(o.Refused) > 0 || string(bytesOf(t, o)) != m {
				t.Fatalf("with nothing to do: %v %v\n%s", err, o.Refused, m)
			}
		}
		o, err := Apply(in, footer)
		if err != nil || len(o.Refused) > 0 {
			t.Fatalf("%v %v\n%s", err, o.Refused, m)
		}
		before, err := leaves(strings.NewReader(m), "0", "")
		if err != nil {
			t.Skip(err) // the other library is stricter
		}
		out := bytesOf(t, o)
		after, err := leaves(bytes.NewReader(out), "0", "")
		if err != nil || len(before) != len(after) {
			t.Fatalf("%d parts became %d: %v\n%s\n---\n%s", len(before), len(after), err, m, out)
		}
		for i, b := range before {
			media := b.Path[strings.LastIndex(b.Path, ">")+1:]
			sealed := strings.Contains(b.Path, "multipart/signed") || strings.Contains(b.Path, "multipart/report") || !strings.HasPrefix(media, "text/")
			if d := cmp.Diff(b, after[i]); sealed && d != "" {
				t.Fatalf("%s changed: %s\n%s\n---\n%s", b.Path, d, m, out)
			}
		}
		if o.Changed() && !bytes.Contains(out, []byte("Confidential")) {
			t.Fatalf("it changed, and without the disclaimer:\n%s", out)
		}
	})
}

func bytesOf(t interface{ Fatal(...any) }, o Outcome) []byte {
	var b bytes.Buffer
	if _, err := o.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzApply looks for messages that break the transformation: it must neither fail nor change what it adds nothing to.
func FuzzApply(f *testing.F) {
	for _, m := range []string{withPDF, withImage, signed, encrypted, "", "\n", "Subject: x", "\r\n\r\n", "Content-Type: multipart/mixed; boundary=b\n\n--b--", "Content-Type: message/rfc822\n\n"} {
		f.Add([]byte(m), false)
		f.Add([]byte(crlf(m)), true)
	}
	all := Rules{Footer: setting.MailText{Text: "Grüße", HTML: "<p>Grüße</p>"}, Disclaimer: "Confidential", Attachments: true, LargestAttachment: megabyte, Images: true, Largest: megabyte}
	f.Fuzz(func(t *testing.T, m []byte, strict bool) {
		in := Message{bytes.NewReader(m), int64(len(m))}
		o, err := Apply(in, free)
		if err != nil || !bytes.Equal(bytesOf(t, o), m) {
			t.Fatalf("with nothing to do: %v\n%q", err, m)
		}
		r := all
		if strict {
			r.Attachments, r.Images, r.Types = false, false, []string{"pdf"}
		}
		if o, err = Apply(in, r); err != nil {
			t.Fatal(err)
		}
		out := bytesOf(t, o)
		if len(o.Refused) > 0 {
			return
		}
		after, err := Apply(Message{bytes.NewReader(out), int64(len(out))}, free)
		if err != nil || len(after.Refused) > 0 {
			t.Fatalf("what was written cannot be read: %v %v\n%q\n%q", err, after.Refused, m, out)
		}
		before, _, _ := scan(bytes.NewReader(m), int64(len(m)))
		then, _, _ := scan(bytes.NewReader(out), int64(len(out)))
		if d := cmp.Diff(shape(before), shape(then)); d != "" {
			t.Fatalf("the structure changed: %s\n%q\n%q", d, m, out)
		}
	})
}

func shape(p *part) (out []string) {
	p.walk(func(p *part) { out = append(out, p.media) })
	return out
}

func TestOnlyWeMakeAddressesOfBounces(t *testing.T) {
	old, now := secret.NewKey(), secret.NewKey()
	box, err := secret.NewBox(old)
	if err != nil {
		t.Fatal(err)
	}
	r := NewReturns(box, "Mail.example")
	const id = "01kaz0000000000000000000ab"
	a := r.Address(id, 7)
	if local, _, _ := strings.Cut(a, "@"); len(local) > 64 {
		t.Errorf("%s has %d characters before the @", a, len(local))
	}
	if got, n, ok := r.Read(strings.ToUpper(a)); !ok || got != id || n != 7 {
		t.Errorf("%s: %s %d %t", a, got, n, ok)
	}
	both, err := secret.NewBox(old, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := NewReturns(both, "mail.example").Read(a); !ok {
		t.Error("an address made with the key before is not known")
	}
	other, err := secret.NewBox(now)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := NewReturns(other, "mail.example").Read(a); ok {
		t.Error("an address made with another key is taken")
	}
	for _, bad := range []string{"", "@", strings.Replace(a, "-7-", "-8-", 1), strings.Replace(a, "01kaz", "01kay", 1), strings.Replace(a, "bounce-", "", 1), strings.Replace(a, "@", "a@", 1), strings.Replace(a, "Mail.", "other.", 1), "bounce-" + id + "-7-@mail.example"} {
		if _, _, ok := r.Read(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}
