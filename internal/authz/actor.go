// Package authz decides what an actor may do and mints the Scope that SQL demands.
//
// An Actor (who) needs a Perm (what) on an Account (where). A membership grants its role on its account and
// everything below. The Checker reads the grants on the target's chain and unites them; deny is the default.
package authz

import (
	"time"

	"bailiwick/internal/ids"
)

// ActorKind says what kind of thing acts.
type ActorKind string

// The kinds of actor.
const (
	Person  ActorKind = "user"
	Key     ActorKind = "key"     // an API key: a person through one of their memberships, cut by the key's scopes
	Machine ActorKind = "job"     // one narrow actor per job kind
	Console ActorKind = "console" // the command line on the server itself
)

// Identity is what an actor is minted from.
type Identity struct {
	Kind       ActorKind
	User       ids.User       // a Person, or whose Key it is
	ID         string         // a Machine or Console: its name, "job.membership_end"
	Name       string         // for the log
	Session    ids.Session    // a Person's session
	Membership ids.Membership // a Key: the one membership that it acts by
	Account    ids.Account    // a Person: the account chosen; a Key: its membership's; a Machine: the account it is about
	Perms      Set            // a Key: its scopes; a Machine or Console: what it may do at Account and below
	IP         string
	RequestID  string
	Started    time.Time // a Person's session: when it began
	Seen       time.Time // and when it was last used before
	Second     bool      // a Person who has set up a second factor
	Credential string    // "session", "job", "console", or a Key's id
	Begun      bool      // goes on with work that was asked for before; the way somebody came was checked then
}

// Actor is who acts. Only Mint makes one, and the zero Actor may do nothing.
type Actor struct {
	is     Identity
	once   *Once
	within ids.Account // what is not below it is out of sight
}

// Mint makes an actor. Only authn, apikey, jobs and tests may call it.
func Mint(is Identity) Actor { return Actor{is: is} }

// Within is the actor where they see an account and what is below it, and nothing else, whatever they hold elsewhere.
func (a Actor) Within(top ids.Account) Actor {
	a.within = top
	return a
}

// Kept is the account that the actor sees nothing outside of, "" when there is none.
func (a Actor) Kept() ids.Account { return a.within }

// Kind says what kind of thing acts.
func (a Actor) Kind() ActorKind { return a.is.Kind }

// ID identifies the actor in the log: the identity's id, also for a Key, or the name of a job.
func (a Actor) ID() string {
	if a.is.Kind == Person || a.is.Kind == Key {
		return string(a.is.User)
	}
	return a.is.ID
}

// User is the identity of a Person or of whose Key it is, else "".
func (a Actor) User() ids.User { return a.is.User }

// Name is the display name.
func (a Actor) Name() string { return a.is.Name }

// Session is a Person's session.
func (a Actor) Session() ids.Session { return a.is.Session }

// Membership is the one membership that a Key acts by, else "".
func (a Actor) Membership() ids.Membership { return a.is.Membership }

// Account is the account chosen by a Person, the one a Key belongs to, or the one a Machine works on.
func (a Actor) Account() ids.Account { return a.is.Account }

// IP is the client address, "" when there is none.
func (a Actor) IP() string { return a.is.IP }

// Started is when a Person's session began.
func (a Actor) Started() time.Time { return a.is.Started }

// Seen is when a Person's session was last used before.
func (a Actor) Seen() time.Time { return a.is.Seen }

// Second reports whether a Person has set up a second factor.
func (a Actor) Second() bool { return a.is.Second }

// RequestID ties what is logged to the request.
func (a Actor) RequestID() string { return a.is.RequestID }

// Credential says by what the actor was recognised.
func (a Actor) Credential() string { return a.is.Credential }

// Known reports whether there is an actor at all.
func (a Actor) Known() bool { return a.is.Kind != "" && a.ID() != "" }
