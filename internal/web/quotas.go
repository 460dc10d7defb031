package web

import (
	"net/http"
	"slices"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
	"bailiwick/internal/web/ui/limits"
	"bailiwick/internal/web/ui/part"
)

// quotasSection is the tab of what may be sent, and of what else a client has bought.
const quotasSection = "quotas"

func (s *Server) quotaRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/quotas", Signed: s.quotasPage},
		{Pattern: "POST /a/{account}/quotas", Signed: s.saveQuotas},
		{Pattern: "GET /a/{account}/users/{membership}/quotas", Signed: s.personQuotasPage},
		{Pattern: "POST /a/{account}/users/{membership}/quotas", Signed: s.savePersonQuotas},
		{Pattern: "GET /a/{account}/subaccounts/{subaccount}/quotas", Signed: s.subQuotasPage},
		{Pattern: "POST /a/{account}/subaccounts/{subaccount}/quotas", Signed: s.saveSubQuotas},
	}
}

// typedQuotas is what was typed into one of the forms of the tab, and what to do about it.
type typedQuotas struct {
	form    string
	status  int
	remarks part.Remarks
	sending typedGrid
	amounts typedLimits
	credit  typedCredit
}

func (t typedQuotas) on(form string) part.Remarks {
	if t.form == form {
		return t.remarks
	}
	return part.Remarks{}
}

func (s *Server) quotasPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	on, err := s.accountPages(w, r, by)
	if err != nil {
		return err
	}
	return s.showQuotas(r, by, on, typedQuotas{status: http.StatusOK})
}

func (s *Server) saveQuotas(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	on, err := s.accountPages(w, r, by)
	if err != nil {
		return err
	}
	return s.saveQuotasOn(w, r, by, on)
}

// hasQuotas reports whether the reader may see what the account may send, or the package of a client.
func hasQuotas(d account.Details) bool {
	return d.Can(authz.QuotasView) || d.Kind == account.Customer && d.Can(authz.PackagesView)
}

// showQuotas shows the tab of an account.
func (s *Server) showQuotas(r *http.Request, by authz.Actor, on surface, t typedQuotas) error {
	_, sc, err := s.Ops.See(r.Context(), by, on.account)
	if err != nil {
		return err
	}
	v, buys := limits.Quotas{}, sc.Kind() == "customer" && sc.Has(authz.PackagesView)
	if sc.Has(authz.QuotasView) || !buys {
		if v, err = s.sendingOf(r, by, on.account, quota.Target{}, t); err != nil {
			return err
		}
		if sc.Kind() == "customer" {
			card, err := s.creditsCard(r, by, sc, on.at(quotasSection), t)
			if err != nil {
				return err
			}
			v.Rest = append(v.Rest, card)
		}
		if err := s.addHanded(r, by, sc, &v); err != nil {
			return err
		}
	}
	v.Action = on.at(quotasSection)
	if buys {
		if v.Bought, err = s.boughtCards(r, by, sc, v.Action, t); err != nil {
			return err
		}
	}
	return on.show(t.status, quotasSection, v)
}

// sendingOf is the limits of an account, or of a sub-account or a member of it, as they are or as they were typed.
func (s *Server) sendingOf(r *http.Request, by authz.Actor, id ids.Account, target quota.Target, t typedQuotas) (limits.Quotas, error) {
	view, err := s.Quotas.View(r.Context(), by, id, target)
	if err != nil {
		return limits.Quotas{}, err
	}
	p := i18n.From(r.Context())
	typed := t.sending
	if typed == nil {
		typed = typedGrid{}
		for _, row := range view.Rows {
			if row.Own != nil {
				typed[slot{row.Channel, row.Window}] = typedFrom(p, *row.Own, row.LastDay)
			}
		}
	}
	v := limits.Quotas{CanEdit: view.CanEdit, Form: t.form, Problem: t.remarks.Problem, Sending: typed.fields(p, t.on(limits.FormSending).Fields)}
	v.Sending.ReadOnly, v.Sending.Dated = !view.CanEdit, true
	for i, row := range view.Rows {
		cell := &v.Sending.Channels[i/len(quota.Windows())].Cells[i%len(quota.Windows())]
		cell.Note, cell.Placeholder = limitNote(p, row), amountText(p, row.Shared.Amount)
		cell.Meter, cell.Used = usedOf(p, row)
		if cell.Amount == "" {
			begin(p, cell, row.Shared)
		}
		if !view.CanEdit {
			cell.Amount = amountText(p, row.Limit.Amount)
			if row.Limit.Amount == quota.Unlimited {
				cell.AtLimit = "" // which is never reached
			}
		}
		if row.Below() {
			cell.Warn = p.T("limits.below", "used", row.Used, "most", row.Limit.Amount)
		}
	}
	v.Foot = p.T("limits.foot_reader")
	if view.CanEdit {
		v.Foot = p.T("limits.foot")
	}
	return v, nil
}

