package remote

import (
	"fmt"
	"strings"

	"bailiwick/internal/api/client"
)

type contactsCmd struct {
	List   contactsList   `cmd:"" help:"List the contacts of the account by name."`
	Show   contactsShow   `cmd:"" help:"Show a contact, its lists and what keeps messages from it."`
	Create contactsCreate `cmd:"" help:"Add a contact to the account; prints its id."`
	Edit   contactsEdit   `cmd:"" help:"Change a contact; what is not named stays."`
	Ask    contactsAsk    `cmd:"" help:"Ask a contact again to confirm the lists that wait for it."`
	Remove contactsRemove `cmd:"" help:"Remove a contact; what it has unsubscribed from stays suppressed."`
	Import contactsImport `cmd:"" help:"Add contacts from a file, after a look through it."`
	Export contactsExport `cmd:"" help:"Write contacts into a file."`
	Lists  listsCmd       `cmd:"" help:"Contact lists: list, create, edit, remove."`
}

type contactsList struct {
	flags
	paging
	Search string `short:"q" help:"The beginning of a name or an address; of what is masked for you, all of it." placeholder:"TEXT"`
	On     string `help:"Only those on this contact list." placeholder:"ID"`
}

// Run lists contacts.
func (c contactsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Contact, string, error) {
		l, err := s.ListContacts(s.Ctx, at, client.ListContactsParams{Cursor: cursor, Search: c.Search, List: c.On, Limit: 500})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Contact, next string) any { return client.ListContact{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.Contact]{"id", func(x client.Contact) string { return x.ID }},
		column[client.Contact]{"name", func(x client.Contact) string { return x.Name }},
		column[client.Contact]{"email", func(x client.Contact) string { return x.Email }},
		column[client.Contact]{"phone", func(x client.Contact) string { return x.Phone }},
		column[client.Contact]{"language", func(x client.Contact) string { return x.Language }},
		column[client.Contact]{"created", func(x client.Contact) string { return day(x.CreatedAt) }})
}

type contactsShow struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run shows a contact.
func (c contactsShow) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	x, _, err := s.GetContact(s.Ctx, at, c.ID)
	if err != nil || s.json {
		return s.jsonOr(x, err)
	}
	rows := []string{"Id", x.ID, "Name", x.Name, "Email", x.Email, "Phone", x.Phone, "Language", x.Language}
	for _, d := range x.Details {
		rows = append(rows, d.Name, d.Value)
	}
	for _, l := range x.Subscriptions {
		rows = append(rows, "List", l.Name+" ("+l.State+")")
	}
	for _, stop := range x.Suppressions {
		rows = append(rows, "Suppressed", stop.Address+" ("+stop.Reason+")")
	}
	return facts(s.Out, append(rows, "Created", day(x.CreatedAt), "Changed", day(x.UpdatedAt))...)
}

// person are the fields of a contact besides its email.
type person struct {
	Phone    *string   `help:"Phone number." placeholder:"NUMBER"`
	Name     *string   `help:"Name." placeholder:"TEXT"`
	Language *string   `help:"Language, a tag like fr; empty for that of the account." placeholder:"TAG"`
	Detail   *[]string `help:"A further detail as NAME=VALUE, as often as needed; those named are all." placeholder:"NAME=VALUE"`
	On       *[]string `help:"The contact lists that it shall be on; those named are all." placeholder:"ID,..."`
}

// details reads NAME=VALUE pairs.
func (c person) details() (*[]client.Detail, error) {
	if c.Detail == nil {
		return nil, nil
	}
	out := []client.Detail{}
	for _, d := range *c.Detail {
		name, value, found := strings.Cut(d, "=")
		if !found {
			return nil, &Usage{fmt.Sprintf("Write the detail %s as NAME=VALUE.", d)}
		}
		out = append(out, client.Detail{Name: name, Value: value})
	}
	return &out, nil
}

type contactsCreate struct {
	flags
	person
	Email string `arg:"" optional:"" help:"Email address; it can be left out when there is a phone number."`
}

// Run adds a contact.
func (c contactsCreate) Run(p *Process) error {
	details, err := c.details()
	if err != nil {
		return err
	}
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	body := client.CreateContactInBody{Email: c.Email, Phone: text(c.Phone), Name: text(c.Name), Language: text(c.Language)}
	if details != nil {
		body.Details = *details
	}
	if c.On != nil {
		body.Lists = *c.On
	}
	return s.made(s.CreateContact(s.Ctx, at, body))
}

