package exchange

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/op"
	"bailiwick/internal/task"
	"bailiwick/internal/user"
)

// never stands for the end of a membership that has none; an empty cell may be forgotten.
const never = "never"

func (s *Service) clientRows(r *task.Run, in Export) nextRows {
	return func(ctx context.Context, cursor string) ([][]string, string, error) {
		q := in.Clients
		q.Cursor = cursor
		found, next, err := s.Accounts.ExportPage(ctx, r.By, r.Account, q, in.Only)
		if err != nil {
			return nil, "", err
		}
		db, sc, err := s.Ops.See(ctx, r.By, r.Account)
		if err != nil {
			return nil, "", err
		}
		all := make([]ids.Account, len(found))
		for i, c := range found {
			all[i] = c.ID
		}
		limits, err := limitsOf(ctx, db, sc, all)
		if err != nil {
			return nil, "", err
		}
		var out [][]string
		for _, c := range found {
			out = append(out, clientCells(c, limits[c.ID]))
		}
		return out, next, nil
	}
}

func clientCells(c account.Exported, limits string) []string {
	end := string(c.MembershipEnd)
	if end == "" {
		end = never
	}
	return []string{
		string(c.ID), c.Name, c.LegalName, c.Email, c.Phone, c.Address, c.Website, c.Industry, c.TimeZone, c.Language, string(c.MembershipStart), end, c.PackageName, limits,
		formatRefs(c.Refs), c.ParentName, "", string(c.Status), strconv.FormatInt(c.Users, 10), strconv.FormatInt(c.Locations, 10), c.CreatedAt.Format(dateForm),
	}
}

const dateForm = "2006-01-02"

