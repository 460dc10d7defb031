package api

import (
	"context"
	"errors"
	"net/http"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/module"
)

func (a *API) moduleOperations() {
	tag := "Modules"
	add(a, operation{id: "listModules", route: "GET /modules", tag: tag, about: "List the operator's own modules, by name",
		more: "Modules are parts of the operator's other applications. Their permissions are given like the built-in ones, and `POST /access/check` answers about them."}, a.listModules)
	add(a, operation{id: "getModule", route: "GET /modules/{module}", tag: tag, about: "Get a module"}, a.getModule)
	add(a, operation{id: "createModule", route: "PUT /modules/{module}", tag: tag, perm: authz.RolesManage, status: http.StatusCreated, about: "Create a module",
		more: "Send `If-None-Match: *`: the request creates and never replaces. It takes a key of the platform. From then on the permissions can be given, and Owners and Admins hold them."}, a.createModule)
	add(a, operation{id: "editModule", route: "PATCH /modules/{module}", tag: tag, perm: authz.RolesManage, about: "Edit a module",
		more: "An action can be left out once nobody has it."}, a.editModule)
	add(a, operation{id: "listModuleUses", route: "GET /modules/{module}/uses", tag: tag, perm: authz.RolesManage, about: "List who has permissions of a module by name, the first fifty",
		more: "Owners and Admins, who hold every module, are not among them."}, a.moduleUses)
	add(a, operation{id: "removeModule", route: "DELETE /modules/{module}", tag: tag, perm: authz.RolesManage, about: "Remove a module",
		more: "A module that somebody has is removed only with `take_away`, which takes its permissions from everybody."}, a.removeModule)
}

// ModuleAction is one thing that can be permitted in a module.
type ModuleAction struct {
	Key        string `json:"key" example:"send" doc:"2 to 32 small letters, digits and underscores."`
	Name       string `json:"name" example:"Send campaigns"`
	Permission string `json:"permission" readOnly:"true" doc:"What to ask about in a check." example:"campaigns.send"`
}

// Module is a module of the operator.
type Module struct {
	Key     string         `json:"key" example:"campaigns"`
	Name    string         `json:"name" example:"Campaigns"`
	Icon    string         `json:"icon"`
	Link    string         `json:"link" doc:"Where it opens: an https address or a path; empty: it stands in no navigation."`
	Actions []ModuleAction `json:"actions"`
}

func moduleBody(m module.Module) Module {
	out := Module{m.Key, m.Name, m.Icon, m.Link, make([]ModuleAction, len(m.Actions))}
	for i, x := range m.Actions {
		out.Actions[i] = ModuleAction{x.Key, x.Name, string(m.Perm(x))}
	}
	return out
}

func (a *API) listModules(ctx context.Context, by authz.Actor, _ *struct{}) (*Answer[List[Module]], error) {
	all, err := a.Modules.List(ctx, by)
	if err != nil {
		return nil, err
	}
	out := List[Module]{Items: make([]Module, len(all))}
	for i, m := range all {
		out.Items[i] = moduleBody(m)
	}
	return &Answer[List[Module]]{out}, nil
}

// AtModule names a module in the path.
type AtModule struct {
	Module string `path:"module" maxLength:"64" doc:"The module's key: 2 to 32 small letters, digits and underscores."`
}

func (a *API) getModule(ctx context.Context, by authz.Actor, in *AtModule) (*Item[Module], error) {
	m, err := a.Modules.Get(ctx, by, in.Module)
	if err != nil {
		return nil, err
	}
	return &Item[Module]{etag(m.Version), moduleBody(m)}, nil
}

// NewAction is an action of a module as it is sent.
type NewAction struct {
	Key  string `json:"key" example:"send" doc:"2 to 32 small letters, digits and underscores."`
	Name string `json:"name" example:"Send campaigns"`
}

func actionsOf(in []NewAction) []module.Action {
	out := make([]module.Action, len(in))
	for i, x := range in {
		out[i] = module.Action{Key: x.Key, Name: x.Name}
	}
	return out
}

