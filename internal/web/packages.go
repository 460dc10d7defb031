package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
	"bailiwick/internal/web/ui/packages"
	"bailiwick/internal/web/ui/part"
)

func (s *Server) packageRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/packages", Signed: s.packagesPage},
		{Pattern: "GET /a/{account}/packages/new", Signed: s.newPackagePage},
		{Pattern: "POST /a/{account}/packages/new", Signed: s.createPackage},
		{Pattern: "GET /a/{account}/packages" + overridePath, Signed: s.overridePage},
		{Pattern: "GET /a/{account}/packages/{package}", Signed: s.packagePage},
		{Pattern: "POST /a/{account}/packages/{package}", Signed: s.savePackage},
		{Pattern: "POST /a/{account}/packages/{package}/retire", Signed: s.retirePackage},
		{Pattern: "POST /a/{account}/packages/{package}/offer", Signed: s.offerPackage},
		{Pattern: "POST /a/{account}/packages/{package}/delete", Signed: s.deletePackage},
		{Pattern: "POST /a/{account}/packages/{package}/reassign", Signed: s.reassignPackage},
	}
}

func packagesPlace(p i18n.Printer, base string, more ...part.Crumb) place {
	at := place{title: p.T("packages.title"), nav: "packages", crumbs: append([]part.Crumb{{Label: p.T("packages.title"), Href: base}}, more...)}
	at.crumbs[len(at.crumbs)-1].Href = ""
	at.title = at.crumbs[len(at.crumbs)-1].Label
	return at
}

// amountText writes an amount for people.
func amountText(p i18n.Printer, n int64) string {
	if n == plan.Unlimited {
		return p.T("packages.unlimited")
	}
	return p.Number(n)
}

// sellsPackages reports whether packages are made in the account by its people.
func sellsPackages(sc authz.Scope) bool { return sells(sc) && sc.Has(authz.PackagesEdit) }

func (s *Server) packagesPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	all, err := s.Plans.List(r.Context(), by, sc.Account())
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := packages.List{Text: p.T("packages.text"), Base: accountPath(sc.Account(), "/packages"), CanEdit: sellsPackages(sc)}
	shown := []plan.Term{plan.Users, plan.SubAccounts} // the rest stands on the page of the package
	for _, term := range shown {
		v.Limits = append(v.Limits, p.T("packages.term_"+string(term)))
	}
	for _, k := range all {
		row := packages.Row{ID: string(k.ID), Name: k.Name, Note: k.PriceNote, Href: v.Base + "/" + string(k.ID), Retired: !k.Retired.IsZero(), Clients: capped(p, k.Customers), Here: !k.Inherited(sc.Account()), Used: k.Customers > 0}
		if !row.Here {
			row.From = providerName(p, k.AccountName)
		}
		if sells(sc) && sc.Has(authz.ClientsView) && row.Used {
			row.ClientsHref = accountPath(sc.Account(), "/clients?package="+string(k.ID))
		}
		for _, s := range slots() {
			amount := amountText(p, k.Sending.Of(s.channel, s.window).Amount)
			row.Sending = append(row.Sending, amount)
			if s.window == quota.Month {
				row.Months = append(row.Months, part.Fact{Term: s.label(p), Text: amount})
			}
		}
		for _, term := range shown {
			row.Limits = append(row.Limits, amountText(p, k.Terms.Of(term)))
		}
		v.Rows = append(v.Rows, row)
	}
	if err := s.addPool(r, by, sc, &v); err != nil {
		return err
	}
	if v.Page, err = s.frame(w, r, by, packagesPlace(p, v.Base)); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

func (s *Server) packageOf(r *http.Request, by authz.Actor) (authz.Scope, plan.Package, error) {
	sc, err := s.seen(r, by)
	if err != nil {
		return sc, plan.Package{}, err
	}
	id, err := ids.ParsePackage(r.PathValue("package"))
	if err != nil {
		return sc, plan.Package{}, errs.NoSuch("package")
	}
	k, err := s.Plans.Get(r.Context(), by, sc.Account(), id)
	return sc, k, err
}