// usedOf is the meter of a limit, nil where there is nothing to fill, and then in words what is used.
func usedOf(p i18n.Printer, row quota.Row) (*part.Meter, string) {
	switch row.Limit.Amount {
	case quota.Unlimited:
		return nil, p.T("packages.used_unlimited", "used", row.Used)
	case 0:
		return nil, p.T("packages.used_none", "used", row.Used)
	}
	return &part.Meter{Label: slot{row.Channel, row.Window}.label(p), Used: row.Used, Limit: row.Limit.Amount}, ""
}

// limitNote says where a limit comes from, and what it would be without one of its own.
func limitNote(p i18n.Printer, row quota.Row) string {
	of := map[quota.Source]string{quota.FromPackage: "package", quota.FromRole: "role"}[row.Shared.Source]
	switch {
	case of != "" && row.Own != nil && row.LastDay != "":
		return p.T("limits.instead_until_"+of, "amount", amountText(p, row.Shared.Amount), "day", row.LastDay)
	case of != "" && row.Own != nil:
		return p.T("limits.instead_"+of, "amount", amountText(p, row.Shared.Amount))
	case of != "":
		return p.T("limits.from_"+of, "amount", amountText(p, row.Shared.Amount))
	case row.Own != nil && row.LastDay != "":
		return p.T("limits.own_until", "day", row.LastDay)
	case row.Own != nil:
		return p.T("limits.own")
	}
	return p.T("limits.none")
}

// addHanded adds what the account has given to its departments.
func (s *Server) addHanded(r *http.Request, by authz.Actor, sc authz.Scope, v *limits.Quotas) error {
	if sc.Kind() != "customer" && sc.Kind() != "department" || !sc.Has(authz.DepartmentsView) {
		return nil
	}
	all, err := s.Quotas.HandedOut(r.Context(), by, sc.Account())
	if err != nil || len(all) == 0 {
		return err
	}
	p := i18n.From(r.Context())
	card := limits.Handed{Title: p.T("limits.departments")}
	for _, h := range all {
		row := limits.HandedRow{Name: h.Name, Href: accountPath(h.Account, "/quotas")}
		for _, s := range slots() {
			row.Amounts = append(row.Amounts, amountText(p, h.Limits.Of(s.channel, s.window).Amount))
		}
		card.Rows = append(card.Rows, row)
	}
	v.Rest = append(v.Rest, card)
	return nil
}

// saveQuotasOn saves the form of the tab that was sent.
func (s *Server) saveQuotasOn(w http.ResponseWriter, r *http.Request, by authz.Actor, on surface) error {
	_, sc, err := s.Ops.See(r.Context(), by, on.account)
	if err != nil {
		return err
	}
	if !sc.Has(authz.QuotasEdit) && !sc.Has(authz.PackagesAssign) {
		_, _, err := s.Ops.Read(r.Context(), by, authz.QuotasEdit, on.account)
		return err
	}
	f, err := readForm(w, r, slices.Concat(gridNames(), amountNames(), creditFields(), []string{"form", "package"})...)
	if err != nil {
		return err
	}
	t := typedQuotas{form: f.text("form")}
	flash := "limits_saved"
	switch t.form {
	case limits.FormSending:
		t.sending = readGrid(f)
		err = s.setLimits(r, by, on.account, quota.Target{}, t.sending)
	case limits.FormPackage:
		flash, err = "package_assigned", s.Accounts.Assign(r.Context(), by, on.account, ids.Package(f.text("package")))
	case limits.FormAmounts:
		t.amounts = readAmounts(f)
		err = s.setAmounts(r, by, on.account, t.amounts)
	case limits.FormCredit:
		t.credit = readCredit(f)
		flash, err = "credit_added", s.addCredit(r, by, on.account, t.credit)
	case limits.FormVoid:
		t.credit = readCredit(f)
		flash, err = "credit_voided", s.Quotas.Void(r.Context(), by, on.account, t.credit.id, t.credit.Reason)
	default:
		return errs.NoSuch("page")
	}
	if err != nil {
		if t.remarks, t.status, err = remarksOn(i18n.From(r.Context()), err); err != nil {
			return err
		}
		return s.showQuotas(r, by, on, t)
	}
	s.setFlash(w, flash)
	return seeOther(w, r, on.done(quotasSection))
}

