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
	add(a, operation{id: "listContacts", route: "GET /accounts/{account}/contacts", tag: tag, perm: authz.ContactsView, about: "List the contacts of an account",
		more: "Without contacts.view_full details are masked, as the account's rule says, and a search finds an address only when it is given in full."}, a.listContacts)
	add(a, operation{id: "createContact", route: "POST /accounts/{account}/contacts", tag: tag, perm: authz.ContactsEdit, status: http.StatusCreated, about: "Add a contact",
		more: "Where the account asks contacts to confirm, the contact waits on its lists until it has."}, a.createContact)
	add(a, operation{id: "getContact", route: "GET /accounts/{account}/contacts/{contact}", tag: tag, perm: authz.ContactsView, about: "Get a contact"}, a.getContact)
	add(a, operation{id: "editContact", route: "PATCH /accounts/{account}/contacts/{contact}", tag: tag, perm: authz.ContactsEdit, about: "Edit a contact",
		more: "Nobody is put back on a list that they left themselves."}, a.editContact)
	add(a, operation{id: "removeContact", route: "DELETE /accounts/{account}/contacts/{contact}", tag: tag, perm: authz.ContactsEdit, about: "Remove a contact",
		more: "What the contact unsubscribed from stays suppressed."}, a.removeContact)
	add(a, operation{id: "listContactLists", route: "GET /accounts/{account}/contact-lists", tag: tag, perm: authz.ContactsView, about: "List the lists of contacts of an account"}, a.listContactLists)
	add(a, operation{id: "createContactList", route: "POST /accounts/{account}/contact-lists", tag: tag, perm: authz.ContactsEdit, status: http.StatusCreated, about: "Make a list of contacts"}, a.createContactList)
	add(a, operation{id: "getContactList", route: "GET /accounts/{account}/contact-lists/{list}", tag: tag, perm: authz.ContactsView, about: "Get a list of contacts"}, a.getContactList)
	add(a, operation{id: "editContactList", route: "PATCH /accounts/{account}/contact-lists/{list}", tag: tag, perm: authz.ContactsEdit, about: "Edit a list of contacts"}, a.editContactList)
	add(a, operation{id: "removeContactList", route: "DELETE /accounts/{account}/contact-lists/{list}", tag: tag, perm: authz.ContactsEdit, about: "Remove a list; its contacts stay"}, a.removeContactList)
	tag = "Suppressions"
	add(a, operation{id: "listSuppressions", route: "GET /accounts/{account}/suppressions", tag: tag, perm: authz.SuppressionsView, about: "List the addresses to which an account sends nothing"}, a.listSuppressions)
	add(a, operation{id: "addSuppression", route: "POST /accounts/{account}/suppressions", tag: tag, perm: authz.SuppressionsEdit, status: http.StatusCreated, about: "Stop what an account and all below it send to an address"}, a.addSuppression)
	add(a, operation{id: "liftSuppression", route: "DELETE /accounts/{account}/suppressions/{suppression}", tag: tag, perm: authz.SuppressionsEdit, about: "Let an account send to an address again"}, a.liftSuppression)

	add(a, operation{id: "exportContacts", route: "POST /accounts/{account}/contacts/export", tag: "Contacts", perm: authz.ContactsExport, status: http.StatusAccepted, about: "Write the contacts of an account into a file",
		more: "It answers with a task. Ask for it until it is done, then download its result."}, a.exportContacts)
	add(a, operation{id: "exportSuppressions", route: "POST /accounts/{account}/suppressions/export", tag: tag, perm: authz.SuppressionsExport, status: http.StatusAccepted, about: "Write the suppressions of an account into a file",
		more: "It answers with a task. Ask for it until it is done, then download its result."}, a.exportSuppressions)
}

// ContactDetail is a further detail of a contact.
type ContactDetail struct {
	Name  string `json:"name" maxLength:"40"`
	Value string `json:"value" maxLength:"500"`
}

