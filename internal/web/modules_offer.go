package web

import (
	"context"
	"net/http"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/module"
)

// offer is what pages offer to give, in words: the built-in modules and the operator's own.
type offer struct {
	i18n.Printer
	own []module.Module
}

type ownModules struct{}

// withModules puts the operator's modules into the request of somebody signed in: navigation and grids name them.
func (s *Server) withModules(r *http.Request, by authz.Actor) (*http.Request, error) {
	mods, err := s.Modules.List(r.Context(), by)
	if err != nil {
		return r, err
	}
	return r.WithContext(context.WithValue(r.Context(), ownModules{}, mods)), nil
}

func offerOf(ctx context.Context) offer {
	own, _ := ctx.Value(ownModules{}).([]module.Module)
	return offer{i18n.From(ctx), own}
}

// operatorGroup is the heading of the operator's modules in a grid.
const operatorGroup = "operator"

// modules are those offered, in the order of the grid.
func (o offer) modules() []authz.Module {
	out := authz.Offered()
	for _, m := range o.own {
		g := authz.Module{Key: m.Key, Group: operatorGroup, Ceiling: authz.ForAnyone}
		for _, a := range m.Actions {
			g.Actions = append(g.Actions, a.Key)
		}
		out = append(out, g)
	}
	return out
}

// set is all permissions of a module.
func (o offer) set(m authz.Module) authz.Set {
	perms := make([]authz.Perm, len(m.Actions))
	for i, a := range m.Actions {
		perms[i] = authz.Perm(m.Key + "." + a)
	}
	return authz.SetOf(perms...)
}

// keys is all permissions of the modules with these keys.
func (o offer) keys(keys []string) authz.Set {
	var out authz.Set
	for _, m := range o.modules() {
		if slices.Contains(keys, m.Key) {
			out = out.Union(o.set(m))
		}
	}
	return out
}

func (o offer) find(key string) (module.Module, bool) {
	i := slices.IndexFunc(o.own, func(m module.Module) bool { return m.Key == key })
	if i < 0 {
		return module.Module{}, false
	}
	return o.own[i], true
}

// moduleName names a module. The operator's names are data, in one language.
func (o offer) moduleName(key string) string {
	if m, own := o.find(key); own {
		return m.Name
	}
	return o.T("perm.module_" + key)
}

// actionName names an action of a module.
func (o offer) actionName(perm authz.Perm) string {
	if m, own := o.find(perm.Module()); own {
		for _, a := range m.Actions {
			if a.Key == perm.Action() {
				return a.Name
			}
		}
	}
	return o.T("perm.action_" + perm.Action())
}

func (o offer) icon(key string) string {
	if m, own := o.find(key); own {
		return m.Icon
	}
	return moduleIcons[key]
}

// permName names a permission in full.
func (o offer) permName(perm authz.Perm) string {
	return o.T("part.pair", "name", o.moduleName(perm.Module()), "value", o.actionName(perm))
}

// perms are all that can be asked about.
func (o offer) perms() []authz.Perm {
	out := authz.Perms()
	for _, m := range o.own {
		for _, a := range m.Actions {
			out = append(out, m.Perm(a))
		}
	}
	return out
}
