package api

import (
	"context"
	"net/http"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

func (a *API) moveOperations() {
	tag := "Accounts"
	add(a, operation{id: "listPlaces", route: "GET /accounts/{account}/places", tag: tag, about: "List the accounts that an account can be moved under"}, a.listPlaces)
	add(a, operation{id: "previewMove", route: "POST /accounts/{account}/move/preview", tag: tag, about: "Say what a move would do, and do nothing", optMark: true, status: http.StatusOK}, a.previewMove)
	add(a, operation{id: "moveAccount", route: "POST /accounts/{account}/move", tag: tag, about: "Move an account with everything below it under another", status: http.StatusNoContent}, a.moveAccount)
}

// Place is an account that another can be moved under.
type Place struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Level int    `json:"level" doc:"How deep it lies below the highest."`
}

func (a *API) listPlaces(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[List[Place]], error) {
	places, err := a.Accounts.Places(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	out := List[Place]{Items: make([]Place, len(places))}
	for i, p := range places {
		out.Items[i] = Place{string(p.ID), p.Name, p.Level}
	}
	return &Answer[List[Place]]{out}, nil
}

type previewIn struct {
	AtAccount
	Body struct {
		To ids.Account `json:"to" maxLength:"64" doc:"The account to move it under."`
	}
}

// MovePreview is what a move would do.
type MovePreview struct {
	Accounts       int             `json:"accounts" doc:"How many move, the account itself included."`
	Way            string          `json:"way" enum:"at_once,by_task,on_server" doc:"How it moves: at once, by a task that a person starts in the portal, or by the command line on the server. A key moves at once only."`
	Seconds        int             `json:"seconds" doc:"How long a move that is not at once is expected to take."`
	Possible       bool            `json:"possible" doc:"Nothing stands in the way once each stranded role group has a replacement."`
	Stranded       []StrandedGroup `json:"stranded" doc:"Role groups that do not reach the new place."`
	Packages       []StrandedSale  `json:"packages" doc:"Packages that do not reach the new place."`
	ReferencesUsed []Ref           `json:"references_used" doc:"References that are taken there."`
	NamesUsed      []string        `json:"names_used" doc:"Names of sub-accounts that are taken there."`
	NameUsed       bool            `json:"name_used" doc:"A department there has the same name."`
	Limits         []MovedLimit    `json:"limits" doc:"Limits that the accounts above the new place have no room for."`
	TimeZone       string          `json:"time_zone,omitempty" doc:"The time zone it would get there, when that changes."`
}

// StrandedGroup is a role group that does not reach the new place.
type StrandedGroup struct {
	Role        string         `json:"role"`
	Name        string         `json:"name"`
	Members     int            `json:"members"`
	Invitations int            `json:"invitations"`
	Choices     []RoleToChoose `json:"choices" doc:"What can take its place."`
}

// StrandedSale is a package that does not reach the new place.
type StrandedSale struct {
	Package string            `json:"package"`
	Name    string            `json:"name"`
	Clients int               `json:"clients" doc:"That have it."`
	Choices []PackageToChoose `json:"choices" doc:"What can take its place."`
}

// MovedLimit is a limit that the new place has no room for.
type MovedLimit struct {
	Limit string `json:"limit" doc:"email_hour to sms_month, of the account or of one below it."`
	Code  string `json:"code"`
	Text  string `json:"text" doc:"What to do about it, and why."`
}

// PackageToChoose is a package that can be given.
type PackageToChoose struct {
	Package string `json:"package" doc:"Empty: none."`
	Name    string `json:"name,omitempty"`
}

// RoleToChoose is a role that can be given.
type RoleToChoose struct {
	Role string `json:"role" doc:"A built-in role, or the id of a role group."`
	Name string `json:"name,omitempty" doc:"Of a role group."`
}

func (a *API) previewMove(ctx context.Context, by authz.Actor, in *previewIn) (*Answer[MovePreview], error) {
	m, err := a.Accounts.PreviewMove(ctx, by, in.Account, in.Body.To)
	if err != nil {
		return nil, err
	}
	out := MovePreview{Accounts: m.Accounts, Way: string(m.Way), Seconds: int(m.Takes.Seconds()), Possible: m.Changeable, Stranded: []StrandedGroup{}, Packages: []StrandedSale{}, ReferencesUsed: refBodies(m.RefsTaken),
		NamesUsed: append([]string{}, m.NamesTaken...), NameUsed: m.NameTaken, TimeZone: m.TimeZone, Limits: []MovedLimit{}}
	for _, l := range m.Limits {
		out.Limits = append(out.Limits, MovedLimit{l.Name, l.Why.Code, l.Why.Text()})
	}
	for _, s := range m.Stranded {
		g := StrandedGroup{Role: string(s.Group), Name: s.Name, Members: s.Members, Invitations: s.Invitations, Choices: []RoleToChoose{}}
		for _, c := range s.Choices {
			g.Choices = append(g.Choices, RoleToChoose{string(c.Role), c.Name})
		}
		out.Stranded = append(out.Stranded, g)
	}
	for _, s := range m.Packages {
		g := StrandedSale{Package: string(s.Package), Name: s.Name, Clients: s.Clients, Choices: []PackageToChoose{}}
		for _, c := range s.Choices {
			g.Choices = append(g.Choices, PackageToChoose{string(c.ID), c.Name})
		}
		out.Packages = append(out.Packages, g)
	}
	return &Answer[MovePreview]{out}, nil
}

type moveIn struct {
	AtAccount
	Body struct {
		To    ids.Account       `json:"to" maxLength:"64" doc:"The account to move it under."`
		Roles map[string]string `json:"roles,omitempty" doc:"The id of each stranded role group, and the role its people get instead."`

		Packages map[string]string `json:"packages,omitempty" doc:"The id of each stranded package, and that of the one its clients get instead; empty: none."`
	}
}

func (a *API) moveAccount(ctx context.Context, by authz.Actor, in *moveIn) (*Done, error) {
	roles := map[ids.Role]authz.Role{}
	for from, to := range in.Body.Roles {
		roles[ids.Role(from)] = authz.Role(to)
	}
	packages := map[ids.Package]ids.Package{}
	for from, to := range in.Body.Packages {
		packages[ids.Package(from)] = ids.Package(to)
	}
	_, err := a.Accounts.Move(ctx, by, in.Account, account.MoveInput{To: in.Body.To, Roles: roles, Packages: packages}) // keys begin no tasks
	return done(err)
}
