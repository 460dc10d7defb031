package submit

import (
	"encoding/base32"
	"net/mail"
	"strconv"
	"strings"

	"bailiwick/internal/secret"
)

// Returns makes the addresses that bounces come back to (VERP): each says which message to which recipient it was, and
// carries a code, so that nobody can make up bounces.
type Returns struct {
	box    *secret.Box
	domain string
}

// NewReturns makes addresses at a domain.
func NewReturns(b *secret.Box, domain string) Returns { return Returns{b, domain} }

const (
	returnTo      = "bounce-"
	returnPurpose = secret.Purpose("bounce address")
	codeLen       = 10 // bytes
)

// letters of a code survive servers that change upper and lower case.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Address is where bounces of a message to its nth recipient go. message is its id without the kind, 26 characters.
func (r Returns) Address(message string, n int) string {
	what := message + "-" + strconv.Itoa(n)
	return returnTo + what + "-" + letters.EncodeToString(r.box.MAC(returnPurpose, what)[:codeLen]) + "@" + r.domain
}

// Read tells which message and recipient a bounce to an address is about. ok is false for addresses that Address did not make.
func (r Returns) Read(address string) (message string, n int, ok bool) {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	parts := strings.Split(strings.TrimPrefix(local, returnTo), "-")
	if !strings.HasPrefix(local, returnTo) || len(parts) != 3 || domain != strings.ToLower(r.domain) {
		return "", 0, false
	}
	code, err := letters.DecodeString(parts[2])
	if err != nil || len(code) != codeLen || letters.EncodeToString(code) != parts[2] || !r.box.CheckMAC(returnPurpose, parts[0]+"-"+parts[1], code) {
		return "", 0, false
	}
	if n, err = strconv.Atoi(parts[1]); err != nil {
		return "", 0, false
	}
	return parts[0], n, true
}

// Sender is the envelope sender of a message. platform is the address of Returns; user is that of the person who sends,
// "" where nobody does. Where the rules name an address that is not there, bounces come to the platform.
func (o Outcome) Sender(r Rules, platform, user string) string {
	switch {
	case r.Bounces == ToUser && user != "":
		return user
	case r.Bounces == ToFrom && o.from != "":
		return o.from
	}
	return platform
}

// from is the address in the message's From field.
func (p *part) from() string {
	all, err := mail.ParseAddressList(p.get("from"))
	if err != nil || len(all) == 0 {
		return ""
	}
	return all[0].Address
}
