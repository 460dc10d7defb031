package plan

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
)

// Term is something that a package holds an amount of.
type Term string

// The terms.
const (
	Users       Term = "users" // seats: active users of the customer and its departments, a person once, and pending invitations
	Departments Term = "departments"
	SubAccounts Term = "subaccounts"
	Locations   Term = "locations"
	Contacts    Term = "contacts"
	Keys        Term = "keys"       // API keys that are in force
	Domains     Term = "domains"    // addresses of the portal that the customer and its departments have asked for, verified or not
	MessageMB   Term = "message_mb" // of the largest message, in megabytes of 1,048,576 bytes; nothing is counted
)

// Unlimited is the amount of what has no limit.
const Unlimited int64 = -1

// AllTerms returns the terms in the order of the form.
func AllTerms() []Term { return append(Counted(), MessageMB) }

// Counted returns the terms of which a customer has a number.
func Counted() []Term {
	return []Term{Users, Departments, SubAccounts, Locations, Contacts, Keys, Domains}
}

// mostAmount keeps amounts far from where arithmetic ends.
const mostAmount int64 = 1_000_000_000_000

// Terms are the amounts of a package. What is not in it is without a limit.
type Terms map[Term]int64

// Of is the amount of a term.
func (t Terms) Of(term Term) int64 {
	if n, ok := t[term]; ok {
		return n
	}
	return Unlimited
}

// clean drops what has no limit, and reports what is no amount.
func (t Terms) clean(c *errs.Collector) Terms {
	out := Terms{}
	for _, term := range slices.Sorted(maps.Keys(t)) {
		switch n := t[term]; {
		case !slices.Contains(AllTerms(), term):
			c.Add(string(term), "package.term_unknown", "Leave out {term}. A package has no such limit.", "term", string(term))
		case n == Unlimited:
		case n < 0 || n > mostAmount:
			c.Add(string(term), "package.amount", "Write a number from 0 to {most}, or -1 for no limit.", "most", mostAmount)
		default:
			out[term] = n
		}
	}
	return out
}

// ParseAmount reads an amount as it is typed: empty or -1 is without a limit.
func ParseAmount(term Term, typed string) (int64, error) {
	if strings.TrimSpace(typed) == "" {
		return Unlimited, nil
	}
	n, ok := i18n.ParseNumber(typed)
	if !ok || n < Unlimited || n > mostAmount {
		return 0, errs.Field(string(term), "package.amount", "Write a number from 0 to {most}, or -1 for no limit.", "most", mostAmount)
	}
	return n, nil
}

// texts writes the amounts for the log.
func (t Terms) texts() []string {
	out := []string{}
	for _, term := range AllTerms() {
		if n := t.Of(term); n != Unlimited {
			out = append(out, string(term)+": "+strconv.FormatInt(n, 10))
		}
	}
	return out
}
