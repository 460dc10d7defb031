package web

import (
	"net/http"
	"strconv"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
	"bailiwick/internal/web/ui/packages"
	"bailiwick/internal/web/ui/part"
)

// boughtPage is the tab of a client that says what it has bought.
func (s *Server) boughtPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showBought(w, r, by, http.StatusOK, part.Remarks{}, nil)
}

// typedLimits is what was typed instead of the amounts of a package.
type typedLimits map[string]string

func (s *Server) showBought(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, remarks part.Remarks, typed typedLimits) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	b, err := s.Plans.Bought(r.Context(), by, sc.Account())
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := packages.Bought{At: accountPath(sc.Account(), ""), CanEdit: b.CanEdit, Errors: remarks.Fields, Problem: remarks.Problem}
	if k := b.Package; k != nil {
		v.Package, v.Name, v.Note = string(k.ID), k.Name, k.PriceNote
		if !k.All {
			v.Modules = soldModules(offerOf(r.Context()), k.Modules)
		}
	}
	if b.CanEdit {
		if v.Choices, err = s.packageOptions(r, by, sc.Account(), ids.Package(v.Package), v.Name); err != nil {
			return err
		}
	}
	for _, a := range b.Amounts {
		row := packages.Amount{Term: string(a.Term), Label: p.T("packages.term_" + string(a.Term)), Used: a.Used, Most: a.Amount, Included: amountText(p, a.Package)}
		if a.Overridden {
			row.Own, row.Until, row.Overridden = strconv.FormatInt(a.Amount, 10), a.LastDay, p.T("packages.overridden", "amount", amountText(p, a.Amount))
		}
		if typed != nil {
			row.Own, row.Until = typed[row.Term], typed[row.Term+"_until"]
		}
		v.Rows = append(v.Rows, row)
	}
	return s.section(w, r, by, status, sc, "package", v)
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

func (s *Server) assignPackage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "package")
	if err != nil {
		return err
	}
	if err := s.Accounts.Assign(r.Context(), by, sc.Account(), ids.Package(f.text("package"))); err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showBought(w, r, by, status, remarks, nil)
	}
	s.setFlash(w, "package_assigned")
	return seeOther(w, r, accountPath(sc.Account(), "/package"))
}

func (s *Server) saveLimits(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	if _, _, err := s.Ops.Read(r.Context(), by, authz.PackagesAssign, sc.Account()); err != nil {
		return err
	}
	var names []string
	for _, term := range plan.AllTerms() {
		names = append(names, string(term), string(term)+"_until")
	}
	f, err := readForm(w, r, names...)
	if err != nil {
		return err
	}
	typed := typedLimits{}
	for _, n := range names {
		typed[n] = f.text(n)
	}
	all, err := typed.overrides()
	if err == nil {
		err = s.Plans.Override(r.Context(), by, sc.Account(), all)
	}
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showBought(w, r, by, status, remarks, typed)
	}
	s.setFlash(w, "limits_saved")
	return seeOther(w, r, accountPath(sc.Account(), "/package"))
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