func (s *Server) newPackagePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	if !sellsPackages(sc) {
		return authz.Denied()
	}
	in := plan.Input{All: true}
	if from, err := ids.ParsePackage(r.URL.Query().Get("from")); err == nil {
		k, err := s.Plans.Get(r.Context(), by, sc.Account(), from)
		if err != nil {
			return err
		}
		in = inputOf(k)
		in.Name = i18n.From(r.Context()).T("packages.copy_name", "name", k.Name)
	}
	return s.showPackage(w, r, by, sc, plan.Package{Account: sc.Account()}, typedPackage{Input: in}, nil)
}

func inputOf(k plan.Package) plan.Input {
	return plan.Input{Name: k.Name, PriceNote: k.PriceNote, All: k.All, Modules: k.Modules, Role: k.Role, Terms: k.Terms, Sending: k.Sending}
}

func (s *Server) packagePage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, k, err := s.packageOf(r, by)
	if err != nil {
		return err
	}
	return s.showPackage(w, r, by, sc, k, typedPackage{Input: inputOf(k)}, nil)
}

// typedPackage is a package as it was typed.
type typedPackage struct {
	plan.Input
	amounts map[plan.Term]string // nil: those of Input
	sending typedGrid            // likewise
}

func (t typedPackage) amount(p i18n.Printer, term plan.Term) string {
	if t.amounts != nil {
		return t.amounts[term]
	}
	if n := t.Terms.Of(term); n != plan.Unlimited {
		return p.Number(n)
	}
	return ""
}

