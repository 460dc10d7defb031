package web

import (
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/quota"
	"bailiwick/internal/web/ui/limits"
)

// typedLimit is the limit of a channel and window as it is typed.
type typedLimit struct {
	amount, action, cap, until string
	paced                      bool
}

// slot is a channel and window.
type slot struct {
	channel quota.Channel
	window  quota.Window
}

func (s slot) name(of string) string {
	return quota.Edit{Channel: s.channel, Window: s.window}.Field(of)
}

func (s slot) label(p i18n.Printer) string {
	return p.T("limits.full", "channel", p.T("limits.channel_"+string(s.channel)), "window", p.T("limits.window_"+s.window.String()))
}

func slots() []slot {
	var out []slot
	for _, c := range quota.Channels() {
		for _, w := range quota.Windows() {
			out = append(out, slot{c, w})
		}
	}
	return out
}

// typedGrid is the limits of a form.
type typedGrid map[slot]typedLimit

// gridNames are the fields of limits in a form.
func gridNames() []string {
	var out []string
	for _, s := range slots() {
		for _, of := range []string{"", "action", "cap", "paced", "until"} {
			out = append(out, s.name(of))
		}
	}
	return out
}

func readGrid(f form) typedGrid {
	out := typedGrid{}
	for _, s := range slots() {
		out[s] = typedLimit{f.text(s.name("")), f.text(s.name("action")), f.text(s.name("cap")), f.text(s.name("until")), f.ticked(s.name("paced"))}
	}
	return out
}

// typedFrom is a limit as the form shows it.
func typedFrom(p i18n.Printer, l quota.Limit, lastDay string) typedLimit {
	t := typedLimit{action: string(l.Action), until: lastDay, paced: l.Paced, amount: p.Number(l.Amount)}
	if l.Action == quota.Overage {
		t.cap = p.Number(l.Cap)
	}
	return t
}

// typedShared is the limits of a package or role group as the form shows them: empty is without a limit.
func typedShared(p i18n.Printer, g quota.Grid) typedGrid {
	out := typedGrid{}
	for _, s := range slots() {
		if l := g.Of(s.channel, s.window); l.Amount != quota.Unlimited {
			out[s] = typedFrom(p, l, "")
		}
	}
	return out
}

// limit reads one limit. It reports false where nothing was typed.
func (t typedLimit) limit(s slot, c *errs.Collector) (quota.Limit, bool, error) {
	if t.amount == "" {
		return quota.Limit{}, false, nil
	}
	l := quota.Limit{Action: quota.Action(t.action), Paced: t.paced}
	var err error
	if l.Amount, err = quota.ParseAmount(s.name(""), t.amount); err != nil {
		return l, false, c.Merge(err)
	}
	if l.Action == quota.Overage {
		if l.Cap, err = quota.ParseAmount(s.name("cap"), t.cap); err != nil {
			return l, false, c.Merge(err)
		}
	}
	if l.Action == "" {
		l.Action = quota.Reject
	}
	return l, true, nil
}

// says reports whether what was typed is the limit. Without an amount there is none.
func (t typedLimit) says(s slot, l quota.Limit) bool {
	var wrong errs.Collector
	typed, _, err := t.limit(s, &wrong)
	if err != nil || wrong.Err() != nil {
		return false
	}
	if t.amount == "" || typed.Amount == quota.Unlimited {
		return l.Amount == quota.Unlimited
	}
	typed.Source = l.Source
	return typed == l
}

// shared reads the limits of a package or role group.
func (t typedGrid) shared() (quota.Grid, error) {
	var out quota.Grid
	var c errs.Collector
	for _, s := range slots() {
		l, typed, err := t[s].limit(s, &c)
		if err != nil {
			return nil, err
		}
		if typed {
			out = out.With(s.channel, s.window, l)
		}
	}
	return out, c.Err()
}

// edits reads what is to become of the limits of an account, a sub-account or a person: what is left empty is removed.
func (t typedGrid) edits() ([]quota.Edit, error) {
	var out []quota.Edit
	var c errs.Collector
	for _, s := range slots() {
		l, typed, err := t[s].limit(s, &c)
		if err != nil {
			return nil, err
		}
		out = append(out, quota.Edit{Channel: s.channel, Window: s.window, Remove: !typed, Limit: l, LastDay: t[s].until})
	}
	return out, c.Err()
}

// fields are the limits of a form with what was typed.
func (t typedGrid) fields(p i18n.Printer, errors map[string]string) limits.Grid {
	g := limits.Grid{Errors: errors}
	for _, c := range quota.Channels() {
		channel := limits.Channel{Label: p.T("limits.channel_" + string(c))}
		for _, w := range quota.Windows() {
			s := slot{c, w}
			v := t[s]
			channel.Cells = append(channel.Cells, limits.Cell{
				Name: s.name(""), Label: p.T("limits.per_" + w.String()), Full: s.label(p), Amount: v.amount, Action: v.action, Cap: v.cap, Until: v.until, Paced: v.paced, AtLimit: v.atLimit(p), Placeholder: p.T("packages.unlimited"),
			})
		}
		g.Channels = append(g.Channels, channel)
	}
	return g
}

// begin has a cell without an amount say what stands in for it, so that an amount typed there keeps what happens at the limit.
func begin(p i18n.Printer, cell *limits.Cell, shared quota.Limit) {
	t := typedFrom(p, shared, "")
	cell.Action, cell.Cap, cell.Paced, cell.AtLimit = t.action, t.cap, t.paced, t.atLimit(p)
}

// atLimit says what happens at a limit.
func (t typedLimit) atLimit(p i18n.Printer) string {
	action := t.action
	if action == "" {
		action = string(quota.Reject)
	}
	text := p.T("limits.then_" + action)
	if t.paced {
		text = p.T("limits.then_paced", "then", text)
	}
	if t.until != "" {
		text = p.T("limits.then_until", "then", text, "day", t.until)
	}
	return text
}

// addAllowed says below the limits of each person what the account may send, for who sees that.
func (s *Server) addAllowed(r *http.Request, by authz.Actor, sc authz.Scope, g *limits.Grid) error {
	if !sc.Has(authz.QuotasView) {
		return nil
	}
	view, err := s.Quotas.View(r.Context(), by, sc.Account(), quota.Target{})
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	for i, row := range view.Rows {
		most := row.Limit.Amount
		if most == quota.Unlimited {
			continue
		}
		cell := &g.Channels[i/len(quota.Windows())].Cells[i%len(quota.Windows())]
		said := p.T("limits.allowed", "account", sc.Name(), "amount", p.Number(most))
		if n, err := quota.ParseAmount(cell.Name, cell.Amount); err == nil && n > most {
			cell.Warn = p.T("limits.allowed_less", "allowed", said)
		} else {
			cell.Note = said
		}
	}
	return nil
}
