package authn

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// Attempts are counted before they are judged, so that many at once do not slip through, and given back when they
// were right. A stranger's attempts count for the account from their address, for the address and for the account;
// those from a browser the person has used before count for that browser alone. So a stranger can use up only
// what is their own, and a reset by mail always opens a way.

type limit struct {
	subject string
	max     int64
	window  time.Duration
}

const (
	attemptWindow     = 15 * time.Minute
	perPair           = 10
	perDevice         = 10
	perAddress        = 50
	perAccount        = 100
	accountWindow     = time.Hour
	perForgotAddress  = 20
	perForgotAccount  = 5
	forgotAccountSpan = time.Hour
)

// limits are what an attempt on an account counts against. The narrowest comes first: when it is used up the wider
// ones are not touched.
func limits(what, account string, from Client, known bool) []limit {
	if known {
		return []limit{{what + ":device:" + account + ":" + digest(from.Device.Reveal()), perDevice, attemptWindow}}
	}
	return []limit{
		{what + ":pair:" + account + ":" + network(from.IP), perPair, attemptWindow},
		{what + ":address:" + network(from.IP), perAddress, attemptWindow},
		{what + ":account:" + account, perAccount, accountWindow},
	}
}

// subjectOf names the account that is tried. One that does not exist has a name too, so that both behave alike.
func subjectOf(id ids.User, login string) string {
	if id != "" {
		return string(id)
	}
	return "unknown-" + digest(ids.Fold(login))
}

func digest(s string) string { return hex.EncodeToString(secret.HashToken(s)[:12]) }

// network is what counts as one address: a whole IPv6 subnet belongs to one customer.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "none"
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}

// reserve counts one attempt, or says that there were too many and counts nothing.
func (s *Service) reserve(ctx context.Context, ls []limit) error {
	return s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, l := range ls {
			n, first, err := countAttempt(ctx, tx, l)
			if err != nil {
				return fmt.Errorf("count an attempt: %w", err)
			}
			if n > l.max {
				return tooMany(first.Add(l.window).Sub(tx.Now()))
			}
		}
		return nil
	})
}

// forgive gives back an attempt that was right and starts the narrowest count anew.
func forgive(ctx context.Context, tx *db.Tx, ls []limit) error {
	for i, l := range ls {
		if err := giveBack(ctx, tx, l.subject, i == 0); err != nil {
			return fmt.Errorf("give an attempt back: %w", err)
		}
	}
	return nil
}

func tooMany(wait time.Duration) error {
	minutes := max(1, int((wait+time.Minute-1)/time.Minute))
	return errs.New(errs.OverQuota, "auth.too_many_attempts",
		"Wait {minutes} minutes and try again, or reset your password. There were too many attempts.", "minutes", minutes)
}