type contactsEdit struct {
	flags
	person
	ID    string  `arg:"" help:"Its id."`
	Email *string `help:"Email address." placeholder:"ADDRESS"`
}

// Run changes a contact.
func (c contactsEdit) Run(p *Process) error {
	details, err := c.details()
	if err != nil {
		return err
	}
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	_, version, err := s.GetContact(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	x, _, err := s.EditContact(s.Ctx, at, c.ID, version, client.EditContactInBody{Email: c.Email, Phone: c.Phone, Name: c.Name, Language: c.Language, Details: details, Lists: c.On})
	if err != nil || s.json {
		return s.jsonOr(x, err)
	}
	return s.done("Changed %s.", plain(x.ID))
}

type contactsAsk struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run asks a contact to confirm.
func (c contactsAsk) Run(p *Process) error {
	return c.one(p, "Asked", c.ID, func(s *session, at string) error { return s.AskContact(s.Ctx, at, c.ID) })
}

type contactsRemove struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run removes a contact.
func (c contactsRemove) Run(p *Process) error {
	return c.one(p, "Removed", c.ID, func(s *session, at string) error { return s.RemoveContact(s.Ctx, at, c.ID) })
}

type contactsImport struct{ load }

// Run brings contacts in.
func (c contactsImport) Run(p *Process) error {
	return c.load.load(p, func(s *session, at, name string, file client.File) (client.CreatedBody, error) {
		return s.ImportContacts(s.Ctx, at, client.ImportContactsParams{Name: name, Existing: c.existing()}, file)
	})
}

type contactsExport struct {
	flags
	target
	Search string `short:"q" help:"The beginning of a name or an address." placeholder:"TEXT"`
	On     string `help:"Only those on this contact list." placeholder:"ID"`
}

// Run writes contacts into a file.
func (c contactsExport) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.export(at, c.target, func(format string) (client.CreatedBody, error) {
		return s.ExportContacts(s.Ctx, at, client.ExportContactsInBody{Format: format, Search: c.Search, List: c.On})
	})
}

type listsCmd struct {
	List   listsList   `cmd:"" help:"List the contact lists of the account."`
	Create listsCreate `cmd:"" help:"Create a contact list; prints its id."`
	Edit   listsEdit   `cmd:"" help:"Change a contact list; what is not named stays."`
	Remove listsRemove `cmd:"" help:"Remove a contact list; its contacts stay."`
}

type listsList struct{ flags }

// Run lists contact lists.
func (c listsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(string) ([]client.ContactList, string, error) {
		l, err := s.ListContactLists(s.Ctx, at)
		return l.Items, l.Next, err
	}
	whole := func(rows []client.ContactList, next string) any {
		return client.ListContactList{Items: rows, Next: next}
	}
	return list(s, paging{}, unknown, read, whole,
		column[client.ContactList]{"id", func(l client.ContactList) string { return l.ID }},
		column[client.ContactList]{"name", func(l client.ContactList) string { return l.Name }},
		column[client.ContactList]{"public", func(l client.ContactList) string { return yes(l.Public) }},
		column[client.ContactList]{"contacts", func(l client.ContactList) string {
			if l.Contacts > mostCounted {
				return fmt.Sprintf("%d+", mostCounted)
			}
			return fmt.Sprint(l.Contacts)
		}})
}

// mostCounted is up to where contacts of a list are counted.
const mostCounted = 10_000

type listsCreate struct {
	flags
	Name        string `arg:"" help:"Its name."`
	Description string `help:"What it is about." placeholder:"TEXT"`
	Public      bool   `help:"Contacts see it on their page and may join."`
}

// Run creates a contact list.
func (c listsCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.made(s.CreateContactList(s.Ctx, at, client.CreateContactListInBody{Name: c.Name, Description: c.Description, Public: c.Public}))
}

type listsEdit struct {
	flags
	ID          string  `arg:"" help:"Its id."`
	Name        *string `help:"Its name." placeholder:"TEXT"`
	Description *string `help:"What it is about." placeholder:"TEXT"`
	Public      *bool   `help:"Contacts see it on their page and may join." negatable:""`
}

