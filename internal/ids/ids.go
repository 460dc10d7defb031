// Package ids defines one identifier type for each entity.
//
// An id is a prefix that names the entity, an underscore and 26 characters of lower-case base32:
// 48 bits of Unix milliseconds, then 80 random bits. Ids sort by creation time, are public, and are never secrets.
package ids

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// One type per entity, so that ids of different entities do not mix.
type (
	Account    string // acc_...
	User       string // usr_..., an identity
	Membership string // mem_...
	Role       string // rol_..., a role group
	Invitation string // inv_...
	SubAccount string // sub_...
	Location   string // loc_...
	Hold       string // hld_...
	Session    string // ses_...
	Event      string // evt_...
	Job        string // job_...
	Task       string // tsk_...
	View       string // viw_..., a saved view
	Mail       string // mal_..., a captured mail
	Key        string // key_..., an API key; the part of it that is no secret
	File       string // fil_..., an upload or a result
	Lease      string // lse_..., units that a node has taken out of the ledger
	Credit     string // crd_..., units that were paid for in advance
	Reserve    string // rsv_..., units that are promised to a message
	Package    string // pkg_..., what customers buy
	Token      string // tok_..., the row of a one-time link, never its secret
	Contact    string // con_...
	List       string // lst_..., a list of contacts
	Suppressed string // sup_..., an address that nothing is sent to
	Notice     string // ntc_..., what the bell tells
)

var enc = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

const bodyLen = 26

var prefixes = struct {
	account, user, membership, role, invitation, subAccount, location, hold, session, event, job, task, view, mail, key, file, token, pkg, lease, credit, reserve, contact, list, suppressed, notice string
}{"acc_", "usr_", "mem_", "rol_", "inv_", "sub_", "loc_", "hld_", "ses_", "evt_", "job_", "tsk_", "viw_", "mal_", "key_", "fil_", "tok_", "pkg_", "lse_", "crd_", "rsv_", "con_", "lst_", "sup_", "ntc_"}

type id interface{ ~string }

func mint[T id](prefix string, at time.Time) T {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // crypto/rand.Read never fails (Go 1.24)
	return T(prefix + enc.EncodeToString(b[:]))
}

func parse[T id](prefix, what, s string) (T, error) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || len(rest) != bodyLen {
		return "", fmt.Errorf("%q is not the id of %s", s, what)
	}
	for i := range len(rest) {
		if c := rest[i]; !('0' <= c && c <= '9' || 'a' <= c && c <= 'z') {
			return "", fmt.Errorf("%q is not the id of %s", s, what)
		}
	}
	return T(s), nil
}

// NewAccount makes an account id.
func NewAccount(at time.Time) Account { return mint[Account](prefixes.account, at) }

// NewUser makes an identity id.
func NewUser(at time.Time) User { return mint[User](prefixes.user, at) }

// NewMembership makes a membership id.
func NewMembership(at time.Time) Membership { return mint[Membership](prefixes.membership, at) }

// NewRole makes a role group id.
func NewRole(at time.Time) Role { return mint[Role](prefixes.role, at) }

// NewInvitation makes an invitation id.
func NewInvitation(at time.Time) Invitation { return mint[Invitation](prefixes.invitation, at) }

// NewSubAccount makes a sub-account id.
func NewSubAccount(at time.Time) SubAccount { return mint[SubAccount](prefixes.subAccount, at) }

// NewLocation makes a location id.
func NewLocation(at time.Time) Location { return mint[Location](prefixes.location, at) }

// NewHold makes a hold id.
func NewHold(at time.Time) Hold { return mint[Hold](prefixes.hold, at) }

// NewSession makes a session id.
func NewSession(at time.Time) Session { return mint[Session](prefixes.session, at) }

// NewEvent makes an audit event id.
func NewEvent(at time.Time) Event { return mint[Event](prefixes.event, at) }

// NewJob makes a job id.
func NewJob(at time.Time) Job { return mint[Job](prefixes.job, at) }

// NewTask makes a task id.
func NewTask(at time.Time) Task { return mint[Task](prefixes.task, at) }

// NewView makes a saved view id.
func NewView(at time.Time) View { return mint[View](prefixes.view, at) }

// NewMail makes a captured mail id.
func NewMail(at time.Time) Mail { return mint[Mail](prefixes.mail, at) }

// NewKey makes an API key id.
func NewKey(at time.Time) Key { return mint[Key](prefixes.key, at) }

// NewFile makes a file id.
func NewFile(at time.Time) File { return mint[File](prefixes.file, at) }

// NewPackage makes a package id.
func NewPackage(at time.Time) Package { return mint[Package](prefixes.pkg, at) }

// NewToken makes the id of a one-time link.
func NewToken(at time.Time) Token { return mint[Token](prefixes.token, at) }

// NewCredit makes the id of a credit.
func NewCredit(at time.Time) Credit { return mint[Credit](prefixes.credit, at) }

