package exchange

import (
	"slices"
	"strings"

	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Column is one column of a list's file.
type Column struct {
	Name     string   // its head, and the key of its explanation
	Field    string   // the field that remarks on it name, Name unless given
	Example  string   // in the template; "" for columns that are only written
	Required bool     // of every new line
	ReadOnly bool     // written by exports; imports pass over it
	Date     bool     // a workbook may hold it as a number of days
	Private  bool     // remarks do not repeat what it holds
	also     []string // other heads that are understood
}

func (c Column) field() string {
	if c.Field != "" {
		return c.Field
	}
	return c.Name
}

type columns []Column

func (cs columns) names() []string {
	out := make([]string, len(cs))
	for i, c := range cs {
		out[i] = c.Name
	}
	return out
}

// Columns lists the columns of a list, in the order of its files.
func Columns(w What) []Column { return slices.Clone(columnsOf[w]) }

// columnsOf are the columns of each list. A name, once published, stays.
var columnsOf = map[What]columns{
	Clients: {
		{Name: "id", also: []string{"client_id"}},
		{Name: "name", Example: "Acme Holdings", Required: true, also: []string{"client", "company", "account"}},
		{Name: "legal_name", Example: "Acme Holdings Ltd"},
		{Name: "email", Example: "office@acme.example.com", also: []string{"e_mail", "email_address", "e_mail_address"}},
		{Name: "phone", Example: "+33 1 70 18 99 00", also: []string{"telephone", "phone_number"}},
		{Name: "address", Example: "12 Rue de Rivoli, 75004 Paris"},
		{Name: "website", Example: "https://acme.example.com", also: []string{"url", "web"}},
		{Name: "industry", Example: "Retail"},
		{Name: "time_zone", Example: "Europe/Paris", also: []string{"timezone"}},
		{Name: "language", Example: "fr"},
		{Name: "membership_start", Example: "2026-01-01", Date: true, also: []string{"start", "starts"}},
		{Name: "membership_end", Example: "2027-12-31", Required: true, Date: true, also: []string{"end", "ends", "end_date", "membership_ends"}},
		{Name: "package", Example: "", also: []string{"plan"}},
		{Name: "limits", Example: "email_month: 50000"},
		{Name: "references", Field: "refs", Example: "billing: C-1042", also: []string{"reference", "external_reference", "external_references"}},
		{Name: "reseller", also: []string{"parent"}},
		{Name: "owner_email", Example: "marie.durand@acme.example.com", also: []string{"owner"}},
		{Name: "status", ReadOnly: true},
		{Name: "users", ReadOnly: true},
		{Name: "locations", ReadOnly: true},
		{Name: "created", ReadOnly: true},
	},
	Users: {
		{Name: "id", ReadOnly: true},
		{Name: "name", Example: "Marie Durand", also: []string{"full_name"}},
		{Name: "email", Example: "marie.durand@acme.example.com", Required: true, also: []string{"e_mail", "email_address", "e_mail_address"}},
		{Name: "role", Example: "user"},
		{Name: "permissions", Field: "modules", Example: "locations.view reports.view"},
		{Name: "sub_accounts", Field: "subaccounts", Example: "all", also: []string{"subaccounts"}},
		{Name: "job_title", Example: "Head of marketing"},
		{Name: "phone", Example: "+33 1 70 18 99 01"},
		{Name: "status", ReadOnly: true},
		{Name: "created", ReadOnly: true},
	},
	Locations: {
		{Name: "id", also: []string{"location_id"}},
		{Name: "name", Example: "Paris office", Required: true, also: []string{"location"}},
		{Name: "address", Example: "12 Rue de Rivoli, 75004 Paris"},
		{Name: "country", Example: "FR", also: []string{"country_code"}},
		{Name: "time_zone", Example: "Europe/Paris", also: []string{"timezone"}},
		{Name: "created", ReadOnly: true},
	},
	Contacts: {
		{Name: "id", also: []string{"contact_id"}},
		{Name: "name", Example: "Marie Durand", Private: true, also: []string{"full_name"}},
		{Name: "email", Example: "marie.durand@acme.example.com", Private: true, also: []string{"e_mail", "email_address", "e_mail_address"}},
		{Name: "phone", Example: "+33 1 70 18 99 01", Private: true, also: []string{"telephone", "phone_number", "mobile"}},
		{Name: "language", Example: "fr"},
		{Name: "lists", Example: "Newsletter", also: []string{"list"}},
		{Name: "details", Example: "City: Paris", Private: true, also: []string{"fields"}},
		{Name: "created", ReadOnly: true},
	},
	Suppressions: {
		{Name: "address", Example: "marie.durand@acme.example.com", Required: true, Private: true, also: []string{"email", "e_mail", "email_address", "phone"}},
		{Name: "list", Example: "Newsletter"},
		{Name: "reason", Example: "manual"},
		{Name: "added", ReadOnly: true},
	},
}

// mapping says which cell of a row holds which column.
type mapping struct {
	columns columns
	heads   []string
	at      map[string]int // by the column's name
	unknown []string
}

// key is a head as it is compared: "Membership end" is membership_end.
func key(head string) string {
	folded := ids.Fold(head)
	return strings.Trim(strings.Join(strings.FieldsFunc(folded, func(r rune) bool { return strings.ContainsRune(" \t\n-_./*", r) }), "_"), "_:")
}

// mapHeads finds the columns of a list among the heads of a file.
func mapHeads(w What, heads []string) (mapping, error) {
	m := mapping{columnsOf[w], heads, map[string]int{}, nil}
	for i, h := range heads {
		k := key(h)
		if k == "" {
			continue
		}
		n := slices.IndexFunc(m.columns, func(c Column) bool { return c.Name == k || slices.Contains(c.also, k) })
		if n < 0 {
			m.unknown = append(m.unknown, h)
			continue
		}
		name := m.columns[n].Name
		if _, twice := m.at[name]; twice {
			return m, errs.Field("file", "import.column_twice", "Keep one column {column}. The file has two.", "column", name)
		}
		m.at[name] = i
	}
	for _, c := range m.columns {
		if _, there := m.at[c.Name]; !there && c.Required && c.Name != "membership_end" {
			return m, errs.Field("file", "import.column_missing", "Add the column {column}. Its name stands in the first line.", "column", c.Name)
		}
	}
	return m, nil
}

// cell is the text of a column in a row, trimmed.
func (m mapping) cell(cells []string, column string) string {
	i, there := m.at[column]
	if !there || i >= len(cells) {
		return ""
	}
	return strings.TrimSpace(cells[i])
}

// has lists the fields that the file has.
func (m mapping) has() []string {
	var out []string
	for _, c := range m.columns {
		if _, there := m.at[c.Name]; there && !c.ReadOnly {
			out = append(out, c.field())
		}
	}
	return out
}

// column is the head, as the file has it, of the column that a field stands in.
func (m mapping) column(field string) (name string, at int, private bool) {
	for _, c := range m.columns {
		if c.field() == field {
			if i, there := m.at[c.Name]; there {
				return m.heads[i], i, c.Private
			}
			return c.Name, -1, c.Private
		}
	}
	return "", -1, false
}
