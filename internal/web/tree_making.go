package web

import (
	"net/http"
	"slices"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
	"bailiwick/internal/provision"
	"bailiwick/internal/quota"
	"bailiwick/internal/tuning"
)

// making is an account that is made in the pane: where, and what was sent of it so far. What stands under the tabs that are
// not shown is carried along, so that all tabs are one form, with a script and without.
type making struct {
	form
	t     treeState
	kind  account.Kind
	in    authz.Scope // the account that it goes into
	tabs  []string    // those under which the person may set something
	tried bool        // it was sent to be made: what needs attention is said from then on
	fix   bool        // the first field that needs attention takes the focus
	focus string      // the setting that was overridden or reset just now
}

func newMaking(t treeState, in authz.Scope) making {
	if t.tab == "" {
		t.tab = properties
	}
	m := making{form: form{&http.Request{}}, t: t, kind: account.Kind(t.kind), in: in, tabs: []string{properties}}
	add := func(tab string, may bool) {
		if may {
			m.tabs = append(m.tabs, tab)
		}
	}
	add(string(tuning.Branding), tuning.MayEdit(in, tuning.Branding))
	add(quotasSection, m.limits() || m.buys())
	for _, tab := range []tuning.Tab{tuning.Settings, tuning.Security, tuning.Contacts} {
		add(string(tab), tuning.MayEdit(in, tab))
	}
	return m
}

func (m making) has(tab string) bool { return slices.Contains(m.tabs, tab) }

// limits reports whether the person gives the account limits of its own.
func (m making) limits() bool {
	return m.kind != account.Department && m.in.Has(authz.QuotasView) && m.in.Has(authz.QuotasEdit)
}

// buys reports whether the person gives the account a package.
func (m making) buys() bool {
	return m.kind == account.Customer && m.in.Has(authz.PackagesView) && m.in.Has(authz.PackagesAssign)
}

// propertyNames are the fields under the first tab.
func (m making) propertyNames() []string {
	out := []string{"parent", "name", "legal_name", "email", "phone", "website", "address", "industry", "time_zone", "language", "refs"}
	if m.kind == account.Customer {
		out = append(out, "membership_start", "membership_end", "no_end")
	}
	if m.kind != account.Department {
		out = append(out, "owner_email")
	}
	return out
}

// quotaNames are the fields of what the account may send and hold.
func (m making) quotaNames() (out []string) {
	if m.limits() {
		out = append(out, gridNames()...)
	}
	if m.buys() {
		out = append(out, "package")
		for _, term := range plan.AllTerms() {
			out = append(out, string(term))
		}
	}
	return out
}

// addressNames are the fields of the lists of addresses.
func addressNames() (out []string) {
	for _, l := range policy.Lists() {
		out = append(out, "addresses_"+string(l))
	}
	return out
}

// tabOf is the tab under which a field stands, or a remark on it; "" of a field that no tab has.
func (s *Server) tabOf(m making, field string) string {
	before, name, prefixed := strings.Cut(field, ":")
	if !prefixed {
		name = before
	}
	if tab, known := s.Tuning.TabOf(name); known {
		return string(tab)
	}
	switch {
	case prefixed:
		return ""
	case slices.Contains(append(m.quotaNames(), "package"), field):
		return quotasSection
	case slices.Contains(addressNames(), field):
		return string(tuning.Security)
	}
	return properties
}

// readMaking reads the form. Another parent in it is where the account goes.
func (s *Server) readMaking(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, in authz.Scope) (making, error) {
	m := newMaking(t, in)
	f, err := readFiles(w, r, mostPictures, slices.Concat(m.propertyNames(), m.quotaNames(), addressNames(), []string{"do", "tried", "own:", "v:", "lock:"})...)
	if err != nil {
		return m, err
	}
	if at := f.text("parent"); at != "" && at != t.in {
		t.in = at
		if in, err = s.makingIn(r, by, t); err != nil {
			return m, err
		}
		m = newMaking(t, in)
	}
	m.form, m.tried = f, f.ticked("tried")
	for name := range r.PostForm {
		if !m.has(s.tabOf(m, name)) {
			return m, errs.New(errs.Invalid, "form.unknown_field", "Leave out the field {field}. This form does not have it.", "field", name)
		}
	}
	return m, nil
}