// Contact is somebody whom an account sends to.
type Contact struct {
	ID        string          `json:"id"`
	Email     string          `json:"email"`
	Phone     string          `json:"phone" doc:"Digits, led by + or not."`
	Name      string          `json:"name"`
	Language  string          `json:"language" doc:"A BCP 47 tag; empty: the account's."`
	Details   []ContactDetail `json:"details"`
	Lists     []string        `json:"lists" doc:"Ids of the lists that the contact is on."`
	Waiting   []string        `json:"waiting,omitempty" doc:"Of one contact: those of its lists that wait until it confirms."`
	Masked    string          `json:"masked" enum:"nothing,addresses,all" doc:"What the key sees masked: nothing, all but the name, or all."`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
	Can       []string        `json:"can" doc:"What the key may do with contacts here."`
}

func contactBody(c contact.Contact, on []ids.List, mine []string) Contact {
	out := Contact{ID: string(c.ID), Email: c.Email, Phone: c.Phone, Name: c.Name, Language: c.Language, Details: make([]ContactDetail, len(c.Details)), Lists: make([]string, len(on)),
		Masked: string(c.Masked), CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt, Can: mine}
	for i, d := range c.Details {
		out.Details[i] = ContactDetail(d)
	}
	for i, l := range on {
		out.Lists[i] = string(l)
	}
	return out
}

type listContactsIn struct {
	AtAccount
	Turn
	Search string   `query:"q" maxLength:"254" doc:"The beginning of a name, an address or a phone number; of what is masked, all of it."`
	List   ids.List `query:"list" maxLength:"64" doc:"Only those on a list, by its id."`
}

