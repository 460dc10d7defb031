package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/web/ui/clients"
	"bailiwick/internal/web/ui/part"
)

// accountForm are the fields of the form of an account.
var accountForm = []string{"name", "legal_name", "email", "phone", "website", "address", "industry", "time_zone", "language", "membership_start", "membership_end", "no_end", "refs", "version", "package"}

func (s *Server) editPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	d, err := s.details(r, by)
	if err != nil {
		return err
	}
	if !d.CanAct("edit") {
		return authz.Denied()
	}
	return s.showEdit(r, by, s.editingPage(w, r, by, d), http.StatusOK, d, typedOf(d), part.Remarks{}, nil)
}

// typedOf is the form as it stands before anything is typed.
func typedOf(d account.Details) account.UpdateInput {
	f := account.Fields{Name: d.Name, LegalName: d.LegalName, Email: d.Email, Phone: d.Phone, Website: d.Website, Address: d.Address, Industry: d.Industry,
		MembershipStart: string(d.MembershipStart), MembershipEnd: string(d.MembershipEnd), Refs: d.Refs}
	if d.TimeZone.Own {
		f.TimeZone = d.TimeZone.Value
	}
	if d.Language.Own {
		f.Language = d.Language.Value
	}
	return account.UpdateInput{Version: d.Version, NoEnd: d.MembershipEnd == "", Fields: f}
}

// editingPage is the page of an account's form by itself.
func (s *Server) editingPage(w http.ResponseWriter, r *http.Request, by authz.Actor, d account.Details) surface {
	at := accountPath(d.ID, "")
	return surface{
		account: d.ID, back: at,
		at:   func(string) string { return at + "/edit" },
		done: func(string) string { return at },
		show: func(status int, _ string, body templ.Component) error {
			p := i18n.From(r.Context())
			crumbs, err := s.accountCrumbs(r, by, d.ID)
			if err != nil {
				return err
			}
			if n := len(crumbs); n > 0 {
				crumbs[n-1].Href = at
			}
			frame, err := s.frame(w, r, by, place{title: p.T("account.edit_title", "name", d.Name), nav: navOf(by, d, properties), crumbs: append(crumbs, part.Crumb{Label: p.T("account.edit")})})
			if err != nil {
				return err
			}
			return s.render(w, r, status, clients.Edit{Page: frame, Name: d.Name, Body: body})
		},
	}
}

// properties is the tab of an account's own fields.
const properties = "properties"

func (s *Server) showEdit(r *http.Request, by authz.Actor, on surface, status int, d account.Details, in account.UpdateInput, remarks part.Remarks, theirs *clients.Theirs) error {
	p := i18n.From(r.Context())
	form := clients.Form{Action: on.at(properties), Kind: d.Kind, Typed: in.Fields, NoEnd: in.NoEnd, Version: in.Version, Errors: remarks.Fields, Problem: remarks.Problem}
	if d.CanAssign() && d.Can(authz.PackagesView) {
		var err error
		if form.Packages, err = s.packageOptions(r, by, d.ID, d.Package, d.PackageName); err != nil {
			return err
		}
		if form.Package = string(d.Package); in.Package != nil {
			form.Package = string(*in.Package)
		}
	}
	return on.show(status, properties, clients.EditForm{ID: on.form, Back: on.back, Parents: d.CanParentFields(), Zones: zoneOptions(p.T("account.zone_inherit"), in.Fields.TimeZone), Languages: s.languageOptions(p),
		TimeZone: d.TimeZone, Language: d.Language, RefsText: refsText(in.Refs), Theirs: theirs,
		Form: form})
}

func (s *Server) languageOptions(p i18n.Printer) []part.Option {
	out := s.languages(p)
	out[0].Label = p.T("account.language_inherit")
	return out
}

func (s *Server) saveAccount(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	d, err := s.details(r, by)
	if err != nil {
		return err
	}
	return s.saveProperties(w, r, by, d, s.editingPage(w, r, by, d))
}

// saveProperties saves the form of an account on whatever surface it stands.
func (s *Server) saveProperties(w http.ResponseWriter, r *http.Request, by authz.Actor, d account.Details, on surface) error {
	f, err := readForm(w, r, accountForm...)
	if err != nil {
		return err
	}
	in := account.UpdateInput{NoEnd: f.ticked("no_end"), Fields: account.Fields{Name: f.text("name"), LegalName: f.text("legal_name"), Email: f.text("email"), Phone: f.text("phone"), Website: f.text("website"),
		Address: f.text("address"), Industry: f.text("industry"), TimeZone: f.text("time_zone"), Language: f.text("language"),
		MembershipStart: f.text("membership_start"), MembershipEnd: f.text("membership_end"), Refs: parseRefs(f.text("refs"))}}
	if f.sent("package") && d.CanAssign() {
		pkg := ids.Package(f.text("package"))
		in.Fields.Package = &pkg
	}
	if in.Version, err = strconv.ParseInt(f.text("version"), 10, 64); err != nil {
		return errs.New(errs.Invalid, "form.version", "Load the page again. The form was incomplete.")
	}
	err = s.Accounts.Update(r.Context(), by, d.ID, in)
	var stale *account.Stale
	switch {
	case err == nil:
		s.setFlash(w, "account_saved")
		return seeOther(w, r, on.done(properties))
	case errors.As(err, &stale):
		return s.showStale(r, by, on, d, in, stale)
	}
	remarks, status, err := remarksOn(i18n.From(r.Context()), err)
	if err != nil {
		return err
	}
	return s.showEdit(r, by, on, status, d, in, remarks, nil)
}

