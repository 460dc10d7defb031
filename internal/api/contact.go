package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/contact"
	"bailiwick/internal/exchange"
	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
)

func (a *API) contactOperations() {
	tag := "Contacts"
	add(a, operation{id: "listContacts", route: "GET /accounts/{account}/contacts", tag: tag, perm: authz.ContactsView, about: "List the contacts of an account by name",
		more: "Without `contacts.view_full` what the account masks is masked here, too."}, a.listContacts)
	add(a, operation{id: "createContact", route: "POST /accounts/{account}/contacts", tag: tag, perm: authz.ContactsEdit, status: http.StatusCreated, about: "Add a contact"}, a.createContact)
	add(a, operation{id: "getContact", route: "GET /accounts/{account}/contacts/{contact}", tag: tag, perm: authz.ContactsView, about: "Get a contact, its lists and what keeps messages from it"}, a.getContact)
	add(a, operation{id: "editContact", route: "PATCH /accounts/{account}/contacts/{contact}", tag: tag, perm: authz.ContactsEdit, about: "Edit a contact",
		more: "What is masked for the key stays, unless it is sent in full."}, a.editContact)
	add(a, operation{id: "removeContact", route: "DELETE /accounts/{account}/contacts/{contact}", tag: tag, perm: authz.ContactsEdit, about: "Remove a contact",
		more: "What it has unsubscribed from stays suppressed."}, a.removeContact)
	add(a, operation{id: "askContact", route: "POST /accounts/{account}/contacts/{contact}/ask", tag: tag, perm: authz.ContactsEdit, status: http.StatusNoContent,
		about: "Ask a contact again to confirm the lists that wait for it"}, a.askContact)
	add(a, operation{id: "exportContacts", route: "POST /accounts/{account}/contacts/export", tag: tag, perm: authz.ContactsExport, status: http.StatusAccepted, about: "Write contacts into a file",
		more: exportsAnswer}, a.exportContacts)

	tag = "Contact lists"
	add(a, operation{id: "listContactLists", route: "GET /accounts/{account}/contact-lists", tag: tag, perm: authz.ContactsView, about: "List the contact lists of an account by name"}, a.listContactLists)
	add(a, operation{id: "createContactList", route: "POST /accounts/{account}/contact-lists", tag: tag, perm: authz.ContactsEdit, status: http.StatusCreated, about: "Create a contact list"}, a.createContactList)
	add(a, operation{id: "getContactList", route: "GET /accounts/{account}/contact-lists/{list}", tag: tag, perm: authz.ContactsView, about: "Get a contact list"}, a.getContactList)
	add(a, operation{id: "editContactList", route: "PATCH /accounts/{account}/contact-lists/{list}", tag: tag, perm: authz.ContactsEdit, about: "Edit a contact list"}, a.editContactList)
	add(a, operation{id: "removeContactList", route: "DELETE /accounts/{account}/contact-lists/{list}", tag: tag, perm: authz.ContactsEdit, about: "Remove a contact list; its contacts stay"}, a.removeContactList)

	tag = "Suppressions"
	add(a, operation{id: "listSuppressions", route: "GET /accounts/{account}/suppressions", tag: tag, perm: authz.SuppressionsView, about: "List the addresses that an account sends nothing to, the newest first",
		more: "With `q` they are in the order of the addresses."}, a.listSuppressions)
	add(a, operation{id: "suppress", route: "POST /accounts/{account}/suppressions", tag: tag, perm: authz.SuppressionsEdit, status: http.StatusCreated, about: "Send nothing to an address, here and below"}, a.suppress)
	add(a, operation{id: "liftSuppression", route: "DELETE /accounts/{account}/suppressions/{suppression}", tag: tag, perm: authz.SuppressionsEdit, about: "Send to an address again"}, a.liftSuppression)
	add(a, operation{id: "exportSuppressions", route: "POST /accounts/{account}/suppressions/export", tag: tag, perm: authz.SuppressionsExport, status: http.StatusAccepted, about: "Write suppressions into a file",
		more: exportsAnswer}, a.exportSuppressions)
}

// Detail is a further detail of a contact.
type Detail struct {
	Name  string `json:"name" example:"City"`
	Value string `json:"value" example:"Lyon"`
}

