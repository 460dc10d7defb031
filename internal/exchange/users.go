package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/op"
	"bailiwick/internal/role"
	"bailiwick/internal/task"
	"bailiwick/internal/user"
)

func (s *Service) userRows(r *task.Run, in Export) nextRows {
	return func(ctx context.Context, cursor string) ([][]string, string, error) {
		q := in.Users
		if cursor != "" {
			if err := json.Unmarshal([]byte(cursor), &q.After); err != nil {
				return nil, "", fmt.Errorf("read where the export stands: %w", err)
			}
		}
		found, err := s.Users.List(ctx, r.By, r.Account, q)
		if err != nil {
			return nil, "", err
		}
		subs, err := s.Users.SubNames(ctx, r.By, r.Account, found.Members)
		if err != nil {
			return nil, "", err
		}
		var out [][]string
		for _, m := range found.Members {
			out = append(out, userCells(m, subs[m.ID]))
		}
		if found.Next == nil {
			return out, "", nil
		}
		next, err := json.Marshal(found.Next)
		return out, string(next), err
	}
}

func userCells(m user.Member, subs []string) []string {
	kind, covered, status := string(m.Role), "all", "active"
	if m.RoleName != "" {
		kind = m.RoleName
	}
	if !m.AllSubs {
		covered = strings.Join(subs, "\n")
	}
	if !m.Active() {
		status = "deactivated"
	}
	return []string{string(m.ID), m.Name, m.Email, kind, strings.Join(m.Perms.Names(), " "), covered, m.JobTitle, m.Phone, status, m.CreatedAt.Format(dateForm)}
}

// userLoader imports people.
type userLoader struct {
	s      *Service
	r      *task.Run
	direct bool
	groups map[string]authz.Role // role groups by folded name
	subs   map[string]ids.SubAccount
}

func (s *Service) newUserLoader(ctx context.Context, r *task.Run, how Options) (loader, error) {
	l := &userLoader{s: s, r: r, direct: how.Direct, groups: map[string]authz.Role{}, subs: map[string]ids.SubAccount{}}
	q, sc, err := s.Ops.Read(ctx, r.By, authz.UsersInvite, r.Account)
	if err != nil {
		return nil, err
	}
	groups, err := role.Usable(ctx, q, sc)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		l.groups[ids.Fold(g.Name)] = authz.Role(g.ID)
	}
	subs, err := s.Subs.Choices(ctx, r.By, r.Account)
	if err != nil {
		return nil, err
	}
	for _, x := range subs {
		l.subs[ids.Fold(x.Name)] = x.ID
	}
	return l, nil
}

func (l *userLoader) read(m mapping, cells []string) (line, error) {
	var c errs.Collector
	at := func(column string) string { return m.cell(cells, column) }
	in := invite.Create{Name: at("name"), Email: at("email"), JobTitle: at("job_title"), Phone: at("phone"), Access: user.Access{Role: authz.Guest, AllSubs: true}}
	if text := ids.Fold(at("role")); text != "" {
		switch {
		case slices.Contains(authz.BuiltIn(), authz.Role(text)):
			in.Access.Role = authz.Role(text)
		case l.groups[text] != "":
			in.Access.Role = l.groups[text]
		default:
			c.Add("role", "import.role_unknown", "Write owner, admin, user, guest or the name of a role group of this account.")
		}
	}
	for _, name := range strings.FieldsFunc(at("permissions"), func(r rune) bool { return strings.ContainsRune(" ,;\n\t", r) }) {
		if p := authz.Perm(name); !authz.Known(p) && !p.Own() {
			c.Add("modules", "import.permission_unknown", "Write permissions as module.action, like locations.view, separated by spaces.")
		}
		in.Access.Perms = in.Access.Perms.Union(authz.SetOf(authz.Perm(name)))
	}
	if text := at("sub_accounts"); text != "" && !strings.EqualFold(text, "all") {
		in.Access.AllSubs = false
		for _, name := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\n", r) }) {
			id, there := l.subs[ids.Fold(name)]
			if !there {
				c.Add("subaccounts", "import.subaccount_unknown", "Write all, or the names of sub-accounts of this account, a line each. There is no {name} here.", "name", strings.TrimSpace(name))
				continue
			}
			in.Access.Subs = append(in.Access.Subs, id)
		}
	}
	out := line{row: in, why: c.Err()}
	if in.Email != "" {
		out.keys = []once{{"email", ids.Fold(in.Email)}}
	}
	return out, nil
}

func peopleOf(rows []any) []invite.Create {
	out := make([]invite.Create, len(rows))
	for i, r := range rows {
		out[i], _ = r.(invite.Create) // read made it
	}
	return out
}

func peopleFates(refused []error) []fate {
	out := make([]fate, len(refused))
	for i, why := range refused {
		out[i] = fate{why: why}
	}
	return out
}

func (l *userLoader) check(ctx context.Context, rows []any) ([]fate, error) {
	refused, err := l.s.Invites.CheckImport(ctx, l.r.By, l.r.Account, peopleOf(rows), l.direct)
	return peopleFates(refused), err
}

func (l *userLoader) apply(ctx context.Context, w *op.W, rows []any) ([]fate, error) {
	refused, err := l.s.Invites.ImportIn(ctx, w, peopleOf(rows), l.direct)
	return peopleFates(refused), err
}