type createModuleIn struct {
	AtModule
	IfNoneMatch string `header:"If-None-Match" doc:"It must be *." example:"*"`
	Body        struct {
		Name    string      `json:"name" example:"Campaigns"`
		Icon    string      `json:"icon" enum:"layout-template,megaphone,message-square,mail,send,smartphone,chart-column,folder,calendar-clock,contact,package,network"`
		Link    string      `json:"link,omitempty" doc:"An https address, or a path on this host."`
		Actions []NewAction `json:"actions" minItems:"1" maxItems:"16"`
	}
}

func (a *API) createModule(ctx context.Context, by authz.Actor, in *createModuleIn) (*Created, error) {
	at, err := a.Modules.Platform(ctx, by)
	if err != nil {
		return nil, err
	}
	switch in.IfNoneMatch {
	case "*":
	case "":
		return nil, refusal(http.StatusPreconditionRequired, "request.if_none_match", "Send If-None-Match: * to create it. What is there already is edited with PATCH.")
	default:
		return nil, refusal(http.StatusPreconditionFailed, "request.if_none_match_other", "Send If-None-Match: *. Nothing else is understood here.")
	}
	err = a.Modules.Add(ctx, by, at, module.Input{Key: in.Module, Name: in.Body.Name, Icon: in.Body.Icon, Link: in.Body.Link, Actions: actionsOf(in.Body.Actions)})
	var e *errs.Error
	if errors.As(err, &e) && e.Fields["key"].Code == "module.key_taken" {
		return nil, refusal(http.StatusPreconditionFailed, "module.exists", "Edit it with PATCH, or choose another key. There is a module with this one.")
	}
	return made("/modules/", in.Module, err)
}

type editModuleIn struct {
	AtModule
	Edits
	Body struct {
		Name    *string      `json:"name,omitempty"`
		Icon    *string      `json:"icon,omitempty" enum:"layout-template,megaphone,message-square,mail,send,smartphone,chart-column,folder,calendar-clock,contact,package,network"`
		Link    *string      `json:"link,omitempty" doc:"Empty: it stands in no navigation."`
		Actions *[]NewAction `json:"actions,omitempty" minItems:"1" maxItems:"16" doc:"All of them."`
	}
}

func (a *API) editModule(ctx context.Context, by authz.Actor, in *editModuleIn) (*Item[Module], error) {
	at, err := a.Modules.Platform(ctx, by)
	if err != nil {
		return nil, err
	}
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	m, err := a.Modules.Get(ctx, by, in.Module)
	if err != nil {
		return nil, err
	}
	upd := module.Input{Name: or(in.Body.Name, m.Name), Icon: or(in.Body.Icon, m.Icon), Link: or(in.Body.Link, m.Link), Actions: m.Actions}
	if in.Body.Actions != nil {
		upd.Actions = actionsOf(*in.Body.Actions)
	}
	if err := a.Modules.Edit(ctx, by, at, in.Module, version, upd); err != nil {
		return nil, err
	}
	return a.getModule(ctx, by, &in.AtModule)
}

// ModuleUse is somebody or something that has a permission of a module.
type ModuleUse struct {
	Kind        string `json:"kind" enum:"person,invitation,role,key,package"`
	Name        string `json:"name"`
	Account     string `json:"account"`
	AccountName string `json:"account_name"`
}

func (a *API) moduleUses(ctx context.Context, by authz.Actor, in *AtModule) (*Answer[List[ModuleUse]], error) {
	at, err := a.Modules.Platform(ctx, by)
	if err != nil {
		return nil, err
	}
	all, err := a.Modules.Uses(ctx, by, at, in.Module)
	if err != nil {
		return nil, err
	}
	out := List[ModuleUse]{Items: make([]ModuleUse, len(all))}
	for i, u := range all {
		out.Items[i] = ModuleUse{u.Kind, u.Name, string(u.Account), u.AccountName}
	}
	return &Answer[List[ModuleUse]]{out}, nil
}

type removeModuleIn struct {
	AtModule
	TakeAway bool `query:"take_away" doc:"Take its permissions from everybody who has them."`
}

func (a *API) removeModule(ctx context.Context, by authz.Actor, in *removeModuleIn) (*struct{}, error) {
	at, err := a.Modules.Platform(ctx, by)
	if err != nil {
		return nil, err
	}
	return nil, a.Modules.Remove(ctx, by, at, in.Module, in.TakeAway)
}
