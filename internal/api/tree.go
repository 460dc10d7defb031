package api

import (
	"context"

	"bailiwick/internal/authz"
)

func (a *API) treeOperations() {
	add(a, operation{id: "find", route: "GET /accounts/{account}/find", tag: "Accounts", about: "Find accounts and people below an account by their names",
		more: "Resellers, clients and departments are found by parts of their names, clients by their addresses and references too; the departments of a portal of more than 2,000 accounts by the beginning of their names. " +
			"People of one client and below are found by parts of their names and addresses; those of a whole portal by the beginning of an address, once it has an @. clients.view is needed, at a client departments.view."}, a.find)
}

// Found is an account or a person that was looked for.
type Found struct {
	Kind       string   `json:"kind" enum:"platform,reseller,customer,department,person"`
	Account    string   `json:"account" doc:"Its id; of a person that of the account they belong to."`
	Membership string   `json:"membership,omitempty" doc:"Of a person."`
	Name       string   `json:"name"`
	Role       string   `json:"role,omitempty" doc:"Of a person: a built-in role, or the id of a role group."`
	Status     string   `json:"status" enum:"active,suspended,closed,deactivated"`
	Path       []string `json:"path" doc:"The names of the accounts between, from the top."`
}

// Finds are what a search found.
type Finds struct {
	Items []Found `json:"items" doc:"Up to 50 of each kind."`
	More  bool    `json:"more" doc:"There are others. Search for more of the name."`
}

type findIn struct {
	AtAccount
	Search string `query:"q" required:"true" minLength:"1" maxLength:"200" doc:"Parts of the name."`
}

func (a *API) find(ctx context.Context, by authz.Actor, in *findIn) (*Answer[Finds], error) {
	hits, err := a.Outline.Find(ctx, by, in.Account, in.Search)
	if err != nil {
		return nil, err
	}
	out := Finds{Items: []Found{}, More: hits.First}
	for _, n := range hits.Nodes {
		if n.Invited() { // invitations are a list of their own
			continue
		}
		x := Found{string(n.Kind), string(n.Account), string(n.Member), n.Name, string(n.Role), string(n.Status), append([]string{}, n.Path...)}
		if n.Person() {
			if x.Kind, x.Status = "person", "active"; n.Deactivated {
				x.Status = "deactivated"
			}
		}
		out.Items = append(out.Items, x)
	}
	return &Answer[Finds]{out}, nil
}