// Run changes a contact list.
func (c listsEdit) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	_, version, err := s.GetContactList(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	l, _, err := s.EditContactList(s.Ctx, at, c.ID, version, client.EditContactListInBody{Name: c.Name, Description: c.Description, Public: c.Public})
	if err != nil || s.json {
		return s.jsonOr(l, err)
	}
	return s.done("Changed %s.", plain(l.Name))
}

type listsRemove struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run removes a contact list.
func (c listsRemove) Run(p *Process) error {
	return c.one(p, "Removed", c.ID, func(s *session, at string) error { return s.RemoveContactList(s.Ctx, at, c.ID) })
}

type suppressionsCmd struct {
	List   suppressionsList   `cmd:"" help:"List the addresses that the account sends nothing to, the newest first."`
	Add    suppressionsAdd    `cmd:"" help:"Send nothing to an address, here and below; prints the id of the suppression."`
	Lift   suppressionsLift   `cmd:"" help:"Send to an address again."`
	Import suppressionsImport `cmd:"" help:"Add suppressions from a file, after a look through it."`
	Export suppressionsExport `cmd:"" help:"Write suppressions into a file."`
}

type suppressionsList struct {
	flags
	paging
	Search string `short:"q" help:"The beginning of an address; of one that is masked for you, all of it." placeholder:"TEXT"`
	Reason string `enum:",unsubscribed,bounced,complained,manual" default:"" help:"unsubscribed, bounced, complained or manual." placeholder:"REASON"`
}

// Run lists suppressions.
func (c suppressionsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Suppression, string, error) {
		l, err := s.ListSuppressions(s.Ctx, at, client.ListSuppressionsParams{Cursor: cursor, Search: c.Search, Reason: c.Reason})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Suppression, next string) any {
		return client.ListSuppression{Items: rows, Next: next}
	}
	return list(s, c.paging, unknown, read, whole,
		column[client.Suppression]{"id", func(x client.Suppression) string { return x.ID }},
		column[client.Suppression]{"address", func(x client.Suppression) string { return x.Address }},
		column[client.Suppression]{"reason", func(x client.Suppression) string { return x.Reason }},
		column[client.Suppression]{"list", func(x client.Suppression) string { return or(x.ListName, "all") }},
		column[client.Suppression]{"account", func(x client.Suppression) string { return x.AccountName }},
		column[client.Suppression]{"at", func(x client.Suppression) string { return moment(x.At) }})
}

type suppressionsAdd struct {
	flags
	Address string `arg:"" help:"Email address or phone number."`
	On      string `help:"Only what is sent to this contact list." placeholder:"ID"`
	Reason  string `enum:"unsubscribed,bounced,complained,manual" default:"manual" help:"unsubscribed, bounced, complained or manual." placeholder:"REASON"`
}

// Run adds a suppression.
func (c suppressionsAdd) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.made(s.Suppress(s.Ctx, at, client.SuppressInBody{Address: c.Address, List: c.On, Reason: c.Reason}))
}

type suppressionsLift struct {
	flags
	ID string `arg:"" help:"Its id."`
}

// Run lifts a suppression.
func (c suppressionsLift) Run(p *Process) error {
	return c.one(p, "Lifted", c.ID, func(s *session, at string) error { return s.LiftSuppression(s.Ctx, at, c.ID) })
}

type suppressionsImport struct{ load }

// Run brings suppressions in.
func (c suppressionsImport) Run(p *Process) error {
	return c.load.load(p, func(s *session, at, name string, file client.File) (client.CreatedBody, error) {
		return s.ImportSuppressions(s.Ctx, at, client.ImportSuppressionsParams{Name: name, Existing: c.existing()}, file)
	})
}

type suppressionsExport struct {
	flags
	target
	Search string `short:"q" help:"The beginning of an address." placeholder:"TEXT"`
	Reason string `enum:",unsubscribed,bounced,complained,manual" default:"" help:"unsubscribed, bounced, complained or manual." placeholder:"REASON"`
}

// Run writes suppressions into a file.
func (c suppressionsExport) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.export(at, c.target, func(format string) (client.CreatedBody, error) {
		return s.ExportSuppressions(s.Ctx, at, client.ExportSuppressionsInBody{Format: format, Search: c.Search, Reason: c.Reason})
	})
}
