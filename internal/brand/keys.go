package brand

import (
	"net/mail"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"bailiwick/internal/errs"
	"bailiwick/internal/setting"
)

// The settings of a brand. Each account has its own or takes that of the account above.
var (
	productKey = setting.Key[string]{Name: "brand.product", Merge: setting.Override[string], Check: checkProduct,
		Control: setting.Control{Kind: setting.Line}}
	colourKey = setting.Key[string]{Name: "brand.colour", Default: string(DefaultColour), Merge: setting.Override[string], Check: checkColour,
		Control: setting.Control{Kind: setting.Colour}}
	logoKey = setting.Key[Image]{Name: string(Logo), Merge: setting.Override[Image], Check: checkImage,
		Control: setting.Control{Kind: setting.Image}}
	supportEmailKey = setting.Key[string]{Name: "brand.support_email", Merge: setting.Override[string], Check: checkEmail,
		Control: setting.Control{Kind: setting.Line}}
	supportLinkKey = setting.Key[string]{Name: "brand.support_link", Merge: setting.Override[string], Check: checkLink,
		Control: setting.Control{Kind: setting.Line}}
	senderNameKey = setting.Key[string]{Name: "brand.sender_name", Merge: setting.Override[string], Check: checkSenderName,
		Control: setting.Control{Kind: setting.Line}}
	senderAddressKey = setting.Key[string]{Name: "brand.sender_address", Merge: setting.Override[string], Check: checkEmail,
		Control: setting.Control{Kind: setting.Line}}
	headerKey = setting.Key[Image]{Name: string(Header), Merge: setting.Override[Image], Check: checkPicture,
		Control: setting.Control{Kind: setting.Image}}
	footerKey = setting.Key[Image]{Name: string(Footer), Merge: setting.Override[Image], Check: checkPicture,
		Control: setting.Control{Kind: setting.Image}}
)

// Portal lists the settings of pages.
func Portal() []setting.Any { return []setting.Any{productKey, colourKey, logoKey} }

// Support lists where people find help.
func Support() []setting.Any { return []setting.Any{supportEmailKey, supportLinkKey} }

// Mails lists the settings of mails.
func Mails() []setting.Any {
	return []setting.Any{senderNameKey, senderAddressKey, headerKey, footerKey}
}

const (
	longestName = 60
	longestLink = 500
)

func checkProduct(name string) error {
	if strings.TrimSpace(name) == "" {
		return errs.New(errs.Invalid, "brand.name_missing", "Write a name, or use the inherited one.")
	}
	return checkSenderName(name)
}

// checkSenderName refuses what would break a header or turn the text around it.
func checkSenderName(name string) error {
	if utf8.RuneCountInString(name) > longestName {
		return errs.New(errs.Invalid, "brand.name_long", "Write up to {most} characters.", "most", longestName)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || turns(r) }) {
		return errs.New(errs.Invalid, "brand.name_signs", "Write the name on one line, without invisible signs.")
	}
	return nil
}

// turns reports signs that change the direction of the text after them.
func turns(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029
}

func checkColour(typed string) error {
	_, err := ParseColour(typed)
	return err
}

func checkEmail(typed string) error {
	if typed == "" {
		return nil
	}
	a, err := mail.ParseAddress(typed)
	if err != nil || a.Address != typed || a.Name != "" || len(typed) > 254 {
		return errs.New(errs.Invalid, "brand.not_email", "Write an email address such as help@example.com.")
	}
	return nil
}

// checkLink takes addresses of web pages alone: javascript: and the like would run where somebody follows them.
func checkLink(typed string) error {
	if typed == "" {
		return nil
	}
	u, err := url.Parse(typed)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(typed) > longestLink || strings.ContainsFunc(typed, unicode.IsControl) {
		return errs.New(errs.Invalid, "brand.not_link", "Write the address of a web page, beginning with https://.")
	}
	return nil
}
