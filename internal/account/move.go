package account

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/quota"
)

// MoveInput is a move with what replaces the role groups that do not reach the new place.
type MoveInput struct {
	To    ids.Account
	Roles map[ids.Role]authz.Role // a group -> what its members hold afterwards

	Packages map[ids.Package]ids.Package // a package -> what its clients have afterwards, "" none

	Tell func(done, total int) `json:"-"` // nil, or told as the accounts get their new place
}

// Stranded is a role group that people below hold and that does not reach the new place.
type Stranded struct {
	Group       ids.Role
	Name        string
	Members     int
	Invitations int
	perms       authz.Set
	Choices     []Replacement
}

// Replacement is a role that can stand in for a stranded group: it gives nobody more than they had.
type Replacement struct {
	Role authz.Role
	Name string // of a group; "" for a built-in role
}

// StrandedPackage is a package that clients below have and that does not reach the new place.
type StrandedPackage struct {
	Package ids.Package
	Name    string
	Clients int
	Choices []plan.Package // that stand in for it: they leave nobody more modules than they had. One without an id is none
	all     bool
	modules authz.Set
}

// Move is what a move would do.
type Move struct {
	Account      ids.Account // that moves
	From, To     Account
	Accounts     int // that move, the account itself included
	Way          MoveWay
	Takes        time.Duration // expected, of a move that is not at once
	Stranded     []Stranded
	Packages     []StrandedPackage
	RefsTaken    []Ref    // references that are taken at the new place; change them first
	NamesTaken   []string // sub-account names that are taken in the new client
	NameTaken    bool     // a department there is called the same
	Limits       []MovedLimit
	TimeZone     string // what an account without a time zone of its own gets there, "" when that stays
	ZoneBefore   string
	Changeable   bool // nothing stands in the way once every stranded group has a replacement
	Settings     []MovedSetting
	customerFrom ids.Account
	customerTo   ids.Account
	refsFrom     ids.Account
	refsTo       ids.Account
}

// MovedLimit is a limit, of the account or of one below, that the new place has no room for.
type MovedLimit struct {
	Name string // email_hour to sms_month
	Why  errs.Problem
}

// MovedSetting is a setting of an account above that stops reaching the account, or that begins to.
type MovedSetting struct {
	Name    string // "session.idle_minutes"
	Account string // where it is set, "" when that is out of the viewer's sight
	Locked  bool
	Gained  bool
}

// PreviewMove says what moving the account under another would do. It changes nothing.
func (s *Service) PreviewMove(ctx context.Context, by authz.Actor, id, to ids.Account) (out Move, err error) {
	kind, err := s.kindOf(ctx, by, id)
	if err != nil {
		return out, err
	}
	q, sc, err := s.op.Read(ctx, by, kind.Perm(move), id)
	if err != nil {
		return out, err
	}
	a, err := get(ctx, q, sc, id)
	if err != nil {
		return out, err
	}
	if _, _, err := s.op.Read(ctx, by, kind.Perm(move), a.Parent); err != nil {
		return out, err
	}
	_, there, err := s.op.Read(ctx, by, kind.Perm(move), to)
	if err != nil {
		return out, err
	}
	return s.plan(ctx, q, sc, there, a)
}

// Move hangs the account and everything below it under another parent. It needs the permission on the account and on both
// parents, and is refused while something does not fit there. A big move is begun: the task that carries it out is returned.
func (s *Service) Move(ctx context.Context, by authz.Actor, id ids.Account, in MoveInput) (ids.Task, error) {
	kind, err := s.kindOf(ctx, by, id)
	if err != nil {
		return "", err
	}
	if by.Kind() == authz.Console {
		return "", s.moveOnServer(ctx, by, kind, id, in)
	}
	var begun ids.Task
	err = s.op.Write(ctx, by, kind.Perm(move), id, func(ctx context.Context, w *op.W) error {
		begun = ""
		m, err := s.planIn(ctx, w, kind, in)
		if err != nil {
			return err
		}
		switch m.Way {
		case AtOnce:
			return m.carryOut(ctx, w, in)
		case ByTask:
			begun, err = m.begin(ctx, w, in)
			return err
		}
		return errs.New(errs.Conflict, "account.move_too_big", "Ask the operator of the platform to move it on the server, with bailiwick admin move. {count} accounts are too many for the portal.", "count", m.Accounts)
	})
	return begun, err
}

