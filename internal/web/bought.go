package web

import (
	"net/http"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
	"bailiwick/internal/web/ui/limits"
	"bailiwick/internal/web/ui/packages"
)

// typedLimits is what was typed instead of the amounts of a package.
type typedLimits map[string]string

// boughtCards are the package of a client and what it holds beside what may be sent.
func (s *Server) boughtCards(r *http.Request, by authz.Actor, sc authz.Scope, action string, t typedQuotas) (packages.Bought, error) {
	b, err := s.Plans.Bought(r.Context(), by, sc.Account())
	if err != nil {
		return packages.Bought{}, err
	}
	p := i18n.From(r.Context())
	v := packages.Bought{Action: action, CanEdit: b.CanEdit, Errors: t.on(limits.FormPackage).Fields, Problem: t.on(limits.FormPackage).Problem, Refused: t.on(limits.FormAmounts).Problem}
	if t.form == limits.FormAmounts {
		v.Errors = t.remarks.Fields
	}
	if k := b.Package; k != nil {
		v.Package, v.Name, v.Note = string(k.ID), k.Name, k.PriceNote
		if !k.All {
			v.Modules = soldModules(offerOf(r.Context()), k.Modules)
		}
	}
	if b.CanEdit {
		if v.Choices, err = s.packageOptions(r, by, sc.Account(), ids.Package(v.Package), v.Name); err != nil {
			return v, err
		}
	}
	for _, a := range b.Amounts {
		row := packages.Amount{Term: string(a.Term), Label: p.T("packages.term_" + string(a.Term)), Used: a.Used, Most: a.Amount, Included: amountText(p, a.Package)}
		if a.Term == plan.MessageMB {
			row.InForce = amountText(p, a.Amount)
		}
		if a.Overridden {
			row.Own, row.Until, row.Overridden = p.Number(a.Amount), a.LastDay, p.T("packages.overridden", "amount", amountText(p, a.Amount))
		}
		if t.amounts != nil {
			row.Own, row.Until = t.amounts[row.Term], t.amounts[row.Term+"_until"]
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

// soldModules names the modules that a package leaves to the people of its clients.
func soldModules(o offer, sold authz.Set) string {
	var names []string
	for _, m := range o.modules() {
		if !sold.Intersect(o.set(m)).Empty() {
			names = append(names, o.moduleName(m.Key))
		}
	}
	if len(names) == 0 {
		return o.T("packages.no_modules")
	}
	return strings.Join(names, ", ")
}

// overrides reads what was typed: an empty amount is that of the package.
func (t typedLimits) overrides() ([]plan.Override, error) {
	var c errs.Collector
	var out []plan.Override
	for _, term := range plan.AllTerms() {
		o := plan.Override{Term: term, LastDay: t[string(term)+"_until"], Reset: t[string(term)] == ""}
		var err error
		if o.Amount, err = plan.ParseAmount(term, t[string(term)]); err != nil {
			if err := c.Merge(err); err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, o)
	}
	return out, c.Err()
}
