package exchange

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
)

// instead is what a client has instead of the limits of its package. They stand in one cell, a line each:
//
//	email_month: 50000 hold until 2027-01-31T23:00:00Z
//	users: 40 until 2027-01-31
//
// An amount is a number or unlimited. After that of a channel may stand hold, or overage and its cap, and paced.
type instead struct {
	sending []quota.Edit
	amounts []plan.Override
}

const (
	unlimited = "unlimited"
	until     = "until"
)

func errLimits() error {
	return errs.Field("limits", "import.limits_form", "Write limits like email_month: 50000 or users: 40, one in each line of the cell.")
}

// limitsOf writes what clients have instead of the limits of their packages, as far as whoever reads may see it.
func limitsOf(ctx context.Context, q db.Queryer, sc authz.Scope, all []ids.Account) (map[ids.Account]string, error) {
	lines := map[ids.Account][]string{}
	if sc.Has(authz.QuotasView) {
		sending, err := quota.InsteadOf(ctx, q, sc, all)
		if err != nil {
			return nil, err
		}
		for id, edits := range sending {
			for _, e := range edits {
				lines[id] = append(lines[id], formatEdit(e))
			}
		}
	}
	if sc.Has(authz.PackagesView) {
		amounts, err := plan.InsteadOf(ctx, q, sc, all)
		if err != nil {
			return nil, err
		}
		for id, some := range amounts {
			for _, o := range some {
				lines[id] = append(lines[id], formatOverride(o))
			}
		}
	}
	out := map[ids.Account]string{}
	for id, some := range lines {
		out[id] = cell(some)
	}
	return out, nil
}

func cell(lines []string) string {
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// String writes the cell as an export does.
func (in instead) String() string {
	var lines []string
	for _, e := range in.sending {
		if !e.Remove {
			lines = append(lines, joined(formatEdit(e), untilOf(e.LastDay)))
		}
	}
	for _, o := range in.amounts {
		if !o.Reset {
			lines = append(lines, formatOverride(o))
		}
	}
	return cell(lines)
}

func formatOverride(o plan.Override) string {
	return joined(string(o.Term)+": "+formatAmount(o.Amount), untilOf(o.LastDay))
}

func formatAmount(n int64) string {
	if n == quota.Unlimited {
		return unlimited
	}
	return strconv.FormatInt(n, 10)
}

func untilOf(at string) string {
	if at == "" {
		return ""
	}
	return until + " " + at
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
}

func formatEdit(e quota.Edit) string {
	action, paced, ends := "", "", ""
	switch e.Limit.Action {
	case quota.Overage:
		action = fmt.Sprintf("%s %d", quota.Overage, e.Limit.Cap)
	case quota.Hold:
		action = string(quota.Hold)
	case quota.Reject:
	}
	if e.Limit.Paced {
		paced = "paced"
	}
	if !e.Ends.IsZero() {
		ends = e.Ends.UTC().Format(time.RFC3339Nano)
	}
	return joined(e.Field("")+": "+formatAmount(e.Limit.Amount), action, paced, untilOf(ends))
}

// parseLimits reads the cell. What does not stand in it is as in the package.
func parseLimits(cell string) (out instead, err error) {
	said := map[string][]string{}
	for line := range strings.Lines(cell) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, rest, found := strings.Cut(line, ":")
		words := strings.Fields(rest)
		if name = strings.TrimSpace(name); !found || len(words) == 0 || said[name] != nil {
			return out, errLimits()
		}
		said[name] = words
	}
	for _, c := range quota.Channels() {
		for _, w := range quota.Windows() {
			e := quota.Edit{Channel: c, Window: w}
			words := said[e.Field("")]
			delete(said, e.Field(""))
			if e.Remove = words == nil; !e.Remove {
				if err := parseEdit(&e, words); err != nil {
					return out, err
				}
			}
			out.sending = append(out.sending, e)
		}
	}
	for _, term := range plan.AllTerms() {
		o := plan.Override{Term: term}
		words := said[string(term)]
		delete(said, string(term))
		if o.Reset = words == nil; !o.Reset {
			if o.Amount, err = parseAmount(words[0]); err != nil {
				return out, err
			}
			switch {
			case len(words) == 3 && words[1] == until:
				o.LastDay = words[2]
			case len(words) > 1:
				return out, errLimits()
			}
		}
		out.amounts = append(out.amounts, o)
	}
	if len(said) > 0 {
		return out, errLimits()
	}
	return out, nil
}

func parseAmount(word string) (int64, error) {
	if word == unlimited {
		return quota.Unlimited, nil
	}
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n < 0 {
		return 0, errLimits()
	}
	return n, nil
}

func parseEdit(e *quota.Edit, words []string) (err error) {
	if e.Limit.Amount, err = parseAmount(words[0]); err != nil {
		return err
	}
	for words = words[1:]; len(words) > 0; words = words[1:] {
		switch word := words[0]; {
		case word == string(quota.Hold):
			e.Limit.Action = quota.Hold
		case word == "paced":
			e.Limit.Paced = true
		case len(words) > 1 && word == string(quota.Overage):
			e.Limit.Action = quota.Overage
			words = words[1:]
			if e.Limit.Cap, err = parseAmount(words[0]); err != nil {
				return err
			}
		case len(words) > 1 && word == until:
			words = words[1:]
			if e.Ends, err = time.Parse(time.RFC3339Nano, words[0]); err != nil {
				e.Ends, e.LastDay = time.Time{}, words[0]
			}
		default:
			return errLimits()
		}
	}
	return nil
}

// differ finds the rows whose limits are others than the client has. What nobody has said and nobody has needs no right to be set.
func (l *clientLoader) differ(ctx context.Context, q db.Queryer, sc authz.Scope, rows []any, found []account.Fate) (map[int]bool, error) {
	var all []ids.Account
	for _, f := range found {
		if f.Existing != "" {
			all = append(all, f.Existing)
		}
	}
	has, err := limitsOf(ctx, q, sc, all)
	if err != nil {
		return nil, err
	}
	out := map[int]bool{}
	for i, f := range found {
		if in, _ := rows[i].(incoming); in.limits != nil && f.Err == nil {
			out[i] = in.limits.String() != has[f.Existing]
		}
	}
	return out, nil
}

// setLimits gives a client what stands in its cell.
func (l *clientLoader) setLimits(ctx context.Context, w *op.W, at ids.Account, in instead) error {
	err := w.On(ctx, authz.QuotasEdit, at, func(ctx context.Context, w *op.W) error {
		_, err := l.s.Quotas.SetLimitsIn(ctx, w, quota.Target{}, in.sending)
		return err
	})
	if err != nil {
		return err
	}
	return w.On(ctx, authz.PackagesAssign, at, func(ctx context.Context, w *op.W) error {
		_, err := l.s.Plans.OverrideIn(ctx, w, in.amounts)
		return err
	})
}
