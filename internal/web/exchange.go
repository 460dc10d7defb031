package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/exchange"
	"bailiwick/internal/file"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
	"bailiwick/internal/task"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/tasks"
)

// exchangeRoutes export lists and import into them.
func (s *Server) exchangeRoutes() []Route {
	var out []Route
	for _, what := range exchange.Lists() {
		at := "/a/{account}/" + string(what)
		out = append(out,
			Route{Pattern: "POST " + at + "/export", Signed: func(w http.ResponseWriter, r *http.Request, by authz.Actor) error { return s.export(w, r, by, what) }},
			Route{Pattern: "GET " + at + "/import", Signed: func(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
				return s.importPage(w, r, by, what)
			}},
			Route{Pattern: "POST " + at + "/import", Signed: func(w http.ResponseWriter, r *http.Request, by authz.Actor) error { return s.upload(w, r, by, what) }},
			Route{Pattern: "GET " + at + "/import/template", Signed: func(w http.ResponseWriter, r *http.Request, by authz.Actor) error { return s.template(w, r, by, what) }})
	}
	return append(out, Route{Pattern: "POST /a/{account}/tasks/{task}/confirm", Signed: s.confirmImport})
}

// export starts to write a list, as it is filtered and ordered, into a file.
func (s *Server) export(w http.ResponseWriter, r *http.Request, by authz.Actor, what exchange.What) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "format", "q", "status", "ends", "use", "reseller", "package", "sort", "order", "tab", "role", "list", "reason")
	if err != nil {
		return err
	}
	in := exchange.Export{What: what, Format: sheet.Format(f.text("format"))}
	switch what {
	case exchange.Clients:
		in.Clients = clientQuery(r.PostForm)
	case exchange.Users:
		in.Users = user.Query{Deactivated: f.text("tab") == "deactivated", Search: f.text("q"), Role: authz.Role(f.text("role")), Sort: user.Sort(f.text("sort")), Desc: f.text("order") == "desc"}
	case exchange.Contacts:
		in.Contacts = contact.Query{Search: f.text("q"), List: ids.List(f.text("list"))}
	case exchange.Suppressions:
		in.Suppressions = contact.SuppressionQuery{Search: f.text("q"), Reason: contact.Reason(f.text("reason"))}
	case exchange.Locations:
	}
	id, err := s.Exchange.Export(r.Context(), by, at, in)
	if err != nil {
		return err
	}
	return seeOther(w, r, taskPath(at, id))
}

func (s *Server) importPage(w http.ResponseWriter, r *http.Request, by authz.Actor, what exchange.What) error {
	return s.showImport(w, r, by, http.StatusOK, what, exchange.Options{}, part.Remarks{})
}

func (s *Server) showImport(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, what exchange.What, how exchange.Options, remarks part.Remarks) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	if err := s.Exchange.MayImport(r.Context(), by, at, what); err != nil {
		return err
	}
	p := i18n.From(r.Context())
	back := accountPath(at, "/"+string(what))
	title := p.T("import.title_" + string(what))
	v := tasks.Import{
		Title: title, What: string(what), Action: back + "/import", Back: back, Template: back + "/import/template", People: what == exchange.Users, Adds: what == exchange.Suppressions,
		Update: how.Update, Direct: how.Direct, MaxMB: exchange.MostBytes >> 20, Errors: remarks.Fields, Problem: remarks.Problem,
	}
	for _, c := range exchange.Columns(what) {
		if c.ReadOnly || what == exchange.Users && c.Name == "id" {
			continue
		}
		v.Columns = append(v.Columns, tasks.Column{Name: c.Name, Required: c.Required, Text: p.T("import.column_" + string(what) + "_" + c.Name), Example: c.Example})
	}
	if v.Page, err = s.frame(w, r, by, place{title: title, nav: string(what), crumbs: []part.Crumb{{Label: p.T("account.tab_" + string(what)), Href: back}, {Label: title}}}); err != nil {
		return err
	}
	return s.render(w, r, status, v)
}

// uploadForm is what an import's form sends besides its file.
var uploadForm = []string{"existing", "people"}

// upload takes a file in and starts to look through it. The file goes to the store as it arrives.
func (s *Server) upload(w http.ResponseWriter, r *http.Request, by authz.Actor, what exchange.What) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	if err := s.Exchange.MayImport(r.Context(), by, at, what); err != nil {
		return err
	}
	if ct, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || ct != "multipart/form-data" {
		if _, err := readForm(w, r, uploadForm...); err != nil {
			return err
		}
		return s.importAgain(w, r, by, what, exchange.Options{}, errs.Field("file", "file.missing", "Choose a file."))
	}
	r.Body = http.MaxBytesReader(w, r.Body, exchange.MostBytes+maxForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return unreadable()
	}
	var how exchange.Options
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return s.importAgain(w, r, by, what, how, errs.Field("file", "file.missing", "Choose a file."))
		}
		if err != nil {
			return unreadable()
		}
		if p.FormName() == "file" && p.FileName() != "" {
			id, err := s.Exchange.Upload(r.Context(), by, at, what, how, p.FileName(), p)
			if err != nil {
				return s.importAgain(w, r, by, what, how, tooLarge(err))
			}
			return seeOther(w, r, taskPath(at, id))
		}
		if err := readOption(p, &how); err != nil {
			return err
		}
	}
}

