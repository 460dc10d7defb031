package submit

import (
	"slices"
	"strings"

	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Refusal is why a message is not sent.
type Refusal struct {
	errs.Problem                // in plain words
	SMTP         int            // its code (RFC 5321, section 4.2)
	Status       string         // the enhanced status code (RFC 3463)
	Detail       string         // of what is garbled, for who mends the program that wrote it
	Setting      string         // the name of the setting that asks for it, "" when no setting does
	Sub          ids.SubAccount // whose own list of addresses asks for it, "" when none does
}

// Reply is the refusal as an SMTP server answers it, without the code in front.
func (r Refusal) Reply() string {
	if r.Detail != "" {
		return r.Status + " " + r.Text() + " (" + r.Detail + ")"
	}
	return r.Status + " " + r.Text()
}

func refused(code int, status, setting, problem, msg string, args ...any) Refusal {
	return Refusal{Problem: errs.Problem{Code: problem, Msg: msg, Args: args}, SMTP: code, Status: status, Setting: setting}
}

func isGarbled(g garbled) Refusal {
	r := refused(554, "5.6.0", "", "submit.garbled", "Write the message again with another program. Mail programs would read it in different ways.")
	r.Detail = string(g)
	return r
}

func (r Rules) tooLarge(size int64) Refusal {
	most := r.Largest
	if r.Bought {
		return refused(552, "5.3.4", "", "submit.message_over_package", "Make the message smaller, or ask your provider for a larger package. It has {size} MB, and {most} MB are included.", "size", inMB(size), "most", most/megabyte)
	}
	return refused(552, "5.3.4", largestMessage.Name, "submit.message_large", "Make the message smaller. It has {size} MB, and {most} MB are allowed.", "size", inMB(size), "most", most/megabyte)
}

// judge applies the rules about attachments and images to every part, those of signed and of attached messages too.
func (r Rules) judge(root *part) (out []Refusal) {
	root.walk(func(p *part) {
		switch {
		case p.multipart():
		case p.isAttachment():
			out = append(out, r.judgeAttachment(p)...)
		case p.isImage() && !r.Images:
			out = append(out, noImages())
		}
	})
	return out
}

func noImages() Refusal {
	return refused(554, "5.7.1", images.Name, "submit.image", "Link to images instead of putting them into the message. Images inside of messages are not allowed.")
}

func (r Rules) judgeAttachment(p *part) (out []Refusal) {
	if !r.Attachments {
		return []Refusal{refused(554, "5.7.1", attachments.Name, "submit.attachment", "Send the message without {name}. Attachments are not allowed.", "name", p.title())}
	}
	if size := p.size(); size > r.LargestAttachment {
		out = append(out, refused(552, "5.3.4", largestAttachment.Name, "submit.attachment_large", "Send {name} in another way or make it smaller. It has {size} MB, and {most} MB are allowed.",
			"name", p.title(), "size", inMB(size), "most", r.LargestAttachment/megabyte))
	}
	if !r.allows(p) {
		out = append(out, refused(554, "5.7.1", attachmentTypes.Name, "submit.attachment_type", "Send {name} in another way. These types of files are allowed: {types}.",
			"name", p.title(), "types", strings.Join(r.Types, ", ")))
	}
	return out
}

// allows looks at every name of an attachment, for mail programs differ in which they take.
func (r Rules) allows(p *part) bool {
	if len(r.Types) == 0 {
		return true
	}
	if len(p.names) == 0 {
		return slices.Contains(r.Types, unnamed[p.media])
	}
	return !slices.ContainsFunc(p.names, func(name string) bool { return !slices.Contains(r.Types, ending(name)) })
}

// unnamed are the endings that programs give to attachments without a name.
var unnamed = map[string]string{
	"message/rfc822": "eml", "application/pdf": "pdf", "text/calendar": "ics", "text/csv": "csv", "text/plain": "txt", "text/html": "html",
	"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "application/zip": "zip",
}

func (p *part) title() string {
	if len(p.names) > 0 {
		return p.names[0]
	}
	return p.media
}

// isAttachment reports whether a leaf, or an attached message, is a file rather than a piece of the text. What looks like
// a picture but has the name of something else is a file, whatever it says.
func (p *part) isAttachment() bool {
	switch {
	case p.isEnvelope() || p.isImage():
		return false
	case p.disposition == "attachment":
		return true
	case strings.HasPrefix(p.media, "text/"):
		return len(p.names) > 0
	case p.media == "message/rfc822":
		return p.parent != nil && p.parent.media != "multipart/digest" && p.parent.media != "multipart/report"
	}
	return true
}

// isImage reports whether a part is shown among the text.
func (p *part) isImage() bool {
	if !strings.HasPrefix(p.media, "image/") {
		return false
	}
	if slices.ContainsFunc(p.names, func(n string) bool { return !slices.Contains(pictures, ending(n)) }) {
		return false
	}
	related := p.parent != nil && p.parent.media == "multipart/related" && p.get("content-id") != ""
	return p.disposition != "attachment" || related
}

var pictures = []string{"png", "jpg", "jpeg", "jpe", "gif", "webp", "bmp", "svg", "tif", "tiff", "avif", "heic", "ico", ""}

// isEnvelope reports whether a part is no file but what signing, encrypting or reporting is made of.
func (p *part) isEnvelope() bool {
	if p.names != nil && slices.ContainsFunc(p.names, func(n string) bool { return !slices.Contains(sealedEndings, ending(n)) }) {
		return false
	}
	if p.isSealed() {
		return true
	}
	if p.parent == nil {
		return false
	}
	switch p.parent.media {
	case "multipart/signed":
		return slices.Contains(signatures, p.media) && len(p.parent.children) > 1 && p.parent.children[0] != p
	case "multipart/encrypted":
		first := len(p.parent.children) > 0 && p.parent.children[0] == p
		return first && p.media == "application/pgp-encrypted" || !first && p.media == "application/octet-stream"
	case "multipart/report":
		return p.media == "message/delivery-status" || p.media == "message/disposition-notification" || p.media == "message/feedback-report"
	}
	return false
}

var (
	signatures    = []string{"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
	sealedEndings = []string{"", "asc", "pgp", "gpg", "sig", "p7m", "p7s", "p7c"}
)

// isSealed reports whether a part is signed or encrypted as a whole (RFC 1847, RFC 8551), so that no byte of it may change.
func (p *part) isSealed() bool {
	switch p.media {
	case "multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime":
		return true
	}
	return false
}

// inMB is a size in megabytes, rounded up to tenths, so that it never looks like what is allowed.
func inMB(n int64) float64 { return float64((n*10+megabyte-1)/megabyte) / 10 }
