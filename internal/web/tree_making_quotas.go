package web

import (
	"net/http"
	"slices"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
	"bailiwick/internal/web/ui/limits"
	"bailiwick/internal/web/ui/packages"
	"bailiwick/internal/web/ui/part"
)

// quotasPanel is what an account that is made may send and hold: its package, and what it has instead.
func (s *Server) quotasPanel(r *http.Request, by authz.Actor, m making, remarks part.Remarks) (panel, error) {
	p := i18n.From(r.Context())
	v := packages.Fresh{Remarks: remarks, Again: m.again(quotasSection)}
	var bought plan.Package
	if m.buys() {
		offered, err := s.Plans.List(r.Context(), by, m.in.Account())
		if err != nil {
			return panel{}, err
		}
		offered = slices.DeleteFunc(offered, func(k plan.Package) bool { return !k.Retired.IsZero() })
		bought = choosePackage(p, m, offered, &v)
		v.Caps = caps(p, m, bought)
	}
	if m.limits() {
		v.Sending = freshGrid(p, m, bought, remarks)
		if err := s.addPools(r, by, m, bought, &v); err != nil {
			return panel{}, err
		}
	}
	errors := v.Attention(p)
	v.Focus = m.focusOn(errors)
	v.Sending.Focus = v.Focus
	return panel{v, errors}, nil
}

// choosePackage offers the packages, and says what the chosen one brings.
func choosePackage(p i18n.Printer, m making, offered []plan.Package, v *packages.Fresh) (bought plan.Package) {
	v.Choices = []part.Option{{Label: p.T("packages.none")}}
	for _, k := range offered {
		v.Choices = append(v.Choices, part.Option{Value: string(k.ID), Label: strings.TrimSpace(k.Name)})
		if string(k.ID) == m.text("package") {
			bought = k
		}
	}
	if v.Package = string(bought.ID); bought.ID != "" {
		v.Note = p.T("packages.a_month", "emails", aMonth(p, bought, quota.Email), "sms", aMonth(p, bought, quota.SMS))
	}
	return bought
}

// aMonth says how much of a channel a package brings.
func aMonth(p i18n.Printer, k plan.Package, c quota.Channel) string {
	n := k.Sending.Of(c, quota.Month).Amount
	if n == quota.Unlimited {
		return p.T("packages.any_" + string(c))
	}
	return p.T("packages.some_"+string(c), "count", n)
}

func caps(p i18n.Printer, m making, bought plan.Package) []packages.Limit {
	var out []packages.Limit
	for _, term := range plan.AllTerms() {
		out = append(out, packages.Limit{Term: string(term), Label: p.T("packages.term_" + string(term)), Value: m.text(string(term)), Hint: amountText(p, bought.Terms.Of(term))})
	}
	return out
}

// freshGrid is the limits of the account, each with what the package says.
func freshGrid(p i18n.Printer, m making, bought plan.Package, remarks part.Remarks) (g limits.Grid) {
	typed := readGrid(m.form)
	g = typed.fields(p, remarks.Fields)
	g.Dated = true
	for i, s := range slots() {
		cell := &g.Channels[i/len(quota.Windows())].Cells[i%len(quota.Windows())]
		row := quota.Row{Channel: s.channel, Window: s.window, Shared: bought.Sending.Of(s.channel, s.window), LastDay: typed[s].until}
		if bought.ID != "" {
			row.Shared.Source = quota.FromPackage
		}
		if cell.Amount != "" {
			row.Own = &quota.Limit{}
		} else {
			begin(p, cell, row.Shared)
		}
		cell.Note, cell.Placeholder = limitNote(p, row), amountText(p, row.Shared.Amount)
	}
	return g
}

// addPools says what the account above has given out of its month once this one is made, where it has a limit.
func (s *Server) addPools(r *http.Request, by authz.Actor, m making, bought plan.Package, v *packages.Fresh) error {
	p := i18n.From(r.Context())
	for _, c := range quota.Channels() {
		pool, err := s.Quotas.Pool(r.Context(), by, m.in.Account(), c, poolAge)
		if err != nil {
			return err
		}
		if pool.Limit <= 0 {
			continue
		}
		label := p.T("packages.pool_after", "name", m.in.Name(), "channel", p.T("limits.channel_"+string(c)))
		given := pool.Given + m.month(c, bought)
		v.Pools = append(v.Pools, packages.After{Label: label, Meter: part.Meter{Label: label, Used: given, Limit: pool.Limit}, Left: p.T("packages.left_after_"+string(c), "count", max(0, pool.Most-given))})
	}
	return nil
}

// month is how much the account is given of a month, 0 without a limit.
func (m making) month(c quota.Channel, bought plan.Package) int64 {
	s := slot{c, quota.Month}
	l, own, err := readGrid(m.form)[s].limit(s, &errs.Collector{})
	if err != nil || !own {
		l = bought.Sending.Of(c, quota.Month)
	}
	if l.Amount == quota.Unlimited {
		return 0
	}
	if l.Action == quota.Overage {
		return l.Cap
	}
	return l.Amount
}
