package web

import (
	"net/http"

	"bailiwick/internal/account"
	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/subaccount"
	"bailiwick/internal/usage"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/clients"
	"bailiwick/internal/web/ui/part"
)

// The rows that a card of the overview shows.
const (
	departmentsShown = 5
	subsShown        = 5
	leadersShown     = 3
	locationsShown   = 3
	eventsShown      = 5
)

// accountPage is the overview of an account.
func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	d, err := s.details(r, by)
	if err != nil {
		return err
	}
	subs, err := s.subCount(r, by, d)
	if err != nil {
		return err
	}
	leaders, err := s.leaders(r, by, d)
	if err != nil {
		return err
	}
	v := clients.Overview{At: accountPath(d.ID, ""), Facts: accountFacts(i18n.From(r.Context()), d, leaders), CanActivity: d.Can(authz.AuditView)}
	if d.Can(authz.QuotasView) {
		if v.Quota, err = s.overviewQuota(r, by, d); err != nil {
			return err
		}
	}
	if v.Departments, err = s.departmentsCard(r, by, d); err != nil {
		return err
	}
	if v.Subs, err = s.subsCard(r, by, d, subs); err != nil {
		return err
	}
	if v.Users, err = s.usersCard(r, by, d, leaders); err != nil {
		return err
	}
	if v.Locations, err = s.locationsCard(r, by, d); err != nil {
		return err
	}
	if v.CanActivity {
		if v.Activity, _, err = s.activity(r, by, d.ID, audit.Filter{Limit: eventsShown}); err != nil {
			return err
		}
	}
	return s.recordWith(w, r, by, http.StatusOK, d, subs, "overview", v)
}

// sends reports whether an account of its kind has departments, sub-accounts and locations.
func sends(d account.Details) bool {
	return d.Kind == account.Customer || d.Kind == account.Department
}

// leaders are the first people who run the account; none for somebody who does not see them.
func (s *Server) leaders(r *http.Request, by authz.Actor, d account.Details) ([]user.Member, error) {
	if !d.Can(authz.UsersView) {
		return nil, nil
	}
	return s.Users.Leaders(r.Context(), by, d.ID, leadersShown)
}

func accountFacts(p i18n.Printer, d account.Details, leaders []user.Member) []part.Fact {
	var out []part.Fact
	add := func(key, text string) {
		if text != "" {
			out = append(out, part.Fact{Term: p.T("account." + key), Text: text})
		}
	}
	add("legal_name", d.LegalName)
	if d.Kind == account.Customer {
		out = append(out, membershipFact(p, d))
		if d.MembershipStart != "" {
			add("membership_start", p.Date(d.MembershipStart.Time()))
		}
		if d.Can(authz.PackagesView) {
			out = append(out, packageFact(p, d))
		}
	}
	out = append(out, ownerFact(p, d, leaders)...)
	add("email", d.Email)
	add("phone", d.Phone)
	add("address", d.Address)
	add("industry", d.Industry)
	add("parent", d.ParentName)
	add("time_zone", d.TimeZone.Value)
	for _, ref := range d.Refs {
		out = append(out, part.Fact{Term: p.T("account.ref"), Text: p.T("part.pair", "name", ref.Source, "value", ref.Reference)})
	}
	add("created", p.Date(d.CreatedAt))
	return out
}

// membershipFact is when the membership ends, and the way to change that.
func membershipFact(p i18n.Printer, d account.Details) part.Fact {
	out := part.Fact{Term: p.T("account.membership_end"), Text: p.T("account.no_end")}
	if d.MembershipEnd == "" {
		return out
	}
	out.Text = p.Date(d.MembershipEnd.Time())
	if d.CanParentFields() && !d.Closed() {
		out.Body = clients.Linked{Text: out.Text, Links: []part.Link{{Label: p.T("account.extend"), Href: accountPath(d.ID, "/edit#membership_end")}}}
	}
	return out
}

// packageFact is what the client has bought. Who sells it sees the package.
func packageFact(p i18n.Printer, d account.Details) part.Fact {
	out := part.Fact{Term: p.T("packages.package"), Text: d.PackageName}
	switch {
	case d.Package == "":
		out.Text = p.T("packages.none")
	case d.CanOpenPackage():
		out.Body = clients.Linked{Links: []part.Link{{Label: d.PackageName, Href: accountPath(d.Parent, "/packages/"+string(d.Package))}}}
	}
	return out
}

// ownerFact names the Owners.
func ownerFact(p i18n.Printer, d account.Details, leaders []user.Member) []part.Fact {
	var links []part.Link
	for _, m := range leaders {
		if m.Role == authz.Owner {
			links = append(links, part.Link{Label: m.Name, Href: accountPath(d.ID, "/users/"+string(m.ID))})
		}
	}
	if len(links) == 0 {
		return nil
	}
	return []part.Fact{{Term: p.T("role.owner"), Body: clients.Linked{Links: links}}}
}

// departmentsCard shows the departments that have sent most this month, and for who does not see that the first; nil for somebody who
// does not see them.
func (s *Server) departmentsCard(r *http.Request, by authz.Actor, d account.Details) (*clients.DepartmentsCard, error) {
	if !sends(d) || !d.Can(authz.DepartmentsView) {
		return nil, nil
	}
	p := i18n.From(r.Context())
	card := &clients.DepartmentsCard{At: accountPath(d.ID, "/departments"), Count: p.Number(d.Departments), Subs: d.Can(authz.SubAccountsView), CanNew: d.Can(authz.DepartmentsCreate)}
	if d.Departments == 0 {
		return card, nil
	}
	var parts usage.Parts
	var err error
	if d.Can(authz.QuotasView) {
		channel := askedOf(r, d.ID).channel
		card.Share = p.T("usage.share_" + string(channel))
		if parts, err = s.Usage.Parts(r.Context(), by, d.ID, channel, usage.Departments); err != nil {
			return nil, err
		}
	}
	first, sent := mostSent(parts)
	if card.Rows, err = s.Accounts.TopDepartments(r.Context(), by, d.ID, first, departmentsShown); err != nil {
		return nil, err
	}
	if card.Share != "" {
		card.Shares = map[ids.Account]part.Meter{}
		for _, row := range card.Rows {
			card.Shares[row.ID] = shareOf(p, row.Name, sent[row.ID], parts.Units)
		}
	}
	return card, nil
}

