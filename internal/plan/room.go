package plan

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// room is how much of a term a customer has.
type room struct {
	customer ids.Account
	name     string
	most     int64
}

// Fits checks that what a write has made fits the package of the customer that the scope's account is or lies in. It counts within the
// write, which is serializable, so that two at once never pass the limit.
func Fits(ctx context.Context, tx *db.Tx, sc authz.Scope, terms ...Term) error {
	for _, term := range terms {
		r, limited, err := roomOf(ctx, tx, sc, term, tx.Now())
		if err != nil || !limited {
			if err != nil {
				return err
			}
			continue
		}
		used, err := count(ctx, tx, sc, r.customer, term, tx.Now())
		if err != nil {
			return err
		}
		if used > r.most {
			return Full(term, r.name, r.most)
		}
	}
	return nil
}

// Free is how many more of a term fit. It reports false where there is no limit. full is the error for one more than that.
func Free(ctx context.Context, q db.Queryer, sc authz.Scope, term Term, now time.Time) (n int64, limited bool, full error, err error) {
	r, limited, err := roomOf(ctx, q, sc, term, now)
	if err != nil || !limited {
		return 0, false, nil, err
	}
	used, err := count(ctx, q, sc, r.customer, term, now)
	return max(0, r.most-used), true, Full(term, r.name, r.most), err
}

// MostOf is how much of a term the customer has that the scope's account is or lies in, and its name. It reports false where there is
// no limit.
func MostOf(ctx context.Context, q db.Queryer, sc authz.Scope, term Term, now time.Time) (most int64, customer string, limited bool, err error) {
	r, limited, err := roomOf(ctx, q, sc, term, now)
	return r.most, r.name, limited, err
}

// Full says that a customer's package has no room for one more.
func Full(term Term, customer string, most int64) *errs.Error {
	say := func(code, msg string) *errs.Error {
		return errs.New(errs.Conflict, code, msg, "account", customer, "max", most)
	}
	switch term {
	case Departments:
		return say("cap.departments_reached", "Choose a larger package for {account}, or ask your provider to. It includes {max} departments, and there is no room for another.")
	case SubAccounts:
		return say("cap.subaccounts_reached", "Choose a larger package for {account}, or ask your provider to. It includes {max} sub-accounts, and there is no room for another.")
	case Locations:
		return say("cap.locations_reached", "Choose a larger package for {account}, or ask your provider to. It includes {max} locations, and there is no room for another.")
	case Keys:
		return say("cap.keys_reached", "Revoke a key, choose a larger package for {account}, or ask your provider to. It includes {max} API keys, and there is no room for another.")
	case Contacts:
		return say("cap.contacts_reached", "Remove contacts, choose a larger package for {account}, or ask your provider to. It includes {max} contacts, and there is no room for another.")
	case Domains:
		return say("cap.domains_reached", "Remove a domain, choose a larger package for {account}, or ask your provider to. It includes {max} domains, and there is no room for another.")
	case Users, MessageMB:
	}
	return say("cap.users_reached", "Choose a larger package for {account}, or ask your provider to. It includes {max} users, pending invitations counted, and no seat is free.")
}