// NewLease makes the id of a lease.
func NewLease(at time.Time) Lease { return mint[Lease](prefixes.lease, at) }

// Reserves is what the ids of up to 65,536 reserves that are made together have in common.
type Reserves [14]byte

// NewReserves makes the beginning of the ids of many reserves.
func NewReserves(at time.Time) (r Reserves) {
	binary.BigEndian.PutUint64(r[:8], uint64(at.UnixMilli())<<16)
	_, _ = rand.Read(r[6:]) // crypto/rand.Read never fails (Go 1.24)
	return r
}

// Nth is the id of one of them.
func (r Reserves) Nth(n uint16) Reserve {
	var text [4 + bodyLen]byte
	var b [16]byte
	copy(b[:], r[:])
	binary.BigEndian.PutUint16(b[14:], n)
	copy(text[:], prefixes.reserve)
	enc.Encode(text[4:], b[:])
	return Reserve(text[:])
}

// Among returns which reserves one was made with, and its place among them.
func (r Reserve) Among() (of Reserves, n uint16, ok bool) {
	var b [17]byte
	body, ok := strings.CutPrefix(string(r), prefixes.reserve)
	if !ok || len(body) != bodyLen {
		return of, 0, false
	}
	if _, err := enc.Decode(b[:], []byte(body)); err != nil {
		return of, 0, false
	}
	copy(of[:], b[:])
	n = binary.BigEndian.Uint16(b[14:])
	return of, n, of.Nth(n) == r
}

// NewContact makes a contact id.
func NewContact(at time.Time) Contact { return mint[Contact](prefixes.contact, at) }

// NewList makes the id of a list of contacts.
func NewList(at time.Time) List { return mint[List](prefixes.list, at) }

// NewSuppressed makes the id of an address that nothing is sent to.
func NewSuppressed(at time.Time) Suppressed { return mint[Suppressed](prefixes.suppressed, at) }

// ParseAccount reads an account id.
func ParseAccount(s string) (Account, error) {
	return parse[Account](prefixes.account, "an account", s)
}

// ParseUser reads an identity id.
func ParseUser(s string) (User, error) { return parse[User](prefixes.user, "a user", s) }

// ParseMembership reads a membership id.
func ParseMembership(s string) (Membership, error) {
	return parse[Membership](prefixes.membership, "a membership", s)
}

// ParseRole reads a role group id.
func ParseRole(s string) (Role, error) { return parse[Role](prefixes.role, "a role group", s) }

// ParsePackage reads a package id.
func ParsePackage(s string) (Package, error) { return parse[Package](prefixes.pkg, "a package", s) }

// ParseEvent reads an audit event id.
func ParseEvent(s string) (Event, error) { return parse[Event](prefixes.event, "an event", s) }

// ParseSubAccount reads a sub-account id.
func ParseSubAccount(s string) (SubAccount, error) {
	return parse[SubAccount](prefixes.subAccount, "a sub-account", s)
}

// ParseLocation reads a location id.
func ParseLocation(s string) (Location, error) {
	return parse[Location](prefixes.location, "a location", s)
}

// ParseHold reads a hold id.
func ParseHold(s string) (Hold, error) { return parse[Hold](prefixes.hold, "a hold", s) }

// ParseSession reads a session id.
func ParseSession(s string) (Session, error) { return parse[Session](prefixes.session, "a session", s) }

// ParseView reads a saved view id.
func ParseView(s string) (View, error) { return parse[View](prefixes.view, "a saved view", s) }

// ParseKey reads an API key id.
func ParseKey(s string) (Key, error) { return parse[Key](prefixes.key, "an API key", s) }

// ParseMail reads a captured mail id.
func ParseMail(s string) (Mail, error) { return parse[Mail](prefixes.mail, "a mail", s) }

// ParseTask reads a task id.
func ParseTask(s string) (Task, error) { return parse[Task](prefixes.task, "a task", s) }

// ParseContact reads a contact id.
func ParseContact(s string) (Contact, error) {
	return parse[Contact](prefixes.contact, "a contact", s)
}

// ParseList reads the id of a list of contacts.
func ParseList(s string) (List, error) { return parse[List](prefixes.list, "a list", s) }

// ParseSuppressed reads the id of an address that nothing is sent to.
func ParseSuppressed(s string) (Suppressed, error) {
	return parse[Suppressed](prefixes.suppressed, "a suppression", s)
}

// NewNotice makes a notice id.
func NewNotice(at time.Time) Notice { return mint[Notice](prefixes.notice, at) }

// FirstNotice is not above the id of any notice made at an instant or later, and above those made earlier.
func FirstNotice(at time.Time) Notice {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(max(at.UnixMilli(), 0))<<16)
	return Notice(prefixes.notice + enc.EncodeToString(b[:]))
}

// ParseNotice reads a notice id.
func ParseNotice(s string) (Notice, error) { return parse[Notice](prefixes.notice, "a notice", s) }