func (s *Server) showPackage(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, k plan.Package, in typedPackage, failure error) error {
	p := i18n.From(r.Context())
	base := accountPath(sc.Account(), "/packages")
	v := packages.Edit{
		Base: base, Action: base + "/" + string(k.ID), Title: k.Name, Name: in.Name, PriceNote: in.PriceNote, All: in.All, Role: string(in.Role), Version: strconv.FormatInt(k.Version, 10),
		New: k.ID == "", ReadOnly: k.Inherited(sc.Account()) || !sellsPackages(sc), Retired: !k.Retired.IsZero(), Clients: capped(p, k.Customers), Used: k.Customers > 0, CanAssign: sc.Has(authz.PackagesAssign) && !k.Inherited(sc.Account()),
	}
	for _, term := range plan.AllTerms() {
		v.Limits = append(v.Limits, packages.Limit{Term: string(term), Label: p.T("packages.term_" + string(term)), Value: in.amount(p, term)})
	}
	sending := in.sending
	if sending == nil {
		sending = typedShared(p, in.Sending)
	}
	o := offerOf(r.Context())
	sellable := authz.Sellable()
	for _, m := range o.modules() {
		_, own := o.find(m.Key)
		if own || slices.ContainsFunc(sellable, func(b authz.Module) bool { return b.Key == m.Key }) {
			v.Modules = append(v.Modules, packages.Module{Key: m.Key, Label: o.moduleName(m.Key), Checked: in.All || !in.Modules.Intersect(o.set(m)).Empty()})
		}
	}
	status := http.StatusOK
	if failure != nil {
		fields, isForm := fieldErrors(p, failure)
		v.Errors, status = fields, statusOf(errs.KindOf(failure))
		if !isForm {
			v.Problem = words(p, problemOf(failure))
		}
		if stale := (*plan.Stale)(nil); errors.As(failure, &stale) {
			v.Theirs = packageFacts(p, stale.Theirs)
		}
	}
	v.Sending = sending.fields(p, v.Errors)
	v.Sending.ReadOnly = v.ReadOnly
	if err := s.packageChoices(r, by, sc, k, &v); err != nil {
		return err
	}
	if v.New {
		v.Title, v.Text, v.Action = p.T("packages.new_title"), p.T("packages.new_text"), base+"/new"
	} else if k.Inherited(sc.Account()) {
		v.Text = p.T("packages.inherited_text", "account", providerName(p, k.AccountName))
	} else {
		v.Text = p.T("packages.edit_text")
	}
	var err error
	if v.Page, err = s.frame(w, r, by, packagesPlace(p, base, part.Crumb{Label: v.Title})); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

func packageFacts(p i18n.Printer, k plan.Package) []part.Fact {
	out := []part.Fact{{Term: p.T("packages.name"), Text: k.Name}, {Term: p.T("packages.price_note"), Text: k.PriceNote}}
	for _, term := range plan.AllTerms() {
		out = append(out, part.Fact{Term: p.T("packages.term_" + string(term)), Text: amountText(p, k.Terms.Of(term))})
	}
	for _, s := range slots() {
		out = append(out, part.Fact{Term: s.label(p), Text: amountText(p, k.Sending.Of(s.channel, s.window).Amount)})
	}
	return out
}

// packageChoices fills the role groups to choose from, and the packages that can take this one's place.
func (s *Server) packageChoices(r *http.Request, by authz.Actor, sc authz.Scope, k plan.Package, v *packages.Edit) error {
	p := i18n.From(r.Context())
	v.Roles = []part.Option{{Label: p.T("packages.no_role")}}
	groups, err := s.Roles.List(r.Context(), by, sc.Account())
	if err != nil && errs.KindOf(err) != errs.Denied {
		return err
	}
	listed := v.Role == ""
	for _, g := range groups {
		listed = listed || string(g.ID) == v.Role
		v.Roles = append(v.Roles, part.Option{Value: string(g.ID), Label: g.Name})
	}
	if !listed {
		v.Roles = append(v.Roles, part.Option{Value: v.Role, Label: k.RoleName})
	}
	if sells(sc) && sc.Has(authz.ClientsView) {
		v.ShowURL = accountPath(sc.Account(), "/clients?package="+string(k.ID))
	}
	if !v.Used || !v.CanAssign {
		return nil
	}
	all, err := s.Plans.List(r.Context(), by, sc.Account())
	for _, o := range all {
		if o.ID != k.ID && o.Retired.IsZero() {
			v.Others = append(v.Others, part.Option{Value: string(o.ID), Label: o.Name})
		}
	}
	v.Others = append(v.Others, part.Option{Label: p.T("packages.none")})
	return err
}

func readPackage(w http.ResponseWriter, r *http.Request) (typedPackage, int64, error) {
	fields := []string{"version", "name", "price_note", "role", "all", "module"}
	for _, term := range plan.AllTerms() {
		fields = append(fields, string(term))
	}
	f, err := readForm(w, r, append(fields, gridNames()...)...)
	if err != nil {
		return typedPackage{}, 0, err
	}
	version, _ := strconv.ParseInt(f.text("version"), 10, 64) //nolint:errcheck // 0 is no version, and stale
	out := typedPackage{amounts: map[plan.Term]string{}, sending: readGrid(f), Input: plan.Input{Name: f.text("name"), PriceNote: f.text("price_note"), All: f.text("all") != "no", Role: ids.Role(f.text("role")), Terms: plan.Terms{}}}
	for _, key := range f.all("module") {
		out.Modules = out.Modules.Union(modulePerms(offerOf(r.Context()), key))
	}
	for _, term := range plan.AllTerms() {
		out.amounts[term] = f.text(string(term))
	}
	return out, version, nil
}

func modulePerms(o offer, key string) authz.Set { return o.keys([]string{key}) }

// parse reads the amounts that were typed.
func (t *typedPackage) parse() error {
	var c errs.Collector
	for _, term := range plan.AllTerms() {
		n, err := plan.ParseAmount(term, t.amounts[term])
		if err != nil {
			if err := c.Merge(err); err != nil {
				return err
			}
			continue
		}
		t.Terms[term] = n
	}
	var err error
	if t.Sending, err = t.sending.shared(); err != nil {
		if err := c.Merge(err); err != nil {
			return err
		}
	}
	return c.Err()
}

func (s *Server) createPackage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	if _, _, err := s.Ops.Read(r.Context(), by, authz.PackagesEdit, sc.Account()); err != nil {
		return err
	}
	in, _, err := readPackage(w, r)
	if err != nil {
		return err
	}
	id, err := ids.Package(""), in.parse()
	if err == nil {
		id, err = s.Plans.Create(r.Context(), by, sc.Account(), in.Input)
	}
	if err != nil {
		if !shown(err) {
			return err
		}
		return s.showPackage(w, r, by, sc, plan.Package{Account: sc.Account()}, in, err)
	}
	s.setFlash(w, "package_created")
	return seeOther(w, r, accountPath(sc.Account(), "/packages/"+string(id)))
}