// createAccount makes the account, or shows the form again: with what needs attention, or as one of its buttons asks.
func (s *Server) createAccount(w http.ResponseWriter, r *http.Request, by authz.Actor, t treeState, in authz.Scope) error {
	m, err := s.readMaking(w, r, by, t, in)
	if err != nil {
		return err
	}
	pictures, err := s.takePictures(r, by, m)
	if err != nil {
		return err
	}
	do := m.text("do")
	if err := s.turn(r, by, &m, do); err != nil {
		return err
	}
	made, refused, err := s.make(r, by, m, do == "", pictures)
	if err != nil {
		return err
	}
	if do == "" && refused == nil {
		s.setFlash(w, "account_created", "name", made.Name)
		return seeOther(w, r, m.t.opened(string(m.in.Account())).showing(string(made.ID), "").href())
	}
	status := http.StatusOK
	remarks, refusal, err := remarksOn(i18n.From(r.Context()), refused)
	switch {
	case refused == nil:
		err = nil
	case pictures != nil:
		status, m.t.tab = refusal, string(tuning.Branding)
	case do == "":
		status, m.tried, m.t.tab = refusal, true, s.wrongTab(m, remarks.Fields)
	}
	if err != nil {
		return err
	}
	return s.showMaking(w, r, by, m, status, remarks)
}

// turn does what a button of the form asks for, other than to make the account.
func (s *Server) turn(r *http.Request, by authz.Actor, m *making, do string) error {
	what, of, _ := strings.Cut(do, ":")
	switch what {
	case "":
	case "tab", "fix":
		if !m.has(of) {
			return errs.NoSuch("page")
		}
		m.t.tab, m.fix = of, what == "fix"
	case "full":
		m.t.full = !m.t.full
	case "override", "reset":
		return s.turnSetting(r, by, m, what, of)
	default:
		return errs.NoSuch("page")
	}
	return nil
}

// turnSetting gives the account a value of its own of a setting, which begins with the one it would inherit, or takes it away.
func (s *Server) turnSetting(r *http.Request, by authz.Actor, m *making, what, name string) error {
	tab, known := s.Tuning.TabOf(name)
	if !known || !m.has(string(tab)) {
		return errs.NoSuch("setting")
	}
	for _, of := range []string{"own:", "v:", "lock:"} {
		r.PostForm.Del(of + name)
	}
	m.t.tab, m.focus = string(tab), name
	if what == "reset" {
		return nil
	}
	page, err := s.Tuning.ViewNew(r.Context(), by, m.in.Account(), string(m.kind), tab)
	if err != nil {
		return err
	}
	r.PostForm.Set("own:"+name, "on")
	r.PostForm["v:"+name] = above(page, name)
	return nil
}

// takePictures takes in the pictures that were chosen, so that the form carries their names from then on. The account that
// the new one goes into keeps them meanwhile.
func (s *Server) takePictures(r *http.Request, by authz.Actor, m making) (refused, err error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File) == 0 || !m.has(string(tuning.Branding)) {
		return nil, nil
	}
	page, err := s.Tuning.ViewNew(r.Context(), by, m.in.Account(), string(m.kind), tuning.Branding)
	if err != nil {
		return nil, err
	}
	taken := drafts{}
	refused, err = s.keepPictures(r, by, m.in.Account(), page, taken)
	for name, d := range taken {
		r.PostForm.Set("own:"+name, "on")
		r.PostForm["v:"+name] = d.values
	}
	return refused, err
}

// make makes the account when all is well and it is asked to. Else it says what is refused, under whatever tab, once it was
// tried.
func (s *Server) make(r *http.Request, by authz.Actor, m making, now bool, pictures error) (made account.Created, refused, err error) {
	var all errs.Collector
	if err := all.Merge(pictures); err != nil {
		return made, nil, err
	}
	if !now && !m.tried {
		return made, all.Err(), nil
	}
	in, err := s.inputOf(r, by, m, &all)
	if err != nil {
		return made, nil, err
	}
	if now && all.Err() == nil {
		made, err = s.Provision.Create(r.Context(), by, m.in.Account(), in)
	} else {
		err = s.Provision.Try(r.Context(), by, m.in.Account(), in)
	}
	if err := all.Merge(err); err != nil {
		return made, err, nil
	}
	return made, all.Err(), nil
}