// Contact is somebody whom an account sends to.
type Contact struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Phone     string    `json:"phone"`
	Name      string    `json:"name"`
	Language  string    `json:"language" doc:"A tag like fr; empty: the account's."`
	Details   []Detail  `json:"details"`
	Lists     []string  `json:"lists" doc:"The ids of the contact lists that it is on or was put on."`
	Masked    string    `json:"masked" enum:"nothing,addresses,all" doc:"What of it is masked for the key: nothing, the addresses and details, or the name as well."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Can       []string  `json:"can" doc:"What the key may do with contacts here."`
}

func contactBody(c contact.Contact, lists []ids.List, mine []string) Contact {
	out := Contact{string(c.ID), c.Email, c.Phone, c.Name, c.Language, make([]Detail, len(c.Details)), make([]string, len(lists)), string(c.Masked), c.CreatedAt, c.UpdatedAt, mine}
	for i, d := range c.Details {
		out.Details[i] = Detail(d)
	}
	for i, l := range lists {
		out.Lists[i] = string(l)
	}
	return out
}

// ContactRecord is all that is known of a contact.
type ContactRecord struct {
	Contact
	Subscriptions []Subscription `json:"subscriptions"`
	Stops         []Suppression  `json:"suppressions" doc:"What keeps messages from its addresses, here and above."`
}

// Subscription is a contact's place on a list.
type Subscription struct {
	List  string    `json:"list"`
	Name  string    `json:"name"`
	State string    `json:"state" enum:"active,pending" doc:"pending: until the contact confirms by mail."`
	Since time.Time `json:"since"`
}

type listContactsIn struct {
	AtAccount
	Turn
	Search string   `query:"q" maxLength:"200" doc:"The beginning of a name or an address; of what is masked, all of it."`
	List   ids.List `query:"list" maxLength:"64" doc:"Only those on this contact list."`
	Limit  int      `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Rows of a page."`
}

func (a *API) listContacts(ctx context.Context, by authz.Actor, in *listContactsIn) (*Answer[List[Contact]], error) {
	found, err := a.Contacts.Find(ctx, by, in.Account, contact.Query{Search: in.Search, List: in.List, Cursor: in.Cursor, Size: in.Limit})
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "contacts")
	if err != nil {
		return nil, err
	}
	out := List[Contact]{Items: make([]Contact, len(found.Contacts)), Next: found.Next}
	for i, c := range found.Contacts {
		out.Items[i] = contactBody(c, found.On[c.ID], mine)
	}
	return &Answer[List[Contact]]{out}, nil
}

type createContactIn struct {
	AtAccount
	Body struct {
		Email    string     `json:"email,omitempty"`
		Phone    string     `json:"phone,omitempty" doc:"Without an email it is the address."`
		Name     string     `json:"name,omitempty"`
		Language string     `json:"language,omitempty"`
		Details  []Detail   `json:"details,omitempty" maxItems:"50"`
		Lists    []ids.List `json:"lists,omitempty" maxItems:"200" doc:"The ids of the contact lists to put it on."`
	}
}

func detailsOf(all []Detail) []contact.Detail {
	out := make([]contact.Detail, len(all))
	for i, d := range all {
		out[i] = contact.Detail(d)
	}
	return out
}

func (a *API) createContact(ctx context.Context, by authz.Actor, in *createContactIn) (*Created, error) {
	b := in.Body
	id, err := a.Contacts.Create(ctx, by, in.Account, contact.Input{Email: b.Email, Phone: b.Phone, Name: b.Name, Language: b.Language, Details: detailsOf(b.Details), Lists: b.Lists})
	return made("/accounts/"+string(in.Account)+"/contacts/", id, err)
}

// AtContact names a contact in the path.
type AtContact struct {
	AtAccount
	Contact ids.Contact `path:"contact" doc:"The contact's id."`
}

func (a *API) getContact(ctx context.Context, by authz.Actor, in *AtContact) (*Item[ContactRecord], error) {
	c, err := a.Contacts.Get(ctx, by, in.Account, in.Contact)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "contacts", "suppressions")
	if err != nil {
		return nil, err
	}
	out := ContactRecord{Contact: contactBody(c.Contact, listsOf(c), mine), Subscriptions: make([]Subscription, len(c.Lists)), Stops: make([]Suppression, len(c.Stops))}
	for i, l := range c.Lists {
		out.Subscriptions[i] = Subscription{string(l.List), l.Name, string(l.State), l.Since}
	}
	for i, x := range c.Stops {
		out.Stops[i] = suppressionBody(x, mine)
	}
	return &Item[ContactRecord]{etag(c.Version), out}, nil
}

func listsOf(c contact.Record) []ids.List {
	out := make([]ids.List, len(c.Lists))
	for i, l := range c.Lists {
		out[i] = l.List
	}
	return out
}

