package exchange

import (
	"context"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/task"
)

// contactRows writes contacts as their viewer sees them: masked where they see them masked.
func (s *Service) contactRows(r *task.Run, in Export) nextRows {
	return func(ctx context.Context, cursor string) ([][]string, string, error) {
		q := in.Contacts
		q.Cursor = cursor
		found, err := s.Contacts.ExportPage(ctx, r.By, r.Account, q)
		if err != nil {
			return nil, "", err
		}
		names, err := s.listNames(ctx, r)
		if err != nil {
			return nil, "", err
		}
		var out [][]string
		for _, c := range found.Contacts {
			var on, details []string
			for _, l := range found.On[c.ID] {
				on = append(on, names[l])
			}
			for _, d := range c.Details {
				details = append(details, d.Name+": "+d.Value)
			}
			out = append(out, []string{string(c.ID), c.Name, c.Email, c.Phone, c.Language, strings.Join(on, "\n"), strings.Join(details, "\n"), c.CreatedAt.Format(dateForm)})
		}
		return out, found.Next, nil
	}
}

// listNames are the names of the account's lists, for whoever may see them.
func (s *Service) listNames(ctx context.Context, r *task.Run) (map[ids.List]string, error) {
	all, err := s.Contacts.Lists(ctx, r.By, r.Account)
	if errs.KindOf(err) == errs.Denied {
		return nil, nil //nolint:nilerr // the file says less
	}
	out := make(map[ids.List]string, len(all))
	for _, l := range all {
		out[l.ID] = l.Name
	}
	return out, err
}

func (s *Service) suppressionRows(r *task.Run, in Export) nextRows {
	return func(ctx context.Context, cursor string) ([][]string, string, error) {
		q := in.Suppressions
		q.Cursor = cursor
		found, err := s.Contacts.ExportSuppressions(ctx, r.By, r.Account, q)
		if err != nil {
			return nil, "", err
		}
		var out [][]string
		for _, x := range found.Suppressions {
			out = append(out, []string{x.Address, x.ListName, string(x.Reason), x.At.Format(dateForm)})
		}
		return out, found.Next, nil
	}
}

// contactLoader imports contacts.
type contactLoader struct {
	s   *Service
	r   *task.Run
	how account.Importing
}

func (l *contactLoader) read(m mapping, cells []string) (line, error) {
	at := func(column string) string { return m.cell(cells, column) }
	in := contact.Incoming{ID: ids.Contact(at("id")), Has: m.has(), ListNames: parts(at("lists")),
		Input: contact.Input{Email: at("email"), Phone: at("phone"), Name: at("name"), Language: at("language")}}
	var c errs.Collector
	for text := range strings.Lines(at("details")) {
		if strings.TrimSpace(text) == "" {
			continue
		}
		name, value, found := strings.Cut(text, ":")
		if !found {
			c.Add("details", "import.detail_form", "Write details as name: value, one in each line of the cell.")
			continue
		}
		in.Details = append(in.Details, contact.Detail{Name: name, Value: value})
	}
	out := line{row: in, why: c.Err()}
	if in.Email != "" {
		out.keys = []once{{"email", ids.Fold(in.Email)}}
	}
	return out, nil
}

// parts are the names that stand in a cell, a line each or with semicolons between them.
func parts(cell string) (out []string) {
	for _, name := range strings.FieldsFunc(cell, func(r rune) bool { return r == ';' || r == '\n' }) {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

func contactsOf(rows []any) []contact.Incoming {
	out := make([]contact.Incoming, len(rows))
	for i, r := range rows {
		out[i], _ = r.(contact.Incoming) // read made it
	}
	return out
}

func contactFates(found []contact.Fate) []fate {
	out := make([]fate, len(found))
	for i, f := range found {
		out[i] = fate{exists: f.Exists, same: f.Same, why: f.Err}
	}
	return out
}

func (l *contactLoader) check(ctx context.Context, rows []any) ([]fate, error) {
	found, err := l.s.Contacts.CheckImport(ctx, l.r.By, l.r.Account, contactsOf(rows), l.how)
	return contactFates(found), err
}

func (l *contactLoader) apply(ctx context.Context, w *op.W, rows []any) ([]fate, error) {
	found, err := l.s.Contacts.ImportIn(ctx, w, contactsOf(rows), l.how)
	return contactFates(found), err
}

// suppressionLoader imports suppressions.
type suppressionLoader struct {
	s *Service
	r *task.Run
}

func (l *suppressionLoader) read(m mapping, cells []string) (line, error) {
	at := func(column string) string { return m.cell(cells, column) }
	return line{row: contact.IncomingStop{Address: at("address"), ListName: at("list"), Reason: at("reason")}}, nil
}

func suppressionsOf(rows []any) []contact.IncomingStop {
	out := make([]contact.IncomingStop, len(rows))
	for i, r := range rows {
		out[i], _ = r.(contact.IncomingStop) // read made it
	}
	return out
}

func suppressionFates(found []contact.StopFate) []fate {
	out := make([]fate, len(found))
	for i, f := range found {
		out[i] = fate{exists: f.Same, same: f.Same, why: f.Err}
	}
	return out
}

func (l *suppressionLoader) check(ctx context.Context, rows []any) ([]fate, error) {
	found, err := l.s.Contacts.CheckSuppressions(ctx, l.r.By, l.r.Account, suppressionsOf(rows))
	return suppressionFates(found), err
}

func (l *suppressionLoader) apply(ctx context.Context, w *op.W, rows []any) ([]fate, error) {
	found, err := l.s.Contacts.ImportSuppressionsIn(ctx, w, suppressionsOf(rows))
	return suppressionFates(found), err
}

// fullPerm is what whoever takes a file along needs when it holds details that others see masked.
func fullPerm(what What, sc authz.Scope) authz.Perm {
	if (what == Contacts || what == Suppressions) && sc.Has(authz.ContactsViewFull) {
		return authz.ContactsViewFull
	}
	return what.CanExport()
}