// intended is a move that is about to happen in a write.
type intended struct {
	Move
	account Account
	there   authz.Scope
}

// planIn plans the move of the account that w is on, and checks the rights at the old and the new place.
func (s *Service) planIn(ctx context.Context, w *op.W, kind Kind, in MoveInput) (m intended, err error) {
	if m.account, err = get(ctx, w.Tx(), w.Scope(), w.Scope().Account()); err != nil {
		return m, err
	}
	switch {
	case m.account.Kind == Platform:
		return m, errKindOrder()
	case m.account.Parent == in.To:
		return m, w.Unchanged()
	}
	ok, err := holds(ctx, w, kind.Perm(move), m.account.Parent)
	if err != nil {
		return m, err
	}
	if !ok {
		return m, errs.New(errs.Denied, "account.move_denied", "Ask an admin of the account above to move it. You need the right at both places.")
	}
	if err := w.On(ctx, kind.Perm(move), in.To, func(_ context.Context, w *op.W) error { m.there = w.Scope(); return nil }); err != nil {
		return m, err
	}
	if m.Move, err = s.plan(ctx, w.Tx(), w.Scope(), m.there, m.account); err != nil {
		return m, err
	}
	return m, m.possible(in)
}

// possible says what stands in the way of the move.
func (p Move) possible(in MoveInput) error {
	if !p.Changeable {
		return errs.New(errs.Conflict, "account.move_obstacles", "Mend what does not fit at the new place first. The preview lists it.")
	}
	for _, s := range p.Stranded {
		next, chosen := in.Roles[s.Group]
		if !chosen || !slices.ContainsFunc(s.Choices, func(r Replacement) bool { return r.Role == next }) {
			return errs.Field("role:"+string(s.Group), "account.move_role", "Choose what replaces {group}. It does not reach the new place.", "group", s.Name)
		}
	}
	for _, s := range p.Packages {
		next, chosen := in.Packages[s.Package]
		if !chosen || !slices.ContainsFunc(s.Choices, func(c plan.Package) bool { return c.ID == next }) {
			return errs.Field("package:"+string(s.Package), "account.move_package", "Choose what replaces the package {package}. It does not reach the new place.", "package", s.Name)
		}
	}
	return nil
}

// plan works out a move and refuses one that can never be.
func (s *Service) plan(ctx context.Context, q db.Queryer, sc, there authz.Scope, a Account) (p Move, err error) {
	to, err := get(ctx, q, there, there.Account())
	if err != nil {
		return p, err
	}
	p.Account, p.To = a.ID, to
	switch {
	case a.Kind == Platform || !to.Kind.MayContain(a.Kind):
		return p, errKindOrder()
	case slices.Contains(there.Chain(), a.ID):
		return p, errs.New(errs.Invalid, "account.move_cycle", "Choose a place outside of {name}. An account cannot be put below itself.", "name", a.Name)
	case a.Closed() || to.Closed():
		return p, errs.New(errs.Conflict, "account.closed", "Reopen the account first. It is closed.")
	case !sc.Perms().Covers(there.Perms()):
		return p, errs.New(errs.Denied, "account.move_widens", "Ask somebody with the same rights at both places to move it. You would hold more rights over it there than here.")
	}
	height, accounts, err := shape(ctx, q, sc)
	if err != nil {
		return p, err
	}
	if len(there.Chain())+height > MaxDepth {
		return p, tooDeep()
	}
	p.Accounts = accounts
	p.Way, p.Takes = s.moves.way(accounts), takes(accounts)
	if p.From, err = chainAccount(ctx, q, sc, a.Parent); err != nil {
		return p, err
	}
	return p, p.obstacles(ctx, q, sc, there, a, s.now())
}