type editContactIn struct {
	AtContact
	Edits
	Body struct {
		Email    *string     `json:"email,omitempty"`
		Phone    *string     `json:"phone,omitempty"`
		Name     *string     `json:"name,omitempty"`
		Language *string     `json:"language,omitempty"`
		Details  *[]Detail   `json:"details,omitempty" maxItems:"50" doc:"All of them."`
		Lists    *[]ids.List `json:"lists,omitempty" maxItems:"200" doc:"All that it shall be on."`
	}
}

func (a *API) editContact(ctx context.Context, by authz.Actor, in *editContactIn) (*Item[ContactRecord], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c, err := a.Contacts.Get(ctx, by, in.Account, in.Contact)
	if err != nil {
		return nil, err
	}
	if c.Masked != contact.MaskNothing { // what is not sent in full stays as it is
		c.Email, c.Phone = "", ""
	}
	if c.Masked == contact.MaskAll {
		c.Name = ""
	}
	b := in.Body
	upd := contact.Input{Email: or(b.Email, c.Email), Phone: or(b.Phone, c.Phone), Name: or(b.Name, c.Name), Language: or(b.Language, c.Language), Details: c.Details, Lists: or(b.Lists, listsOf(c)), Version: version}
	if b.Details != nil {
		upd.Details = detailsOf(*b.Details)
	}
	if err := a.Contacts.Edit(ctx, by, in.Account, in.Contact, upd); err != nil {
		return nil, err
	}
	return a.getContact(ctx, by, &in.AtContact)
}

func (a *API) removeContact(ctx context.Context, by authz.Actor, in *AtContact) (*struct{}, error) {
	return nil, a.Contacts.Remove(ctx, by, in.Account, in.Contact)
}

func (a *API) askContact(ctx context.Context, by authz.Actor, in *AtContact) (*Done, error) {
	return done(a.Contacts.AskAgain(ctx, by, in.Account, in.Contact))
}

type exportContactsIn struct {
	AtAccount
	Body struct {
		ExportForm
		Search string   `json:"q,omitempty" maxLength:"200" doc:"The beginning of a name or an address."`
		List   ids.List `json:"list,omitempty" maxLength:"64" doc:"Only those on this contact list."`
	}
}

func (a *API) exportContacts(ctx context.Context, by authz.Actor, in *exportContactsIn) (*Created, error) {
	return a.export(ctx, by, in.Account, exchange.Export{What: exchange.Contacts, Format: sheet.Format(in.Body.Format), Contacts: contact.Query{Search: in.Body.Search, List: in.Body.List}})
}

// ContactList is a list of contacts.
type ContactList struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Public      bool     `json:"public" doc:"Contacts see it on their page and may join."`
	Contacts    int      `json:"contacts" doc:"How many are on it; 10,001 is more than 10,000."`
	Can         []string `json:"can" doc:"What the key may do with contacts here."`
}

func contactListBody(l contact.List, mine []string) ContactList {
	return ContactList{string(l.ID), l.Name, l.Description, l.Public, l.Contacts, mine}
}

func (a *API) listContactLists(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[List[ContactList]], error) {
	all, err := a.Contacts.Lists(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "contacts")
	if err != nil {
		return nil, err
	}
	out := List[ContactList]{Items: make([]ContactList, len(all))}
	for i, l := range all {
		out.Items[i] = contactListBody(l, mine)
	}
	return &Answer[List[ContactList]]{out}, nil
}

type createContactListIn struct {
	AtAccount
	Body struct {
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
		Public      bool   `json:"public,omitempty" doc:"Contacts see it on their page and may join."`
	}
}

func (a *API) createContactList(ctx context.Context, by authz.Actor, in *createContactListIn) (*Created, error) {
	id, err := a.Contacts.AddList(ctx, by, in.Account, contact.ListInput{Name: in.Body.Name, Description: in.Body.Description, Public: in.Body.Public})
	return made("/accounts/"+string(in.Account)+"/contact-lists/", id, err)
}

// AtContactList names a contact list in the path.
type AtContactList struct {
	AtAccount
	List ids.List `path:"list" doc:"The contact list's id."`
}

func (a *API) getContactList(ctx context.Context, by authz.Actor, in *AtContactList) (*Item[ContactList], error) {
	l, err := a.Contacts.List(ctx, by, in.Account, in.List)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "contacts")
	if err != nil {
		return nil, err
	}
	return &Item[ContactList]{etag(l.Version), contactListBody(l, mine)}, nil
}

