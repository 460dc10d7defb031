// Package authn recognises people: sign-in, sessions, second factor, recovery, set-up. It makes Actors.
//
// Every way to sign in ends in enter, which decides the stage, ends the session that was there before and records
// the sign-in. A session's token and a browser's device token are random; only their hashes are stored.
package authn

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/secret"
)

// Service signs people in and looks after their credentials.
type Service struct {
	db     *db.DB
	op     *op.Runner
	check  *authz.Checker
	hasher *secret.Hasher
	box    *secret.Box
	mail   *notify.Mailer

	signIns *prometheus.CounterVec
}

// Deps are what a Service works with.
type Deps struct {
	DB     *db.DB
	Op     *op.Runner
	Check  *authz.Checker
	Hasher *secret.Hasher
	Box    *secret.Box
	Mail   *notify.Mailer
}

// New makes a Service.
func New(d Deps) *Service {
	return &Service{d.DB, d.Op, d.Check, d.Hasher, d.Box, d.Mail, newSignIns()}
}

// Client is where a request comes from.
type Client struct {
	IP        string
	UserAgent string
	RequestID string
	Session   secret.String // the session cookie that the browser presents, if any
	Device    secret.String // the cookie of a browser in which a person has signed in before
}

// Stage is how far a sign-in has come.
type Stage string

// The stages.
const (
	NeedsCode Stage = "code"
	Full      Stage = "full"
	// NeedsPassword is a sign-in with a password that has expired: another one comes before anything else.
	NeedsPassword Stage = "password"
)

// SignedIn is what the browser gets. Device is set when it has to keep a new one.
type SignedIn struct {
	Token    secret.String
	Device   secret.String
	Stage    Stage
	Remember bool // keep the cookie when the browser closes
	Expires  time.Time
}

// What is recorded.
const (
	ActionSignedIn         = "session.signed_in"
	ActionSignInFailed     = "session.sign_in_failed"
	ActionCodeFailed       = "session.code_failed"
	ActionSignedOut        = "session.signed_out"
	ActionSessionRevoked   = "session.revoked"
	ActionResetRequested   = "password.reset_requested"
	ActionResetShown       = "password.reset_link_shown"
	ActionPasswordSet      = "password.set"
	ActionPasswordChanged  = "password.changed"
	ActionTOTPBegun        = "second_factor.begun"
	ActionTOTPEnabled      = "second_factor.enabled"
	ActionTOTPDisabled     = "second_factor.disabled"
	ActionRecoveryMade     = "recovery_codes.made"
	ActionRecoveryUsed     = "recovery_code.used"
	ActionEmailAsked       = "email_change.requested"
	ActionEmailChanged     = "user.email_changed"
	ActionProfileChanged   = "user.profile_changed"
	ActionKeyboardChanged  = "user.keyboard_changed"
	ActionIdentityChanged  = "user.identity_changed"
	ActionEmailAskedFor    = "user.email_asked_for"
	ActionSessionsEnded    = "user.sessions_ended"
	ActionInstalled        = "platform.created"
	ActionOwnerResetIssued = "owner_reset.issued"
	ActionEveryoneOut      = "account.signed_out"
)

// How long things last.
const (
	rememberedFor = 14 * 24 * time.Hour
	signedInFor   = 12 * time.Hour
	codeFor       = 10 * time.Minute
	renewFor      = 30 * time.Minute
	resetFor      = time.Hour
	seenEvery     = time.Minute
)

// person is an identity as the package works with it.
type person struct {
	ID         ids.User
	Email      string
	Username   string
	Name       string
	Language   string
	TimeZone   string
	KeysOff    bool
	Hash       string // '' until a password is set
	Short      bool
	TOTP       []byte // sealed
	TOTPOn     bool
	LastStep   int64
	Verified   bool
	Version    int64
	Home       ids.Account // the account last worked in, "" without membership
	Logged     ids.Account // where what the person does to themselves is recorded: Home or the platform
	Credential int64
	Changed    time.Time // when the password was set
}

// actor is the person acting from a client, within a session when there is one.
func (p person) actor(from Client, session ids.Session) authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Person, User: p.ID, Name: p.Name, Session: session, Account: p.Home,
		IP: from.IP, RequestID: from.RequestID, Credential: "session"})
}

// Visitor is the id in the log of whoever was not recognised.
const Visitor = "visitor"

// visitor is who acts before anybody is recognised; it may do nothing and only stands in the log.
func visitor(from Client) authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Machine, ID: Visitor, IP: from.IP, RequestID: from.RequestID, Credential: "none"})
}

func errSignIn() error { return errs.New(errs.Unauthenticated, "auth.required", "Sign in first.") }