func (s *Server) savePackage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, k, err := s.packageOf(r, by)
	if err != nil {
		return err
	}
	if _, _, err := s.Ops.Read(r.Context(), by, authz.PackagesEdit, sc.Account()); err != nil {
		return err
	}
	in, version, err := readPackage(w, r)
	if err != nil {
		return err
	}
	if err = in.parse(); err == nil {
		err = s.Plans.Edit(r.Context(), by, sc.Account(), k.ID, version, in.Input)
	}
	if err != nil {
		if !shown(err) {
			return err
		}
		return s.showPackage(w, r, by, sc, k, in, err)
	}
	s.setFlash(w, "package_saved")
	return seeOther(w, r, accountPath(sc.Account(), "/packages/"+string(k.ID)))
}

func (s *Server) retirePackage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.packageDone(w, r, by, "package_retired", func(sc authz.Scope, k plan.Package) error {
		return s.Plans.Retire(r.Context(), by, sc.Account(), k.ID, true)
	})
}

func (s *Server) offerPackage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.packageDone(w, r, by, "package_offered", func(sc authz.Scope, k plan.Package) error {
		return s.Plans.Retire(r.Context(), by, sc.Account(), k.ID, false)
	})
}

func (s *Server) deletePackage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.packageDone(w, r, by, "package_deleted", func(sc authz.Scope, k plan.Package) error {
		return s.Plans.Delete(r.Context(), by, sc.Account(), k.ID)
	})
}

// packageDone does something to a package and returns to the list.
func (s *Server) packageDone(w http.ResponseWriter, r *http.Request, by authz.Actor, flash string, do func(authz.Scope, plan.Package) error) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	sc, k, err := s.packageOf(r, by)
	if err != nil {
		return err
	}
	if err := do(sc, k); err != nil {
		return err
	}
	s.setFlash(w, flash)
	return seeOther(w, r, accountPath(sc.Account(), "/packages"))
}

func (s *Server) reassignPackage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, k, err := s.packageOf(r, by)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "to")
	if err != nil {
		return err
	}
	task, err := s.Accounts.Reassign(r.Context(), by, sc.Account(), k.ID, ids.Package(f.text("to")))
	if err != nil {
		return err
	}
	if task != "" {
		return seeOther(w, r, taskPath(sc.Account(), task))
	}
	s.setFlash(w, "package_reassigned")
	return seeOther(w, r, accountPath(sc.Account(), "/packages/"+string(k.ID)))
}

// packageOptions are the packages that clients at or below an account can be given, and the one that a client has.
func (s *Server) packageOptions(r *http.Request, by authz.Actor, at ids.Account, has ids.Package, name string) ([]part.Option, error) {
	p := i18n.From(r.Context())
	out := []part.Option{{Label: p.T("packages.none")}}
	all, err := s.Plans.List(r.Context(), by, at)
	if err != nil {
		return nil, err
	}
	listed := has == ""
	for _, k := range all {
		if k.Retired.IsZero() || k.ID == has {
			listed = listed || k.ID == has
			out = append(out, part.Option{Value: string(k.ID), Label: strings.TrimSpace(k.Name)})
		}
	}
	if !listed {
		out = append(out, part.Option{Value: string(has), Label: name})
	}
	return out, nil
}