func (a *API) listContacts(ctx context.Context, by authz.Actor, in *listContactsIn) (*Answer[List[Contact]], error) {
	p, err := a.Contacts.Find(ctx, by, in.Account, contact.Query{Search: in.Search, List: in.List, Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "contacts")
	if err != nil {
		return nil, err
	}
	out := List[Contact]{Items: make([]Contact, len(p.Contacts)), Next: p.Next}
	for i, c := range p.Contacts {
		out.Items[i] = contactBody(c, p.On[c.ID], mine)
	}
	return &Answer[List[Contact]]{out}, nil
}

type createContactIn struct {
	AtAccount
	Body struct {
		Email    string          `json:"email,omitempty" doc:"Either this or the phone must be sent; it is unique in the account."`
		Phone    string          `json:"phone,omitempty" doc:"5 to 15 digits, with the country's code."`
		Name     string          `json:"name,omitempty"`
		Language string          `json:"language,omitempty" doc:"A BCP 47 tag; without it: the account's."`
		Details  []ContactDetail `json:"details,omitempty" maxItems:"10"`
		Lists    []ids.List      `json:"lists,omitempty" maxItems:"200" doc:"Ids of lists to be put on."`
	}
}

func detailsOf(in []ContactDetail) []contact.Detail {
	var out []contact.Detail
	for _, d := range in {
		out = append(out, contact.Detail(d))
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

func (a *API) getContact(ctx context.Context, by authz.Actor, in *AtContact) (*Item[Contact], error) {
	c, err := a.Contacts.Get(ctx, by, in.Account, in.Contact)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "contacts")
	if err != nil {
		return nil, err
	}
	var on []ids.List
	var waiting []string
	for _, l := range c.Lists {
		on = append(on, l.List)
		if l.State == contact.Pending {
			waiting = append(waiting, string(l.List))
		}
	}
	body := contactBody(c.Contact, on, mine)
	body.Waiting = waiting
	return &Item[Contact]{etag(c.Version), body}, nil
}

type editContactIn struct {
	AtContact
	Edits
	Body struct {
		Email    *string          `json:"email,omitempty"`
		Phone    *string          `json:"phone,omitempty"`
		Name     *string          `json:"name,omitempty"`
		Language *string          `json:"language,omitempty"`
		Details  *[]ContactDetail `json:"details,omitempty" maxItems:"10" doc:"All of them."`
		Lists    *[]ids.List      `json:"lists,omitempty" maxItems:"200" doc:"All of them, by their ids."`
	}
}

func (a *API) editContact(ctx context.Context, by authz.Actor, in *editContactIn) (*Item[Contact], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	c, err := a.Contacts.Get(ctx, by, in.Account, in.Contact)
	if err != nil {
		return nil, err
	}
	b := in.Body
	upd := contact.Input{Language: or(b.Language, c.Language), Version: version}
	// What the key sees masked stays when nothing is said of it.
	if c.Masked != contact.MaskNothing {
		c.Email, c.Phone, c.Details = "", "", nil
	}
	if c.Masked == contact.MaskAll {
		c.Name = ""
	}
	upd.Email, upd.Phone, upd.Name, upd.Details = or(b.Email, c.Email), or(b.Phone, c.Phone), or(b.Name, c.Name), c.Details
	if b.Details != nil {
		upd.Details = detailsOf(*b.Details)
	}
	for _, l := range c.Lists {
		upd.Lists = append(upd.Lists, l.List)
	}
	if b.Lists != nil {
		upd.Lists = *b.Lists
	}
	if err := a.Contacts.Edit(ctx, by, in.Account, in.Contact, upd); err != nil {
		return nil, err
	}
	return a.getContact(ctx, by, &in.AtContact)
}

func (a *API) removeContact(ctx context.Context, by authz.Actor, in *AtContact) (*struct{}, error) {
	return nil, a.Contacts.Remove(ctx, by, in.Account, in.Contact)
}

// ContactList is a list of contacts.
type ContactList struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Public       bool     `json:"public" doc:"Contacts see it on their page, and join and leave it there."`
	Contacts     int      `json:"contacts" doc:"On it, at most 10,000."`
	ContactsMore bool     `json:"contacts_more" doc:"There are more than that."`
	Can          []string `json:"can" doc:"What the key may do with contacts here."`
}

// mostOnList is the highest number of contacts that is said of a list.
const mostOnList = 10_000

func contactListBody(l contact.List, mine []string) ContactList {
	return ContactList{string(l.ID), l.Name, l.Description, l.Public, min(l.Contacts, mostOnList), l.Contacts > mostOnList, mine}
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
		Name        string `json:"name" doc:"Unique in the account."`
		Description string `json:"description,omitempty"`
		Public      bool   `json:"public,omitempty"`
	}
}

func (a *API) createContactList(ctx context.Context, by authz.Actor, in *createContactListIn) (*Created, error) {
	id, err := a.Contacts.AddList(ctx, by, in.Account, contact.ListInput{Name: in.Body.Name, Description: in.Body.Description, Public: in.Body.Public})
	return made("/accounts/"+string(in.Account)+"/contact-lists/", id, err)
}

// AtContactList names a list of contacts in the path.
type AtContactList struct {
	AtAccount
	List ids.List `path:"list" doc:"The list's id."`
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
	upd := contact.ListInput{Name: or(in.Body.Name, l.Name), Description: or(in.Body.Description, l.Description), Public: or(in.Body.Public, l.Public), Version: version}
	if err := a.Contacts.EditList(ctx, by, in.Account, in.List, upd); err != nil {
		return nil, err
	}
	return a.getContactList(ctx, by, &in.AtContactList)
}

func (a *API) removeContactList(ctx context.Context, by authz.Actor, in *AtContactList) (*struct{}, error) {
	return nil, a.Contacts.RemoveList(ctx, by, in.Account, in.List)
}