// A client's references stand in one cell, a line each: "billing: C-1042". A colon or backslash of the source is led by a backslash.
var escapeSource = strings.NewReplacer(`\`, `\\`, ":", `\:`)

func formatRefs(refs []account.Ref) string {
	lines := make([]string, len(refs))
	for i, r := range refs {
		lines[i] = escapeSource.Replace(r.Source) + ": " + r.Reference
	}
	return strings.Join(lines, "\n")
}

func parseRefs(cell string) ([]account.Ref, error) {
	var out []account.Ref
	for line := range strings.Lines(cell) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		source, reference, found := cutSource(line)
		if !found || source == "" || reference == "" {
			return nil, errs.Field("refs", "import.reference_form", "Write references as source: reference, like billing: C-1042, one in each line of the cell.")
		}
		out = append(out, account.Ref{Source: source, Reference: reference})
	}
	return out, nil
}

// cutSource cuts at the first colon that no backslash leads.
func cutSource(line string) (source, reference string, found bool) {
	var b strings.Builder
	led := false
	for i, r := range line {
		switch {
		case led:
			b.WriteRune(r)
			led = false
		case r == '\\':
			led = true
		case r == ':':
			return strings.TrimSpace(b.String()), strings.TrimSpace(line[i+1:]), true
		default:
			b.WriteRune(r)
		}
	}
	return "", "", false
}

// clientLoader imports clients.
type clientLoader struct {
	s       *Service
	r       *task.Run
	how     account.Importing
	parents map[string][]ids.Account // resellers below, by folded name
	self    string                   // the folded name of the account itself
}

func (s *Service) newClientLoader(ctx context.Context, r *task.Run, how Options) (loader, error) {
	l := &clientLoader{s: s, r: r, how: account.Importing{Update: how.Update}, parents: map[string][]ids.Account{}}
	_, sc, err := s.Ops.See(ctx, r.By, r.Account)
	if err != nil {
		return nil, err
	}
	l.self = ids.Fold(sc.Name())
	below, err := s.Accounts.Resellers(ctx, r.By, r.Account)
	if err != nil && errs.KindOf(err) != errs.Denied {
		return nil, err
	}
	for _, x := range below {
		l.parents[ids.Fold(x.Name)] = append(l.parents[ids.Fold(x.Name)], x.ID)
	}
	return l, nil
}

// incoming is a client of a file with whom to invite as its Owner.
type incoming struct {
	account.Incoming
	owner  string
	limits *instead // nil where the file has no such column
}

func (l *clientLoader) read(m mapping, cells []string) (line, error) {
	var c errs.Collector
	at := func(column string) string { return m.cell(cells, column) }
	in := incoming{owner: at("owner_email"), Incoming: account.Incoming{ID: ids.Account(at("id")), Bought: at("package"), Parent: l.r.Account, Has: m.has(), Fields: account.Fields{
		Name: at("name"), LegalName: at("legal_name"), Email: at("email"), Phone: at("phone"), Address: at("address"), Website: at("website"), Industry: at("industry"),
		TimeZone: at("time_zone"), Language: at("language"), MembershipStart: at("membership_start"), MembershipEnd: at("membership_end"),
	}}}
	if strings.EqualFold(in.MembershipEnd, never) {
		in.MembershipEnd, in.NoEnd = "", true
	}
	var err error
	in.Refs, err = parseRefs(at("references"))
	if err := merge(&c, err); err != nil {
		return line{}, err
	}
	if slices.Contains(in.Has, "limits") {
		limits, err := parseLimits(at("limits"))
		if err := merge(&c, err); err != nil {
			return line{}, err
		}
		in.limits = &limits
	}
	if name := ids.Fold(at("reseller")); name != "" && name != l.self {
		switch found := l.parents[name]; len(found) {
		case 0:
			c.Add("reseller", "import.reseller_unknown", "Write the name of a reseller below this account, or leave the cell empty.")
		case 1:
			in.Parent = found[0]
		default:
			c.Add("reseller", "import.reseller_twice", "Import into the reseller itself. Several resellers are called {name}.", "name", at("reseller"))
		}
	}
	if in.owner != "" {
		if found, err := invite.Parse(in.owner); err != nil || len(found) != 1 || found[0].Email == "" {
			c.Add("owner_email", "invite.malformed", "Enter an email address like name@example.com.")
		}
	}
	out := line{row: in, why: c.Err()}
	for _, r := range in.Refs {
		out.keys = append(out.keys, once{"refs", string(in.Parent) + "\x00" + ids.Fold(r.Source) + "\x00" + ids.Fold(r.Reference)})
	}
	if in.ID != "" {
		out.keys = append(out.keys, once{"id", string(in.ID)})
	}
	return out, nil
}

// merge notes the remarks of err, and returns what is no remark.
func merge(c *errs.Collector, err error) error {
	if err == nil {
		return nil
	}
	return c.Merge(err)
}

func (l *clientLoader) check(ctx context.Context, rows []any) ([]fate, error) {
	found, err := l.s.Accounts.CheckImport(ctx, l.r.By, l.r.Account, clientsOf(rows), l.how)
	if err != nil {
		return nil, err
	}
	q, sc, err := l.s.Ops.See(ctx, l.r.By, l.r.Account)
	if err != nil {
		return nil, err
	}
	differ, err := l.differ(ctx, q, sc, rows, found)
	for i := range found {
		found[i].Same = found[i].Same && !differ[i]
	}
	return clientFates(found), err
}

func clientsOf(rows []any) []account.Incoming {
	out := make([]account.Incoming, len(rows))
	for i, r := range rows {
		in, _ := r.(incoming) // read made it
		out[i] = in.Incoming
	}
	return out
}

func clientFates(found []account.Fate) []fate {
	out := make([]fate, len(found))
	for i, f := range found {
		out[i] = fate{exists: f.Existing != "", same: f.Same, ended: f.Ended, why: f.Err}
	}
	return out
}

func (l *clientLoader) apply(ctx context.Context, w *op.W, rows []any) ([]fate, error) {
	found, err := account.ImportIn(ctx, w, clientsOf(rows), l.how)
	if err != nil {
		return nil, err
	}
	differ, err := l.differ(ctx, w.Tx(), w.Scope(), rows, found)
	if err != nil {
		return nil, err
	}
	for i, f := range found {
		in, _ := rows[i].(incoming)
		if differ[i] {
			if err := l.setLimits(ctx, w, cmp.Or(f.Account, f.Existing), *in.limits); err != nil {
				return nil, account.OfRow(i, err)
			}
			found[i].Same = false
		}
		if in.owner == "" || f.Err != nil || f.Existing != "" {
			continue
		}
		if err := l.inviteOwner(ctx, w, f.Account, in.owner); err != nil {
			return nil, account.OfRow(i, err)
		}
	}
	return clientFates(found), nil
}

// inviteOwner invites the Owner of a new client, as the form does.
func (l *clientLoader) inviteOwner(ctx context.Context, w *op.W, at ids.Account, email string) error {
	found, err := invite.Parse(email)
	if err != nil || len(found) != 1 {
		return errs.Field("owner_email", "invite.malformed", "Enter an email address like name@example.com.")
	}
	return w.On(ctx, authz.ClientsCreate, at, func(ctx context.Context, w *op.W) error {
		return l.s.Invites.InviteIn(ctx, w, found[0], user.Access{Role: authz.Owner, AllSubs: true})
	})
}