// inputOf is what the form says of the account. What cannot be read is gathered in refused.
func (s *Server) inputOf(r *http.Request, by authz.Actor, m making, refused *errs.Collector) (in provision.Input, err error) {
	in = provision.Input{OwnerEmail: m.text("owner_email"), CreateInput: account.CreateInput{Kind: m.kind, NoEnd: m.ticked("no_end"), Fields: m.properties()}}
	if pkg := ids.Package(m.text("package")); pkg != "" {
		in.Package = &pkg
	}
	if m.limits() {
		edits, err := readGrid(m.form).edits()
		if err := refused.Merge(err); err != nil {
			return in, err
		}
		in.Limits = slices.DeleteFunc(edits, func(e quota.Edit) bool { return e.Remove })
	}
	if m.buys() {
		caps, err := readAmounts(m.form).overrides()
		if err := refused.Merge(err); err != nil {
			return in, err
		}
		in.Caps = slices.DeleteFunc(caps, func(o plan.Override) bool { return o.Reset })
	}
	in.Addresses = map[policy.List]string{}
	for _, l := range policy.Lists() {
		in.Addresses[l] = m.text("addresses_" + string(l))
	}
	in.Settings, err = s.editsOfMaking(r, by, m, refused)
	return in, err
}

// editsOfMaking are the settings that the form gives the account values of its own of.
func (s *Server) editsOfMaking(r *http.Request, by authz.Actor, m making, refused *errs.Collector) (map[tuning.Tab]map[string]tuning.Edit, error) {
	out := map[tuning.Tab]map[string]tuning.Edit{}
	for _, tab := range tuning.Tabs() {
		if !slices.ContainsFunc(m.sentNames(), func(name string) bool { return strings.HasPrefix(name, "own:") && s.tabOf(m, name) == string(tab) }) {
			continue
		}
		page, err := s.Tuning.ViewNew(r.Context(), by, m.in.Account(), string(m.kind), tab)
		if err != nil {
			return nil, err
		}
		edits, _, err := editsOf(page, m.asked(page))
		if err := refused.Merge(err); err != nil {
			return nil, err
		}
		out[tab] = edits
	}
	return out, nil
}

// asked are the settings of a page as they were sent, those included that the person may not change: saving refuses them.
func (m making) asked(page tuning.Page) drafts {
	out := drafts{}
	for _, f := range page.Fields() {
		out[f.Name] = draft{own: m.ticked("own:" + f.Name), locked: m.ticked("lock:" + f.Name), values: m.all("v:" + f.Name)}
	}
	return out
}

// properties are the account's own fields.
func (m making) properties() account.Fields {
	return account.Fields{Name: m.text("name"), LegalName: m.text("legal_name"), Email: m.text("email"), Phone: m.text("phone"), Website: m.text("website"),
		Address: m.text("address"), Industry: m.text("industry"), TimeZone: m.text("time_zone"), Language: m.text("language"),
		MembershipStart: m.text("membership_start"), MembershipEnd: m.text("membership_end"), Refs: parseRefs(m.text("refs"))}
}

func (m making) sentNames() []string {
	var out []string
	for name := range m.r.PostForm {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// wrongTab is the tab to show when something is refused: the one that is shown if a remark stands there, else the first with one.
func (s *Server) wrongTab(m making, remarks map[string]string) string {
	n := s.remarked(m, remarks)
	if n[m.t.tab] > 0 {
		return m.t.tab
	}
	for _, tab := range m.tabs {
		if n[tab] > 0 {
			return tab
		}
	}
	return m.t.tab
}

// remarked counts the remarks under each tab.
func (s *Server) remarked(m making, remarks map[string]string) map[string]int {
	out := map[string]int{}
	for field := range remarks {
		out[s.tabOf(m, field)]++
	}
	return out
}