// showStale shows both versions. Saving again saves what was typed over the stored version, knowingly.
func (s *Server) showStale(r *http.Request, by authz.Actor, on surface, d account.Details, in account.UpdateInput, stale *account.Stale) error {
	p := i18n.From(r.Context())
	t := stale.Theirs
	v := &clients.Theirs{Saved: p.DateTime(t.UpdatedAt)}
	differ := func(key, theirs, yours string) {
		if theirs != yours {
			v.Facts = append(v.Facts, clients.Differ{Label: p.T("account." + key), Theirs: theirs, Yours: yours})
		}
	}
	differ("name", t.Name, in.Name)
	differ("legal_name", t.LegalName, in.LegalName)
	differ("email", t.Email, in.Email)
	differ("phone", t.Phone, in.Phone)
	differ("website", t.Website, in.Website)
	differ("industry", t.Industry, in.Industry)
	differ("address", t.Address, strings.ReplaceAll(in.Address, "\r\n", "\n"))
	if d.CanParentFields() {
		differ("membership_start", string(t.MembershipStart), in.MembershipStart)
		differ("membership_end", string(t.MembershipEnd), in.MembershipEnd)
		if in.Package != nil && *in.Package != t.Package {
			choices, err := s.packageOptions(r, by, d.ID, t.Package, t.PackageName)
			if err != nil {
				return err
			}
			named := func(id ids.Package) string {
				for _, c := range choices {
					if c.Value == string(id) {
						return c.Label
					}
				}
				return ""
			}
			v.Facts = append(v.Facts, clients.Differ{Label: p.T("packages.package"), Theirs: named(t.Package), Yours: named(*in.Package)})
		}
		differ("refs", refsText(stale.Refs), refsText(in.Refs))
	}
	in.Version = t.Version
	return s.showEdit(r, by, on, http.StatusConflict, d, in, part.Remarks{}, v)
}

// refsText writes references one a line, as parseRefs reads them.
func refsText(refs []account.Ref) string {
	lines := make([]string, len(refs))
	for i, r := range refs {
		lines[i] = r.Source + ": " + r.Reference
	}
	return strings.Join(lines, "\n")
}

func parseRefs(text string) []account.Ref {
	var out []account.Ref
	for line := range strings.Lines(text) {
		source, reference, _ := strings.Cut(line, ":")
		out = append(out, account.Ref{Source: strings.TrimSpace(source), Reference: strings.TrimSpace(reference)})
	}
	return out
}

// newKinds are the accounts made on a page of their own, by the word in its address.
var newKinds = map[string]account.Kind{"resellers": account.Reseller, "departments": account.Department}

func (s *Server) newReseller(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showNew(w, r, by, http.StatusOK, "resellers", account.Fields{}, part.Remarks{})
}

func (s *Server) newDepartment(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.showNew(w, r, by, http.StatusOK, "departments", account.Fields{}, part.Remarks{})
}

func (s *Server) createReseller(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.createBelow(w, r, by, "resellers")
}

func (s *Server) createDepartment(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	return s.createBelow(w, r, by, "departments")
}

func (s *Server) showNew(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, list string, typed account.Fields, remarks part.Remarks) error {
	d, err := s.details(r, by)
	if err != nil {
		return err
	}
	if !d.Can(newKinds[list].Perm("create")) {
		return authz.Denied()
	}
	p := i18n.From(r.Context())
	nav := navOf(by, d, properties)
	if list == "resellers" {
		nav = list
	}
	title := p.T(list + ".new")
	frame, err := s.frame(w, r, by, place{title: title, nav: nav})
	if err != nil {
		return err
	}
	at := accountPath(d.ID, "/"+list)
	return s.render(w, r, status, clients.NewAccount{Page: frame, Title: title, Text: p.T("account.new_below", "name", d.Name), Back: at,
		Form: clients.Form{Action: at + "/new", Typed: typed, Errors: remarks.Fields, Problem: remarks.Problem}})
}

func (s *Server) createBelow(w http.ResponseWriter, r *http.Request, by authz.Actor, list string) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "name", "email", "phone")
	if err != nil {
		return err
	}
	in := account.CreateInput{Kind: newKinds[list], Fields: account.Fields{Name: f.text("name"), Email: f.text("email"), Phone: f.text("phone")}}
	made, err := s.Accounts.Create(r.Context(), by, id, in)
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		return s.showNew(w, r, by, status, list, in.Fields, remarks)
	}
	s.setFlash(w, "account_created", "name", made.Name)
	return seeOther(w, r, accountPath(made.ID, ""))
}