// obstacles finds what does not fit at the new place.
func (p *Move) obstacles(ctx context.Context, q db.Queryer, sc, there authz.Scope, a Account, now time.Time) (err error) {
	if a.Kind == Department {
		moved := a
		moved.Parent = p.To.ID
		if p.NameTaken, err = nameTaken(ctx, q, there, moved); err != nil {
			return err
		}
		if err = p.customers(ctx, q, sc, there); err != nil {
			return err
		}
	}
	if p.refsFrom, err = refScope(ctx, q, sc); err != nil {
		return err
	}
	if p.refsTo, err = refScopeBelow(ctx, q, there); err != nil {
		return err
	}
	if p.refsFrom != p.refsTo {
		if p.RefsTaken, err = refsTaken(ctx, q, sc, p.refsFrom, p.refsTo); err != nil {
			return err
		}
	}
	if p.Stranded, err = stranded(ctx, q, sc, there); err != nil {
		return err
	}
	for i := range p.Stranded {
		if p.Stranded[i].Choices, err = replacements(ctx, q, there, p.Stranded[i].perms); err != nil {
			return err
		}
	}
	if err := p.packages(ctx, q, sc, there); err != nil {
		return err
	}
	if err := p.settings(ctx, q, sc, there); err != nil {
		return err
	}
	if len(p.Packages) == 0 { // else it depends on what stands in for them
		if err := p.limits(ctx, q, sc, there, now); err != nil {
			return err
		}
	}
	p.Changeable = !p.NameTaken && len(p.RefsTaken) == 0 && len(p.NamesTaken) == 0 && len(p.Limits) == 0
	return p.zones(ctx, q, sc, there)
}

// limits notes what the accounts above the new place have no room for.
func (p *Move) limits(ctx context.Context, q db.Queryer, sc, there authz.Scope, now time.Time) error {
	err := quota.Reaches(ctx, q, now, sc, there)
	said := (*errs.Error)(nil)
	if !errors.As(err, &said) || len(said.Fields) == 0 {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(said.Fields)) {
		p.Limits = append(p.Limits, MovedLimit{name, said.Fields[name]})
	}
	return nil
}

// packages notes the packages that stay behind, and what can stand in for each.
func (p *Move) packages(ctx context.Context, q db.Queryer, sc, there authz.Scope) (err error) {
	if p.Packages, err = strandedPackages(ctx, q, sc, there); err != nil || len(p.Packages) == 0 {
		return err
	}
	offered, err := plan.Usable(ctx, q, there)
	if err != nil {
		return err
	}
	for i := range p.Packages {
		s := &p.Packages[i]
		for _, k := range offered {
			if s.all || !k.All && s.modules.Covers(k.Modules) {
				s.Choices = append(s.Choices, k)
			}
		}
		if s.all {
			s.Choices = append(s.Choices, plan.Package{})
		}
	}
	return nil
}

// customers notes a department that goes to another client, whose sub-accounts' names may be taken there.
func (p *Move) customers(ctx context.Context, q db.Queryer, sc, there authz.Scope) error {
	find := func(sc authz.Scope) (ids.Account, error) {
		chain, err := chainOf(ctx, q, sc)
		i := slices.IndexFunc(chain, func(c Crumb) bool { return c.Kind == Customer })
		if err != nil || i < 0 {
			return "", err
		}
		return chain[i].ID, nil
	}
	var err error
	if p.customerFrom, err = find(sc); err != nil {
		return err
	}
	if p.customerTo, err = find(there); err != nil || p.customerFrom == p.customerTo {
		return err
	}
	p.NamesTaken, err = subNamesTaken(ctx, q, sc, p.customerTo)
	return err
}

func (p *Move) zones(ctx context.Context, q db.Queryer, sc, there authz.Scope) error {
	here, err := inherited(ctx, q, sc, TimeZone)
	if err != nil || here.Own {
		return err
	}
	next, err := inherited(ctx, q, there, TimeZone)
	if err == nil && next.Value != here.Value {
		p.TimeZone, p.ZoneBefore = next.Value, here.Value
	}
	return err
}

// settings notes what is set above here and not there, and the other way round. The time zone has its own line.
func (p *Move) settings(ctx context.Context, q db.Queryer, sc, there authz.Scope) error {
	seen := append(sc.InSight(), there.InSight()...)
	for _, way := range []struct {
		from, to authz.Scope
		gained   bool
	}{{sc, there, false}, {there, sc, true}} {
		found, err := setOnlyAbove(ctx, q, way.from, way.to, sc.Account())
		if err != nil {
			return err
		}
		for _, f := range found {
			if f.Name == TimeZone.Name && !f.Locked {
				continue
			}
			m := MovedSetting{Name: f.Name, Locked: f.Locked, Gained: way.gained}
			if slices.Contains(seen, f.at) {
				m.Account = f.Account
			}
			p.Settings = append(p.Settings, m)
		}
	}
	return nil
}

