// Package outline shows what lies below an account as a tree: resellers, customers, departments and their people.
//
// A node is opened by itself: what lies directly below it is found along an index, a page at a time, and what is shown
// beside the names is read for that page alone. So a tree of a million nodes opens as fast as one of ten.
package outline

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
)

// Node is an account, a person or somebody invited in the tree.
type Node struct {
	Account     ids.Account    // the account, or the one that the person belongs to or is invited to
	Member      ids.Membership // of a person, else ""
	Invitation  ids.Invitation // of somebody invited, else ""
	User        ids.User
	Kind        account.Kind // of an account
	Name        string
	Role        authz.Role // of a person, or of whoever accepts the invitation
	RoleName    string     // of a role group
	Users       int64      // people in the account, at most MostUsers+1; of a reseller those of its own
	Status      account.Status
	Deactivated bool  // a person
	Expires     int64 // an invitation, in milliseconds of Unix time
	Opens       bool  // something that the reader may see lies inside
	Path        []string

	key key
}

// Person reports whether the node is a person.
func (n Node) Person() bool { return n.Member != "" }

// Invited reports whether the node is somebody who has yet to accept an invitation.
func (n Node) Invited() bool { return n.Invitation != "" }

// MostUsers is how far the people of a department or reseller are counted.
const MostUsers = 2000

// Branch is a page of what lies directly below an account.
type Branch struct {
	Nodes []Node
	Next  string // cursor of the next page, "" on the last
}

// Service reads trees.
type Service struct {
	op       *op.Runner
	cursors  *page.Sealer
	accounts *account.Service
}

// NewService makes a Service.
func NewService(r *op.Runner, c *page.Sealer, a *account.Service) *Service { return &Service{r, c, a} }

// Offered reports whether the tree below an account is for whoever the scope was made for.
func Offered(sc authz.Scope) bool { return sc.Has(rootPerm(sc)) }

// rootPerm is what somebody needs to open the tree of an account: to see what it is there to contain.
func rootPerm(sc authz.Scope) authz.Perm {
	if sells(sc) {
		return authz.ClientsView
	}
	return authz.DepartmentsView
}

func sells(sc authz.Scope) bool {
	return sc.Kind() == string(account.Platform) || sc.Kind() == string(account.Reseller)
}

// group is a kind of node; within a branch they come in this order.
type group int

const (
	resellers group = iota
	customers
	departments
	people
	invited      // who has yet to accept
	formerPeople // deactivated
)

// seen are the groups below an account that the reader may see.
func seen(sc authz.Scope) (out []group) {
	add := func(p authz.Perm, groups ...group) {
		if sc.Has(p) {
			out = append(out, groups...)
		}
	}
	if sells(sc) {
		add(authz.ResellersView, resellers)
		add(authz.ClientsView, customers)
	} else {
		add(authz.DepartmentsView, departments)
	}
	add(authz.UsersView, people, invited, formerPeople)
	return out
}

// findable are the groups below an account that are searched: those that the reader may see, and of a portal the departments of
// its customers.
func findable(sc authz.Scope) []group {
	out := seen(sc)
	if sells(sc) && sc.Has(authz.DepartmentsView) {
		out = append(out, departments)
		slices.Sort(out)
	}
	return out
}

// key is the place of a node in its branch.
type key struct {
	group group
	fold  string
	id    string
}

// Children returns a page of what lies directly below an account: its accounts by name, then its people.
func (s *Service) Children(ctx context.Context, by authz.Actor, id ids.Account, cursor string) (Branch, error) {
	q, sc, err := s.op.See(ctx, by, id)
	if err != nil {
		return Branch{}, err
	}
	groups := seen(sc)
	if len(groups) == 0 {
		_, _, err := s.op.Read(ctx, by, rootPerm(sc), id)
		return Branch{}, err
	}
	bind := page.Binding{Actor: by.ID(), Root: string(id), Query: "outline"}
	after, err := s.open(bind, cursor)
	if err != nil {
		return Branch{}, err
	}
	keys, err := children(ctx, q, sc, groups, after, page.Size+1)
	if err != nil {
		return Branch{}, fmt.Errorf("open %s: %w", id, err)
	}
	out := Branch{}
	if len(keys) > page.Size {
		keys = keys[:page.Size]
		last := keys[page.Size-1]
		out.Next = s.cursors.Seal(bind, page.Cursor{Key: []string{strconv.Itoa(int(last.group)), last.fold, last.id}})
	}
	if out.Nodes, err = nodes(ctx, q, sc, keys); err != nil {
		return Branch{}, fmt.Errorf("read what lies in %s: %w", id, err)
	}
	return out, nil
}

func (s *Service) open(bind page.Binding, cursor string) (*key, error) {
	if cursor == "" {
		return nil, nil
	}
	c, err := s.cursors.Open(bind, cursor, 3)
	if err != nil {
		return nil, err
	}
	g, err := strconv.Atoi(c.Key[0])
	return &key{group(g), c.Key[1], c.Key[2]}, err
}

// nodes reads what is shown about the keys of a page, in their order.
func nodes(ctx context.Context, q db.Queryer, sc authz.Scope, keys []key) ([]Node, error) {
	var accounts []ids.Account
	var members []ids.Membership
	var invitations []ids.Invitation
	for _, k := range keys {
		switch k.group {
		case invited:
			invitations = append(invitations, ids.Invitation(k.id))
		case people, formerPeople:
			members = append(members, ids.Membership(k.id))
		case resellers, customers, departments:
			accounts = append(accounts, ids.Account(k.id))
		}
	}
	found := make(map[string]Node, len(keys))
	if len(accounts) > 0 {
		list, err := accountNodes(ctx, q, sc, accounts)
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			found[string(n.Account)] = n
		}
	}
	if len(members) > 0 {
		list, err := memberNodes(ctx, q, sc, members)
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			found[string(n.Member)] = n
		}
	}
	if len(invitations) > 0 {
		list, err := invitedNodes(ctx, q, sc, invitations)
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			found[string(n.Invitation)] = n
		}
	}
	out := make([]Node, 0, len(keys))
	for _, k := range keys {
		if n, ok := found[k.id]; ok {
			n.key = k
			out = append(out, n)
		}
	}
	return out, nil
}

