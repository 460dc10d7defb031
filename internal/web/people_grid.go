package web

import (
	"slices"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/user"
	"bailiwick/internal/web/ui/people"
)

// heldBy sums up a set, module by module.
func heldBy(o offer, set authz.Set) []people.Held {
	var out []people.Held
	for _, m := range o.modules() {
		var actions []string
		for _, a := range m.Actions {
			if set.Has(authz.Perm(m.Key + "." + a)) {
				actions = append(actions, o.actionName(authz.Perm(m.Key+"."+a)))
			}
		}
		if len(actions) > 0 {
			out = append(out, people.Held{Module: o.moduleName(m.Key), Actions: strings.Join(actions, o.T("part.comma")+" ")})
		}
	}
	return out
}

// grantGrid is what can be ticked for a membership: the modules of a User, the access list of Support, and what an
// Owner adds to an Admin.
func grantGrid(o offer, sc authz.Scope, a user.Access) people.Grid {
	may := authz.Grantable(authz.User).Union(authz.Grantable(authz.Admin))
	if sc.Kind() == "platform" || sc.Kind() == "reseller" {
		may = may.Union(authz.Grantable(authz.Support))
	}
	return permGrid(o, may.Intersect(sc.Perms()).Without(bodiesPerm), a.Perms, func(m authz.Module) string {
		if note := withheldNote(o, sc, m); note != "" {
			return note
		}
		switch m.Ceiling {
		case authz.ForAnyone:
			return ""
		case authz.ForOwners:
			return o.T("grid.for_admin")
		}
		return o.T("grid.for_support")
	})
}

// withheldNote says that the client's package withholds a module from whoever is given it here, "" where it does not.
func withheldNote(o offer, sc authz.Scope, m authz.Module) string {
	if withheld, by := sc.Withheld(o.set(m)); !withheld.Empty() {
		return o.T("grid.withheld", "package", by)
	}
	return ""
}

// gridColumns are the actions that have a column of their own; a module's others stand beside them.
var gridColumns = []string{"view", "create", "edit", "export"}

// permGrid shows the permissions of a set by module, with what is ticked.
func permGrid(o offer, may, ticked authz.Set, note func(authz.Module) string) people.Grid {
	g := people.Grid{Caption: o.T("grid.caption")}
	for _, a := range gridColumns {
		g.Columns = append(g.Columns, o.T("perm.action_"+a))
	}
	group := ""
	for _, m := range o.modules() {
		row := gridRow(o, m, may, ticked)
		if row == nil {
			continue
		}
		row.Note = note(m)
		if m.Group != group {
			group = m.Group
			g.Groups = append(g.Groups, people.GridGroup{Label: o.T("perm.group_" + group)})
		}
		last := &g.Groups[len(g.Groups)-1]
		last.Rows = append(last.Rows, *row)
	}
	return g
}

// gridRow is the row of a module, nil when nothing in it can be ticked.
func gridRow(o offer, m authz.Module, may, ticked authz.Set) *people.GridRow {
	if o.set(m).Intersect(may).Empty() {
		return nil
	}
	row := people.GridRow{Label: o.moduleName(m.Key), Cells: make([]*people.GridCell, len(gridColumns))}
	for _, a := range m.Actions {
		perm := authz.Perm(m.Key + "." + a)
		if !may.Has(perm) {
			continue
		}
		c := people.GridCell{Perm: string(perm), Label: o.actionName(perm), Checked: ticked.Has(perm)}
		if i := slices.Index(gridColumns, a); i >= 0 {
			row.Cells[i] = &c
		} else {
			row.More = append(row.More, c)
		}
	}
	return &row
}

// permsOf reads the permissions ticked in a grid. Names that do not exist grant nothing.
func permsOf(f form) authz.Set {
	var out authz.Set
	for _, v := range f.all("perm") {
		out = out.Union(authz.SetOf(authz.Perm(v)))
	}
	return out
}
