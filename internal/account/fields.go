package account

import (
	"net/mail"
	"net/url"
	"strings"

	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Fields are what can be typed about an account.
type Fields struct {
	Name            string
	LegalName       string
	Email           string
	Phone           string
	Address         string
	Website         string
	Industry        string
	TimeZone        string // "" inherits
	Language        string // "" inherits
	MembershipStart string // the parent's
	MembershipEnd   string // the parent's
	Refs            []Ref  // the parent's

	Package *ids.Package // the parent's: nil leaves it, "" is none
}

const (
	longestName    = 255
	longestEmail   = 254
	longestAddress = 1000
	longestRef     = 255
	mostRefs       = 20
)

// clean trims what was typed and reports every field that needs attention.
func (f Fields) clean(kind Kind) (Fields, error) {
	var c errs.Collector
	for _, p := range []*string{&f.Name, &f.LegalName, &f.Email, &f.Phone, &f.Website, &f.Industry, &f.TimeZone, &f.Language, &f.MembershipStart, &f.MembershipEnd} {
		*p = strings.TrimSpace(*p)
	}
	f.Address = strings.TrimSpace(strings.ReplaceAll(f.Address, "\r\n", "\n"))
	checkName(&c, f.Name)
	for field, v := range map[string]string{"legal_name": f.LegalName, "industry": f.Industry} {
		c.Line(field, v, longestName)
	}
	checkEmail(&c, f.Email)
	checkPhone(&c, f.Phone)
	f.Website = checkWebsite(&c, f.Website)
	c.Text("address", f.Address, longestAddress)
	if f.TimeZone != "" {
		note(&c, "time_zone", checkZone(f.TimeZone))
	}
	note(&c, "language", checkLanguage(f.Language))
	f.checkDates(&c, kind)
	f.Refs = cleanRefs(&c, f.Refs)
	return f, c.Err()
}

func (f Fields) checkDates(c *errs.Collector, kind Kind) {
	if kind != Customer && (f.MembershipStart != "" || f.MembershipEnd != "") {
		c.Add("membership_end", "account.no_membership", "Leave the membership dates out. Only clients have a membership.")
		return
	}
	_, err := ParseDate(f.MembershipStart)
	note(c, "membership_start", err)
	_, err = ParseDate(f.MembershipEnd)
	note(c, "membership_end", err)
	if err == nil && f.MembershipEnd != "" && f.MembershipStart > f.MembershipEnd {
		c.Add("membership_end", "account.ends_before_start", "Choose an end date after the membership's start.")
	}
}

// note adds the problem of err to a field.
func note(c *errs.Collector, field string, err error) {
	if e, ok := err.(*errs.Error); ok { //nolint:errorlint // the checks of this package return them bare
		c.Add(field, e.Code, e.Msg, e.Args...)
	}
}

func checkName(c *errs.Collector, name string) {
	if name == "" {
		c.Add("name", "account.name_missing", "Write a name.")
		return
	}
	c.Line("name", name, longestName)
}

func checkEmail(c *errs.Collector, v string) {
	if v == "" {
		return
	}
	a, err := mail.ParseAddress(v)
	if err != nil || a.Address != v || len(v) > longestEmail || !strings.Contains(v[strings.LastIndexByte(v, '@'):], ".") {
		c.Add("email", "input.email", "Write an address like name@example.com.")
	}
}

func checkPhone(c *errs.Collector, v string) {
	bad := strings.ContainsFunc(v, func(r rune) bool { return !strings.ContainsRune("0123456789+-().x/ #", r) })
	if len(v) > 40 || bad || v != "" && !strings.ContainsAny(v, "0123456789") {
		c.Add("phone", "input.phone", "Write a phone number with digits, spaces and + - ( ) only.")
	}
}

// checkWebsite returns the address with its scheme; https is assumed.
func checkWebsite(c *errs.Collector, v string) string {
	if v == "" {
		return ""
	}
	full := v
	if !strings.Contains(v, "://") {
		full = "https://" + v
	}
	u, err := url.Parse(full)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !strings.Contains(u.Hostname(), ".") || u.User != nil || len(full) > 500 || strings.ContainsAny(full, " \"<>") {
		c.Add("website", "input.website", "Write a web address like https://example.com.")
		return v
	}
	return full
}

func cleanRefs(c *errs.Collector, in []Ref) []Ref {
	var out []Ref
	seen := map[[2]string]bool{}
	for _, r := range in {
		r.Source, r.Reference = strings.TrimSpace(r.Source), strings.TrimSpace(r.Reference)
		key := [2]string{ids.Fold(r.Source), ids.Fold(r.Reference)}
		switch {
		case r.Source == "" && r.Reference == "" || seen[key]:
			continue
		case r.Source == "" || r.Reference == "":
			c.Add("refs", "account.ref_half", "Write both the source and the reference, or neither.")
		}
		c.Line("refs", r.Source, longestRef)
		c.Line("refs", r.Reference, longestRef)
		seen[key] = true
		out = append(out, r)
	}
	if len(out) > mostRefs {
		c.Add("refs", "account.refs_many", "Keep at most {max} references.", "max", mostRefs)
	}
	return out
}