// Root checks that the tree below an account may be opened, and returns what is held there.
func (s *Service) Root(ctx context.Context, by authz.Actor, id ids.Account) (authz.Scope, error) {
	_, sc, err := s.op.See(ctx, by, id)
	if err != nil {
		return sc, err
	}
	_, sc, err = s.op.Read(ctx, by, rootPerm(sc), id)
	return sc, err
}

// Totals is how many accounts lie below one, of each kind at most account.Most+1.
type Totals struct {
	Customers   int // account.Unknown below a customer, where there can be none
	Departments int // account.Unknown for somebody who does not see them, and where so much lies below that counting would take too long
}

// Totals counts what the tree below an account is about.
func (s *Service) Totals(ctx context.Context, by authz.Actor, id ids.Account) (Totals, error) {
	_, sc, err := s.op.See(ctx, by, id)
	if err != nil {
		return Totals{}, err
	}
	q, sc, err := s.op.Read(ctx, by, rootPerm(sc), id)
	if err != nil {
		return Totals{}, err
	}
	if sells(sc) {
		return sold(ctx, q, sc)
	}
	n, err := inside(ctx, q, sc)
	return Totals{account.Unknown, n}, err
}

// mostHits is how many nodes of each group a search shows.
const mostHits = 50

// Hits are the nodes that a search found, each with its path from the root of the tree.
type Hits struct {
	Nodes []Node
	First bool // there are more
}

// Find searches the tree below root. Customers are found as in the list of clients; resellers by parts of their
// names; departments and people of one customer by parts of names and addresses. Of a whole portal departments are found by the
// beginning of their names once it is large, and people by the beginning of their address, once it has an @.
func (s *Service) Find(ctx context.Context, by authz.Actor, root ids.Account, text string) (Hits, error) {
	_, sc, err := s.op.See(ctx, by, root)
	if err != nil {
		return Hits{}, err
	}
	q, sc, err := s.op.Read(ctx, by, rootPerm(sc), root)
	if err != nil {
		return Hits{}, err
	}
	var keys []key
	words := account.Words(text)
	out := Hits{}
	for _, g := range findable(sc) {
		more, err := s.hits(ctx, q, sc, by, g, words, text, mostHits+1)
		if err != nil {
			return Hits{}, fmt.Errorf("search below %s: %w", root, err)
		}
		out.First = out.First || len(more) > mostHits
		keys = append(keys, more[:min(len(more), mostHits)]...)
	}
	if out.Nodes, err = nodes(ctx, q, sc, keys); err != nil {
		return Hits{}, err
	}
	return out, withPaths(ctx, q, sc, out.Nodes)
}

func (s *Service) hits(ctx context.Context, q db.Queryer, sc authz.Scope, by authz.Actor, g group, words []string, text string, limit int) ([]key, error) {
	switch {
	case len(words) == 0:
		return nil, nil
	case g == customers:
		list, err := s.accounts.List(ctx, by, sc.Account(), account.Query{Search: text, Limit: limit})
		if err != nil {
			return nil, err
		}
		out := make([]key, len(list.Rows))
		for i, r := range list.Rows {
			out[i] = key{group: g, id: string(r.ID)}
		}
		return out, nil
	case g == resellers:
		return resellersNamed(ctx, q, sc, words, limit)
	case g == departments:
		return departmentsFound(ctx, q, sc, words, limit)
	case g == people && sells(sc):
		return peopleAddressed(ctx, q, sc, words, limit)
	case g == people:
		return peopleNamed(ctx, q, sc, words, limit)
	case g == invited && !sells(sc):
		return invitedNamed(ctx, q, sc, words, limit)
	}
	return nil, nil
}

// withPaths names the accounts between the root and each node.
func withPaths(ctx context.Context, q db.Queryer, sc authz.Scope, found []Node) error {
	var of []ids.Account
	for _, n := range found {
		of = append(of, n.Account)
	}
	slices.Sort(of)
	steps, err := pathSteps(ctx, q, sc, slices.Compact(of))
	if err != nil {
		return err
	}
	for i, n := range found {
		for _, st := range steps[n.Account] {
			if n.Person() || n.Invited() || st.id != n.Account {
				found[i].Path = append(found[i].Path, st.name)
			}
		}
	}
	return nil
}

// Ref names the node on a page. That of an account or a person is also how a form names it; ParseRef reads it.
func (n Node) Ref() string {
	switch {
	case n.Person():
		return string(n.Account) + "." + string(n.Member)
	case n.Invited():
		return string(n.Account) + "." + string(n.Invitation)
	}
	return string(n.Account)
}

// ParseRef reads how a form names a node: an account, or an account and a person of it.
func ParseRef(text string) (ids.Account, ids.Membership, error) {
	at, who, isPerson := strings.Cut(text, ".")
	id, err := ids.ParseAccount(at)
	if err != nil || !isPerson {
		return id, "", orNoSuch(err)
	}
	m, err := ids.ParseMembership(who)
	return id, m, orNoSuch(err)
}

func orNoSuch(err error) error {
	if err != nil {
		return errs.NoSuch("account")
	}
	return nil
}