// Suppression is an address to which an account and all below it send nothing.
type Suppression struct {
	ID        string    `json:"id"`
	Address   string    `json:"address" doc:"An email address or a phone number; masked without contacts.view_full."`
	List      string    `json:"list" doc:"The list of which nothing is sent; empty: nothing at all."`
	ListName  string    `json:"list_name"`
	Reason    string    `json:"reason" enum:"unsubscribed,bounced,complained,manual"`
	CreatedAt time.Time `json:"created_at"`
	Can       []string  `json:"can" doc:"What the key may do with suppressions here."`
}

type listSuppressionsIn struct {
	AtAccount
	Turn
	Search string `query:"q" maxLength:"254" doc:"The beginning of an address; all of it where addresses are masked."`
	Reason string `query:"reason" enum:"unsubscribed,bounced,complained,manual"`
}

func (a *API) listSuppressions(ctx context.Context, by authz.Actor, in *listSuppressionsIn) (*Answer[List[Suppression]], error) {
	p, err := a.Contacts.Suppressions(ctx, by, in.Account, contact.SuppressionQuery{Search: in.Search, Reason: contact.Reason(in.Reason), Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "suppressions")
	if err != nil {
		return nil, err
	}
	out := List[Suppression]{Items: make([]Suppression, len(p.Suppressions)), Next: p.Next}
	for i, x := range p.Suppressions {
		out.Items[i] = Suppression{string(x.ID), x.Address, string(x.List), x.ListName, string(x.Reason), x.At, mine}
	}
	return &Answer[List[Suppression]]{out}, nil
}

type addSuppressionIn struct {
	AtAccount
	Body struct {
		Address string   `json:"address" doc:"An email address or a phone number."`
		List    ids.List `json:"list,omitempty" maxLength:"64" doc:"Only what is sent to a list; without it: everything."`
		Reason  string   `json:"reason,omitempty" enum:"unsubscribed,bounced,complained,manual" doc:"Without it: manual."`
	}
}

func (a *API) addSuppression(ctx context.Context, by authz.Actor, in *addSuppressionIn) (*Created, error) {
	id, err := a.Contacts.Suppress(ctx, by, in.Account, contact.SuppressInput{Address: in.Body.Address, List: in.Body.List, Reason: contact.Reason(in.Body.Reason)})
	return made("/accounts/"+string(in.Account)+"/suppressions/", id, err)
}

type liftSuppressionIn struct {
	AtAccount
	Suppression ids.Suppressed `path:"suppression" doc:"The suppression's id."`
}

func (a *API) liftSuppression(ctx context.Context, by authz.Actor, in *liftSuppressionIn) (*struct{}, error) {
	return nil, a.Contacts.Lift(ctx, by, in.Account, in.Suppression)
}

type exportContactsIn struct {
	AtAccount
	Body struct {
		ExportForm
		Search string   `json:"q,omitempty" maxLength:"254" doc:"As for the list."`
		List   ids.List `json:"list,omitempty" maxLength:"64" doc:"Only those on a list."`
	}
}

func (a *API) exportContacts(ctx context.Context, by authz.Actor, in *exportContactsIn) (*Created, error) {
	return a.export(ctx, by, in.Account, exchange.Export{What: exchange.Contacts, Format: sheet.Format(in.Body.Format), Contacts: contact.Query{Search: in.Body.Search, List: in.Body.List}})
}

type exportSuppressionsIn struct {
	AtAccount
	Body struct {
		ExportForm
		Search string `json:"q,omitempty" maxLength:"254" doc:"As for the list."`
		Reason string `json:"reason,omitempty" enum:"unsubscribed,bounced,complained,manual"`
	}
}

func (a *API) exportSuppressions(ctx context.Context, by authz.Actor, in *exportSuppressionsIn) (*Created, error) {
	return a.export(ctx, by, in.Account, exchange.Export{What: exchange.Suppressions, Format: sheet.Format(in.Body.Format), Suppressions: contact.SuppressionQuery{Search: in.Body.Search, Reason: contact.Reason(in.Body.Reason)}})
}