// moved is what the log says about a move.
type moved struct {
	Parent ids.Account `audit:"show"`
	Name   string      `audit:"show"`
}

func (p Move) log(action string, a Account) audit.Event {
	return audit.Event{Action: action, TargetType: "account", TargetID: string(a.ID), Target: a.Name,
		Before: moved{p.From.ID, p.From.Name}, After: moved{p.To.ID, p.To.Name}}
}

// carryOut moves the account that w is on.
func (p intended) carryOut(ctx context.Context, w *op.W, in MoveInput) error {
	for _, s := range p.Stranded {
		if next := in.Roles[s.Group]; next != authz.Guest && s.perms.Has(authz.MessagesSend) {
			if err := quota.Given(ctx, w.Tx(), w.Scope(), w.By(), authz.Role(s.Group), next); err != nil {
				return err
			}
		}
		if err := replaceRole(ctx, w.Tx(), w.Scope(), s, in.Roles[s.Group]); err != nil {
			return err
		}
	}
	for _, s := range p.Packages {
		i := slices.IndexFunc(s.Choices, func(c plan.Package) bool { return c.ID == in.Packages[s.Package] })
		if _, err := replacePackage(ctx, w.Tx(), w.Scope(), s.Package, s.Choices[i], false); err != nil {
			return err
		}
	}
	if len(p.Packages) > 0 {
		err := quota.Reaches(ctx, w.Tx(), w.Tx().Now(), w.Scope(), p.there)
		if errs.KindOf(err) == errs.Invalid && err != nil {
			return errs.New(errs.Conflict, "account.move_limits", "Choose smaller packages, or raise the limits of the new place first. It has not as much left to hand out.")
		}
		if err != nil {
			return err
		}
	}
	if p.refsFrom != p.refsTo {
		if err := moveRefs(ctx, w.Tx(), w.Scope(), p.refsFrom, p.refsTo); err != nil {
			return err
		}
	}
	if p.customerFrom != p.customerTo {
		if err := moveSubs(ctx, w.Tx(), w.Scope(), p.customerTo); err != nil {
			return err
		}
	}
	if err := p.reparent(ctx, w.Tx(), w.Scope(), in.Tell); err != nil {
		return err
	}
	w.Audit(p.log("account.moved", p.account))
	if p.account.Kind != Department || p.customerFrom == p.customerTo {
		return nil
	}
	if err := plan.Fits(ctx, w.Tx(), p.there, plan.Counted()...); err != nil {
		return err
	}
	if err := listRow(ctx, w.Tx(), w.Scope()); err != nil {
		return err
	}
	return listCustomer(ctx, w.Tx(), w.Scope(), p.customerFrom)
}

// Place is somewhere an account can be moved to.
type Place struct {
	ID    ids.Account
	Name  string
	Level int
}

// Places lists where the account could hang: under the resellers in sight, or, for a department, in its own client.
func (s *Service) Places(ctx context.Context, by authz.Actor, id ids.Account) ([]Place, error) {
	kind, err := s.kindOf(ctx, by, id)
	if err != nil {
		return nil, err
	}
	q, sc, err := s.op.Read(ctx, by, kind.Perm(move), id)
	if err != nil {
		return nil, err
	}
	a, err := get(ctx, q, sc, id)
	if err != nil {
		return nil, err
	}
	chain, err := path(ctx, q, sc)
	if err != nil {
		return nil, err
	}
	var out []Place
	if kind == Department {
		i := slices.IndexFunc(chain, func(c Crumb) bool { return c.Kind == Customer })
		if i < 0 {
			return nil, nil
		}
		out = []Place{{chain[i].ID, chain[i].Name, 0}}
		below, err := placesBelow(ctx, q, sc, chain[i].ID, Department)
		if err != nil {
			return nil, err
		}
		out = append(out, below...)
	} else {
		out = []Place{{chain[0].ID, chain[0].Name, 0}}
		below, err := placesBelow(ctx, q, sc, chain[0].ID, Reseller)
		if err != nil {
			return nil, err
		}
		out = append(out, below...)
	}
	inside, err := belowIDs(ctx, q, sc, out)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, func(p Place) bool { return p.ID == a.Parent || inside[p.ID] }), nil
}