type editContactListIn struct {
	AtContactList
	Edits
	Body struct {
		Name        *string `json:"name,omitempty"`
		Description *string `json:"description,omitempty"`
		Public      *bool   `json:"public,omitempty"`
	}
}

func (a *API) editContactList(ctx context.Context, by authz.Actor, in *editContactListIn) (*Item[ContactList], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	l, err := a.Contacts.List(ctx, by, in.Account, in.List)
	if err != nil {
		return nil, err
	}
	b := in.Body
	upd := contact.ListInput{Name: or(b.Name, l.Name), Description: or(b.Description, l.Description), Public: or(b.Public, l.Public), Version: version}
	if err := a.Contacts.EditList(ctx, by, in.Account, in.List, upd); err != nil {
		return nil, err
	}
	return a.getContactList(ctx, by, &in.AtContactList)
}

func (a *API) removeContactList(ctx context.Context, by authz.Actor, in *AtContactList) (*struct{}, error) {
	return nil, a.Contacts.RemoveList(ctx, by, in.Account, in.List)
}

// Suppression is an address to which nothing is sent.
type Suppression struct {
	ID          string    `json:"id"`
	Account     string    `json:"account" doc:"Where it was recorded; it counts there and below."`
	AccountName string    `json:"account_name"`
	Address     string    `json:"address"`
	List        string    `json:"list,omitempty" doc:"The contact list that it is about; absent: everything."`
	ListName    string    `json:"list_name,omitempty"`
	Reason      string    `json:"reason" enum:"unsubscribed,bounced,complained,manual"`
	At          time.Time `json:"at"`
	Can         []string  `json:"can" doc:"What the key may do with suppressions here."`
}

func suppressionBody(x contact.Suppression, mine []string) Suppression {
	return Suppression{string(x.ID), string(x.Account), x.AccountName, x.Address, string(x.List), x.ListName, string(x.Reason), x.At, mine}
}

type listSuppressionsIn struct {
	AtAccount
	Turn
	Search string `query:"q" maxLength:"200" doc:"The beginning of an address; of one that is masked, all of it."`
	Reason string `query:"reason" enum:"unsubscribed,bounced,complained,manual"`
}

func (a *API) listSuppressions(ctx context.Context, by authz.Actor, in *listSuppressionsIn) (*Answer[List[Suppression]], error) {
	found, err := a.Contacts.Suppressions(ctx, by, in.Account, contact.SuppressionQuery{Search: in.Search, Reason: contact.Reason(in.Reason), Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "suppressions")
	if err != nil {
		return nil, err
	}
	out := List[Suppression]{Items: make([]Suppression, len(found.Suppressions)), Next: found.Next}
	for i, x := range found.Suppressions {
		out.Items[i] = suppressionBody(x, mine)
	}
	return &Answer[List[Suppression]]{out}, nil
}

type suppressIn struct {
	AtAccount
	Body struct {
		Address string   `json:"address" doc:"An email address or a phone number."`
		List    ids.List `json:"list,omitempty" maxLength:"64" doc:"Only what is sent to this contact list."`
		Reason  string   `json:"reason,omitempty" enum:"unsubscribed,bounced,complained,manual" doc:"Without it: manual."`
	}
}

func (a *API) suppress(ctx context.Context, by authz.Actor, in *suppressIn) (*Created, error) {
	id, err := a.Contacts.Suppress(ctx, by, in.Account, contact.SuppressInput{Address: in.Body.Address, List: in.Body.List, Reason: contact.Reason(in.Body.Reason)})
	return made("/accounts/"+string(in.Account)+"/suppressions/", id, err)
}

type atSuppression struct {
	AtAccount
	Suppression ids.Suppressed `path:"suppression" doc:"The suppression's id."`
}

func (a *API) liftSuppression(ctx context.Context, by authz.Actor, in *atSuppression) (*struct{}, error) {
	return nil, a.Contacts.Lift(ctx, by, in.Account, in.Suppression)
}

type exportSuppressionsIn struct {
	AtAccount
	Body struct {
		ExportForm
		Search string `json:"q,omitempty" maxLength:"200" doc:"The beginning of an address."`
		Reason string `json:"reason,omitempty" enum:"unsubscribed,bounced,complained,manual"`
	}
}

func (a *API) exportSuppressions(ctx context.Context, by authz.Actor, in *exportSuppressionsIn) (*Created, error) {
	return a.export(ctx, by, in.Account, exchange.Export{What: exchange.Suppressions, Format: sheet.Format(in.Body.Format),
		Suppressions: contact.SuppressionQuery{Search: in.Body.Search, Reason: contact.Reason(in.Body.Reason)}})
}
