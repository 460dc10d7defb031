package web

import (
	"fmt"
	"net/http"
	"net/url"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
	"bailiwick/internal/quota"
	"bailiwick/internal/web/ui/limits"
	"bailiwick/internal/web/ui/part"
)

// creditFields are those of the forms that add a credit and void one.
func creditFields() []string {
	return []string{"channel", "units", "last_day", "reason", "reference", "credit"}
}

// typedCredit is what was typed into either.
type typedCredit struct {
	limits.TypedCredit
	id ids.Credit // that is to be voided
}

func readCredit(f form) typedCredit {
	return typedCredit{limits.TypedCredit{Open: true, Channel: f.text("channel"), Units: f.text("units"), LastDay: f.text("last_day"), Reason: f.text("reason"), Reference: f.text("reference")},
		ids.Credit(f.text("credit"))}
}

// creditsCard is the credits of a client.
func (s *Server) creditsCard(r *http.Request, by authz.Actor, sc authz.Scope, action string, t typedQuotas) (limits.Credits, error) {
	p, q := i18n.From(r.Context()), r.URL.Query()
	bind := cursorOf(by, sc.Account(), "credits", nil)
	v := limits.Credits{Action: action}
	after := ids.Credit("")
	if text := q.Get("credits"); text != "" {
		c, err := s.Cursors.Open(bind, text, 1)
		if err != nil {
			return v, err
		}
		after, v.Pager.Prev = ids.Credit(c.Key[0]), action+"#credits"
	}
	all, err := s.Quotas.Credits(r.Context(), by, sc.Account(), after)
	if err != nil {
		return v, err
	}
	v.CanEdit = all.CanEdit
	for _, c := range quota.Channels() {
		if n := all.Left[c]; n > 0 {
			v.Left = append(v.Left, p.T("credits.left", "channel", p.T("limits.channel_"+string(c)), "n", n))
		}
	}
	for _, g := range all.Credits {
		row := creditRow(p, g)
		row.Void = all.CanEdit && g.Left() > 0
		v.Rows = append(v.Rows, row)
	}
	if all.Next != "" {
		if v.Pager.Next, err = onward(action, s.Cursors.Seal(bind, page.Cursor{Key: []string{string(all.Next)}})); err != nil {
			return v, err
		}
	}
	switch t.form {
	case limits.FormCredit:
		v.Typed, v.Errors, v.Problem = t.credit.TypedCredit, t.remarks.Fields, t.remarks.Problem
	case limits.FormVoid:
		v.Voids = limits.Voids{Open: true, Credit: string(t.credit.id), Reason: t.credit.Reason, Error: t.remarks.Fields["reason"], Problem: t.remarks.Problem}
	}
	return v, nil
}

// onward is the address of the next credits, on a page or in a pane.
func onward(at, cursor string) (string, error) {
	u, err := url.Parse(at)
	if err != nil {
		return "", fmt.Errorf("the address of a tab: %w", err)
	}
	q := u.Query()
	q.Set("credits", cursor)
	u.RawQuery, u.Fragment = q.Encode(), "credits"
	return u.String(), nil
}

func creditRow(p i18n.Printer, g quota.Granted) limits.CreditRow {
	tones := map[string]part.Tone{quota.CreditNext: part.Success, quota.CreditWaiting: part.Info}
	row := limits.CreditRow{ID: string(g.ID), Units: p.Number(g.Units), Channel: p.T("limits.channel_" + string(g.Channel)), LastDay: p.Date(account.Date(g.LastDay).Time()), State: p.T("credits.state_" + g.State), Tone: tones[g.State],
		Meter: part.Meter{Label: p.T("credits.used"), Used: g.Used, Limit: g.Units, Calm: true}}
	for _, n := range []string{g.Reason, g.Reference, g.Void} {
		if n != "" {
			row.Notes = append(row.Notes, n)
		}
	}
	return row
}

// addCredit adds the credit that was typed.
func (s *Server) addCredit(r *http.Request, by authz.Actor, id ids.Account, t typedCredit) error {
	units, _ := i18n.ParseNumber(t.Units) // 0 is none: whether they may comes first
	_, err := s.Quotas.Grant(r.Context(), by, id, quota.Grant{Channel: quota.Channel(t.Channel), Units: units, LastDay: t.LastDay, Reason: t.Reason, Reference: t.Reference})
	return err
}