// mostSent are the departments that have sent most, in order, and how much each.
func mostSent(parts usage.Parts) (first []ids.Account, sent map[ids.Account]int64) {
	sent = map[ids.Account]int64{}
	for _, x := range parts.Departments[:min(len(parts.Departments), departmentsShown)] {
		first, sent[ids.Account(x.ID)] = append(first, ids.Account(x.ID)), x.Units
	}
	return first, sent
}

// shareOf is what a part of an account has sent, of what the account has.
func shareOf(p i18n.Printer, name string, units, whole int64) part.Meter {
	return part.Meter{Label: p.T("usage.share_of", "name", name), Used: units, Limit: max(whole, units)}
}

// usersCard sums up the people of an account; nil for somebody who does not see them.
func (s *Server) usersCard(r *http.Request, by authz.Actor, d account.Details, leaders []user.Member) (*clients.UsersCard, error) {
	if !d.Can(authz.UsersView) {
		return nil, nil
	}
	n, err := s.Users.Count(r.Context(), by, d.ID)
	if err != nil {
		return nil, err
	}
	p := i18n.From(r.Context())
	card := &clients.UsersCard{At: accountPath(d.ID, "/users"), Active: p.Number(int64(n.Active)), Pending: p.Number(int64(n.Pending)), Deactivated: p.Number(int64(n.Deactivated))}
	for _, m := range leaders {
		role, _ := roleLabel(p, m.Role, m.RoleName)
		card.Leaders = append(card.Leaders, part.Ident{Avatar: part.Avatar{ID: string(m.User), Name: m.Name}, Title: m.Name, Href: card.At + "/" + string(m.ID), Sub: role})
	}
	return card, nil
}

// locationsCard lists the first places; nil for somebody who does not see them.
func (s *Server) locationsCard(r *http.Request, by authz.Actor, d account.Details) (*clients.LocationsCard, error) {
	if !sends(d) || !d.Can(authz.LocationsView) {
		return nil, nil
	}
	all, next, err := s.Accounts.Locations(r.Context(), by, d.ID, "")
	if err != nil {
		return nil, err
	}
	p := i18n.From(r.Context())
	card := &clients.LocationsCard{At: accountPath(d.ID, "/locations"), Rows: all[:min(len(all), locationsShown)]}
	switch {
	case d.Kind == account.Customer: // as its tab says, departments included
		card.Count = p.Number(d.Locations)
	case next != "":
		card.Count = p.T("clients.more_than", "n", p.Number(int64(len(all))))
	default:
		card.Count = p.Number(int64(len(all)))
	}
	return card, nil
}

// hasSubs reports whether the account can own sub-accounts that the reader may see.
func hasSubs(d account.Details) bool {
	return sends(d) && d.Can(authz.SubAccountsView)
}

func (s *Server) subCount(r *http.Request, by authz.Actor, d account.Details) (int, error) {
	if !hasSubs(d) {
		return 0, nil
	}
	return s.Subs.Count(r.Context(), by, d.ID)
}

// subsCard lists the first of n sub-accounts; nil for somebody who does not see them.
func (s *Server) subsCard(r *http.Request, by authz.Actor, d account.Details, n int) (*clients.SubsCard, error) {
	if !hasSubs(d) {
		return nil, nil
	}
	list, err := s.Subs.List(r.Context(), by, d.ID, subaccount.Query{})
	if err != nil {
		return nil, err
	}
	first := list.SubAccounts[:min(len(list.SubAccounts), subsShown)]
	p, channel := i18n.From(r.Context()), askedOf(r, d.ID).channel
	card := &clients.SubsCard{At: accountPath(d.ID, "/subaccounts"), Count: p.Number(int64(n)), CanNew: d.Can(authz.SubAccountsCreate) && !d.Closed()}
	sent, err := s.sentToday(r, by, d, channel, first)
	if err != nil {
		return nil, err
	}
	if d.Can(authz.QuotasView) {
		card.Sent = p.T("usage.today_" + string(channel))
	}
	for _, sub := range first {
		status := account.Active
		if sub.Suspended {
			status = account.Suspended
		}
		card.Rows = append(card.Rows, clients.SubRow{Name: sub.Name, Href: card.At + "/" + string(sub.ID), Purpose: p.T("subaccounts." + string(sub.Purpose)), Owner: sub.AccountName, Sent: p.Number(sent[sub.ID]), Status: status})
	}
	return card, nil
}

// sentToday is what each of some sub-accounts has sent; nothing for somebody who does not see that.
func (s *Server) sentToday(r *http.Request, by authz.Actor, d account.Details, channel quota.Channel, subs []subaccount.SubAccount) (map[ids.SubAccount]int64, error) {
	if !d.Can(authz.QuotasView) {
		return nil, nil
	}
	some := make([]ids.SubAccount, len(subs))
	for i, sub := range subs {
		some[i] = sub.ID
	}
	return s.Usage.Today(r.Context(), by, d.ID, channel, some)
}