func (s *Server) setLimits(r *http.Request, by authz.Actor, id ids.Account, target quota.Target, typed typedGrid) error {
	edits, err := typed.edits()
	if err == nil {
		_, err = s.Quotas.SetLimits(r.Context(), by, id, target, edits)
	}
	return err
}

func (s *Server) setAmounts(r *http.Request, by authz.Actor, id ids.Account, typed typedLimits) error {
	if _, _, err := s.Ops.Read(r.Context(), by, authz.PackagesAssign, id); err != nil {
		return err
	}
	all, err := typed.overrides()
	if err == nil {
		err = s.Plans.Override(r.Context(), by, id, all)
	}
	return err
}

// amountNames are the fields of what a client has instead of the amounts of its package.
func amountNames() []string {
	var names []string
	for _, term := range plan.AllTerms() {
		names = append(names, string(term), string(term)+"_until")
	}
	return names
}

func readAmounts(f form) typedLimits {
	typed := typedLimits{}
	for _, n := range amountNames() {
		typed[n] = f.text(n)
	}
	return typed
}

// saveTarget saves the limits of a sub-account or a person. It returns what to show again, and nil when they are saved.
func (s *Server) saveTarget(w http.ResponseWriter, r *http.Request, by authz.Actor, id ids.Account, target quota.Target) (*typedQuotas, error) {
	if _, _, err := s.Ops.Read(r.Context(), by, authz.QuotasEdit, id); err != nil {
		return nil, err
	}
	f, err := readForm(w, r, append(gridNames(), "form")...)
	if err != nil {
		return nil, err
	}
	t := typedQuotas{form: limits.FormSending, sending: readGrid(f)}
	if err = s.setLimits(r, by, id, target, t.sending); err == nil {
		s.setFlash(w, "limits_saved")
		return nil, nil
	}
	t.remarks, t.status, err = remarksOn(i18n.From(r.Context()), err)
	return &t, err
}

func (s *Server) personQuotasPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showPersonQuotas(w, r, by, typedQuotas{status: http.StatusOK})
}

func (s *Server) showPersonQuotas(w http.ResponseWriter, r *http.Request, by authz.Actor, t typedQuotas) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	who, err := s.identityOf(r, by, sc, m)
	if err != nil {
		return err
	}
	v, err := s.sendingOf(r, by, sc.Account(), quota.Target{Member: m.ID}, t)
	if err != nil {
		return err
	}
	v.Action = personPath(sc, m) + "/quotas"
	return s.userPage(w, r, by, sc, m, who, quotasSection, t.status, v)
}

func (s *Server) savePersonQuotas(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, m, err := s.memberOf(r, by)
	if err != nil {
		return err
	}
	t, err := s.saveTarget(w, r, by, sc.Account(), quota.Target{Member: m.ID})
	if err != nil {
		return err
	}
	if t != nil {
		return s.showPersonQuotas(w, r, by, *t)
	}
	return seeOther(w, r, personPath(sc, m)+"/quotas")
}

func (s *Server) subQuotasPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showSubQuotas(w, r, by, typedQuotas{status: http.StatusOK})
}

func (s *Server) showSubQuotas(w http.ResponseWriter, r *http.Request, by authz.Actor, t typedQuotas) error {
	sc, sub, err := s.subOf(r, by)
	if err != nil {
		return err
	}
	v, err := s.sendingOf(r, by, sub.Account, quota.Target{Sub: sub.ID}, t)
	if err != nil {
		return err
	}
	base := accountPath(sc.Account(), "/subaccounts/"+string(sub.ID))
	v.Action = base + "/quotas"
	p := i18n.From(r.Context())
	page := limits.Page{Title: p.T("limits.of", "name", sub.Name), Body: v}
	at, err := s.subPlace(r, by, sc, page.Title, part.Crumb{Label: sub.Name, Href: base}, part.Crumb{Label: p.T("limits.title")})
	if err != nil {
		return err
	}
	if page.Page, err = s.frame(w, r, by, at); err != nil {
		return err
	}
	return s.render(w, r, t.status, page)
}

func (s *Server) saveSubQuotas(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, sub, err := s.subOf(r, by)
	if err != nil {
		return err
	}
	t, err := s.saveTarget(w, r, by, sub.Account, quota.Target{Sub: sub.ID})
	if err != nil {
		return err
	}
	if t != nil {
		return s.showSubQuotas(w, r, by, *t)
	}
	return seeOther(w, r, accountPath(sc.Account(), "/subaccounts/"+string(sub.ID)+"/quotas"))
}
