// Package quota says how much may be sent, exactly: never more than a limit, whatever nodes, crashes and clocks do.
//
// A send passes layers: its sub-account, the member whose key it is, department, customer, every reseller, the platform.
// Each has limits per rolling hour, calendar day and month, and the most restrictive one wins. What stands in this file,
// period.go, counter.go, decide.go and credit.go is arithmetic and knows no database; ledger.go keeps the counters in it;
// engine.go takes blocks of them into memory, so that a decision seldom waits.
package quota

import (
	"math"

	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Channel is what is sent. An email counts one per recipient, an SMS one per part and recipient.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
)

// Channels returns every channel.
func Channels() []Channel { return []Channel{Email, SMS} }

// Window is a length of time that has a limit of its own.
type Window uint8

// The windows.
const (
	Hour  Window = iota // any rolling 60 minutes
	Day                 // the calendar day in the account's zone
	Month               // the calendar month there, or from billing day to billing day
)

const windows = 3

var windowNames = [windows]string{"hour", "day", "month"}

func (w Window) String() string { return windowNames[min(w, Month)] }

// Windows returns every window, the shortest first.
func Windows() []Window { return []Window{Hour, Day, Month} }

// ParseWindow reads a window's name.
func ParseWindow(s string) (Window, bool) {
	for _, w := range Windows() {
		if w.String() == s {
			return w, true
		}
	}
	return 0, false
}

// Action is what happens at a limit.
type Action string

// The actions. Where layers disagree, reject comes before hold, and hold before overage.
const (
	Reject  Action = "reject"
	Hold    Action = "hold"    // wait until the window opens, for up to three days
	Overage Action = "overage" // let through up to a cap, and count it for billing
)

// Source is where a limit comes from.
type Source string

// The sources. An override stands in for any other of its own layer; of the rest a layer has one.
const (
	FromPool       Source = "pool"       // of the platform or a reseller
	FromPackage    Source = "package"    // of a customer
	FromAllocation Source = "allocation" // of a department
	FromRole       Source = "role"       // of a member, by the role group
	FromLimit      Source = "limit"      // of a sub-account
	FromOverride   Source = "override"   // of a customer or a member
)

// Unlimited is the amount of a limit that is none.
const Unlimited = -1

// Limit is how much may be sent in one window.
type Limit struct {
	Amount int64 // Unlimited, or 0 and up
	Action Action
	Cap    int64 // with Overage: how much may be sent at most, not less than Amount
	Paced  bool  // spread evenly over the window
	Source Source
}

// free is the limit of a window that has none.
func free() Limit { return Limit{Amount: Unlimited, Action: Reject} }

// Limits are those of one layer and channel, by window.
type Limits [windows]Limit

// NoLimits is a layer that only counts.
func NoLimits() Limits { return Limits{free(), free(), free()} }

// Kind says what a layer is.
type Kind string

// The kinds of layer, besides those of accounts.
const (
	SubAccount Kind = "subaccount"
	Member     Kind = "user"
)

// Layer is one of those that a send passes.
type Layer struct {
	Subject  string // the id of the account, sub-account or membership that is counted
	Kind     Kind   // subaccount, user, department, customer, reseller or platform
	Name     string
	Account  ids.Account // the account it is, or belongs to
	Limits   Limits
	Calendar Calendar

	credits int64 // becomes another with each that is granted or voided; 0 without any
}

// terms are what leases are taken under.
type terms struct {
	limits  Limits
	credits int64
}

func (l *Layer) terms() terms { return terms{l.Limits, l.credits} }

// MostUnits is how many units can be asked for at once.
const MostUnits = 1 << 40

// Units counts what a message takes: its recipients, and for an SMS the parts of each.
func Units(c Channel, recipients, parts int64) (int64, error) {
	if recipients < 1 || parts < 1 {
		return 0, errs.Field("recipients", "quota.nothing_asked", "Say for how many recipients, and of how many parts: 1 or more.")
	}
	if c == Email {
		parts = 1
	}
	if recipients > MostUnits/parts {
		return 0, errs.Field("recipients", "quota.too_many", "Ask for fewer at once. The most is {most}.", "most", int64(MostUnits))
	}
	return recipients * parts, nil
}

// plus adds without ever wrapping around; counters are not negative.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
