package quota

// Credit is units that were paid for in advance. They extend the month of a customer, and nothing else.
type Credit struct {
	ID      string
	Units   int64
	Used    int64
	Expires int64 // Unix milliseconds: from then on it cannot be drawn on
}

// Drawn is what was taken of one credit.
type Drawn struct {
	ID    string
	Units int64
}

// left is what can be drawn at an instant.
func (c Credit) left(at int64) int64 {
	if at >= c.Expires {
		return 0
	}
	return max(0, c.Units-c.Used)
}

// CreditLeft is what can be drawn of all at an instant.
func CreditLeft(all []Credit, at int64) (sum int64) {
	for _, c := range all {
		sum = plus(sum, c.left(at))
	}
	return sum
}

// Draw takes what is used beyond the limit of the month from the credits, of which the one that expires first stands first.
// used is what the month counts with n, the units asked for. It reports false, and draws nothing, when they do not suffice.
func Draw(all []Credit, at, limit, used, n int64) ([]Drawn, bool) {
	if limit == Unlimited {
		return nil, true
	}
	need := min(n, max(0, used-limit))
	if need > CreditLeft(all, at) {
		return nil, false
	}
	var out []Drawn
	for i := range all {
		take := min(need, all[i].left(at))
		if take == 0 {
			continue
		}
		all[i].Used += take
		need -= take
		out = append(out, Drawn{all[i].ID, take})
	}
	return out, true
}