func unreadable() error {
	return errs.New(errs.Invalid, "form.unreadable", "Send the form again, with less in it. It could not be read.")
}

// tooLarge tells a body that was cut off from other errors.
func tooLarge(err error) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		return errs.Field("file", "file.too_large", "Choose a smaller file, or split it. It may have {max} MB.", "max", exchange.MostBytes>>20)
	}
	return err
}

// readOption reads a field that stands before the file.
func readOption(p *multipart.Part, how *exchange.Options) error {
	value, err := io.ReadAll(io.LimitReader(p, 100))
	if err != nil {
		return unreadable()
	}
	switch p.FormName() {
	case "existing":
		how.Update = string(value) == "update"
	case "people":
		how.Direct = string(value) == "create"
	case "file": // none was chosen
	default:
		return errs.New(errs.Invalid, "form.unknown_field", "Leave out the field {field}. This form does not have it.", "field", p.FormName())
	}
	return nil
}

func (s *Server) importAgain(w http.ResponseWriter, r *http.Request, by authz.Actor, what exchange.What, how exchange.Options, err error) error {
	remarks, status, err := remarksOn(i18n.From(r.Context()), err)
	if err != nil {
		return err
	}
	return s.showImport(w, r, by, status, what, how, remarks)
}

// template sends a file with the columns of a list and one line as an example.
func (s *Server) template(w http.ResponseWriter, r *http.Request, by authz.Actor, what exchange.What) error {
	at, err := accountOf(r)
	if err != nil {
		return err
	}
	if err := s.Exchange.MayImport(r.Context(), by, at, what); err != nil {
		return err
	}
	var names, example []string
	for _, c := range exchange.Columns(what) {
		if c.Example != "" {
			names, example = append(names, c.Name), append(example, c.Example)
		}
	}
	name := string(what) + "-template"
	if r.URL.Query().Get("format") == string(sheet.XLSX) {
		attach(w, name+".xlsx")
		book, err := sheet.NewWorkbook(w, names)
		if err != nil {
			return err
		}
		if err := book.Add(example); err != nil {
			return err
		}
		return book.Close()
	}
	head, err := sheet.Head(names)
	if err != nil {
		return err
	}
	line, err := sheet.Lines([][]string{example})
	if err != nil {
		return err
	}
	attach(w, name+".csv")
	_, err = w.Write(slices.Concat(head, line))
	return err
}

// attach has the browser save the body as a file.
func attach(w http.ResponseWriter, name string) {
	kind := "text/csv; charset=utf-8"
	switch path.Ext(name) {
	case ".xlsx":
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".ndjson":
		kind = "application/x-ndjson"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}

// confirmImport lets an import do its work.
func (s *Server) confirmImport(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, id, err := taskOf(r)
	if err != nil {
		return err
	}
	f, err := readForm(w, r, "leave_out")
	if err != nil {
		return err
	}
	err = s.Exchange.Confirm(r.Context(), by, at, id, f.ticked("leave_out"))
	if err != nil {
		remarks, status, err := remarksOn(i18n.From(r.Context()), err)
		if err != nil {
			return err
		}
		t, err := s.Tasks.Get(r.Context(), by, at, id)
		if err != nil {
			return err
		}
		return s.showTask(w, r, by, status, t, remarks)
	}
	return seeOther(w, r, taskPath(at, id))
}

// importFound is what an import shows on its task's page.
func (s *Server) importFound(p i18n.Printer, by authz.Actor, t task.Task, remarks part.Remarks) (tasks.Found, error) {
	var rep exchange.Report
	if err := t.Summary(&rep); err != nil {
		return tasks.Found{}, err
	}
	at := accountPath(t.Account, "/tasks/"+string(t.ID))
	v := tasks.Found{
		Report: rep, Done: t.State == task.Done, Stopped: !t.State.Open() && t.State != task.Done, Errors: remarks.Fields, Problem: remarks.Problem,
		List: accountPath(t.Account, "/"+string(exchange.Loads(t.Kind))), Again: accountPath(t.Account, "/"+string(exchange.Loads(t.Kind))+"/import"),
	}
	if t.State == task.Confirm && t.Owner == by.ID() && rep.New+rep.Updates > 0 {
		v.Confirm = at + "/confirm"
	}
	if t.Result != "" {
		v.Download = at + "/result"
	}
	for _, r := range rep.First {
		v.Rows = append(v.Rows, tasks.Remark{Line: p.Number(int64(r.Line)), Column: r.Column, Value: r.Value, Text: words(p, r.Problem)})
	}
	return v, nil
}

// sendRemarks writes the remarks on an import in the reader's language, as CSV.
func sendRemarks(w http.ResponseWriter, p i18n.Printer, f *file.Reader) error {
	attach(w, f.Name)
	heads := []string{p.T("import.line"), p.T("import.column"), p.T("import.value"), p.T("import.what_to_do")}
	return exchange.RemarksTable(w, f, heads, func(why errs.Problem) string { return words(p, why) })
}

// chosenClients reads the clients that are selected in the list.
func chosenClients(f form) ([]ids.Account, error) {
	var out []ids.Account
	for _, text := range f.all("id") {
		one, err := ids.ParseAccount(text)
		if err != nil {
			return nil, errs.NoSuch("account")
		}
		out = append(out, one)
	}
	return out, nil
}
