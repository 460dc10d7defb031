// Package module keeps the operator's own modules: parts of its other applications whose permissions stand beside the
// built-in ones. They are data of the platform, and everybody who is signed in may know their names.
package module

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
)

// Module is a module of the operator.
type Module struct {
	Key     string
	Name    string
	Icon    string
	Link    string // https address or path; "" stands in no navigation
	Actions []Action
	Version int64
}

// Action is one thing that can be permitted in a module.
type Action struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

// Perm is the permission of one action.
func (m Module) Perm(a Action) authz.Perm { return authz.Perm(m.Key + "." + a.Key) }

// Perms is all permissions of the module.
func (m Module) Perms() authz.Set {
	var s authz.Set
	for _, a := range m.Actions {
		s = s.Union(authz.SetOf(m.Perm(a)))
	}
	return s
}

// logged is how a module stands in the log.
type logged struct {
	Key     string   `audit:"show"`
	Name    string   `audit:"show"`
	Icon    string   `audit:"show"`
	Link    string   `audit:"show"`
	Actions []string `audit:"show"`
}

func (m Module) logged() logged {
	out := logged{m.Key, m.Name, m.Icon, m.Link, nil}
	for _, a := range m.Actions {
		out.Actions = append(out.Actions, a.Key+" ("+a.Name+")")
	}
	return out
}

// The icons to choose from.
var icons = []string{"layout-template", "megaphone", "message-square", "mail", "send", "smartphone", "chart-column", "folder", "calendar-clock", "contact", "package", "network"}

// Icons lists the icons to choose from.
func Icons() []string { return slices.Clone(icons) }

// Input is what is said of a module.
type Input struct {
	Key     string // only of a new one
	Name    string
	Icon    string
	Link    string
	Actions []Action
}

// Service is the operations on modules.
type Service struct {
	op *op.Runner
	db *db.DB
}

// NewService makes a Service.
func NewService(r *op.Runner, d *db.DB) *Service { return &Service{r, d} }

// List returns every module, by name. Whoever is signed in may know them: they stand in navigation and grids.
func (s *Service) List(ctx context.Context, by authz.Actor) ([]Module, error) {
	if !by.Known() {
		return nil, errs.New(errs.Unauthenticated, "auth.required", "Sign in first.")
	}
	return all(ctx, s.db)
}

// Get returns one module. Whoever is signed in may know it.
func (s *Service) Get(ctx context.Context, by authz.Actor, key string) (Module, error) {
	mods, err := s.List(ctx, by)
	if err != nil {
		return Module{}, err
	}
	for _, m := range mods {
		if m.Key == key {
			return m, nil
		}
	}
	return Module{}, errs.NoSuch("module")
}

// Platform is the account where modules are kept, for those who have it in sight.
func (s *Service) Platform(ctx context.Context, by authz.Actor) (ids.Account, error) {
	at, err := platform(ctx, s.db)
	if err != nil {
		return "", err
	}
	_, _, err = s.op.See(ctx, by, at)
	if errs.KindOf(err) == errs.NotFound {
		return "", errPlatformOnly()
	}
	return at, err
}

// Unknown returns the permissions of a set that belong to no module that exists: they grant nothing.
func Unknown(ctx context.Context, q db.Queryer, set authz.Set) ([]authz.Perm, error) {
	own := set.Owned()
	if len(own) == 0 {
		return nil, nil
	}
	mods, err := all(ctx, q)
	if err != nil {
		return nil, err
	}
	var known authz.Set
	for _, m := range mods {
		known = known.Union(m.Perms())
	}
	return slices.DeleteFunc(own, known.Has), nil
}

// CheckGiven refuses to give permissions of modules that do not exist.
func CheckGiven(ctx context.Context, q db.Queryer, set authz.Set) error {
	unknown, err := Unknown(ctx, q, set)
	if err == nil && len(unknown) > 0 {
		return errs.Field("perms", "module.perm_unknown", "Leave out {perm}. No module has it any more.", "perm", string(unknown[0]))
	}
	return err
}

// write is a write of the platform's modules.
func (s *Service) write(ctx context.Context, by authz.Actor, platform ids.Account, fn func(ctx context.Context, w *op.W) error) error {
	return s.op.Write(ctx, by, authz.RolesManage, platform, func(ctx context.Context, w *op.W) error {
		if err := ofPlatform(w.Scope()); err != nil {
			return err
		}
		return fn(ctx, w)
	})
}

func ofPlatform(sc authz.Scope) error {
	if sc.Kind() != "platform" {
		return errPlatformOnly()
	}
	return nil
}

func errPlatformOnly() error {
	return errs.New(errs.Denied, "module.platform_only", "Ask an admin of the platform. Modules belong to the whole platform.")
}

// Add adds a module. From then on its permissions can be given, and Owners and Admins hold them.
func (s *Service) Add(ctx context.Context, by authz.Actor, platform ids.Account, in Input) error {
	m := in.module()
	return s.write(ctx, by, platform, func(ctx context.Context, w *op.W) error {
		if err := m.check(); err != nil {
			return err
		}
		err := insert(ctx, w.Tx(), w.Scope(), m)
		if errors.Is(err, db.ErrUnique) {
			return errs.Field("key", "module.key_taken", "Choose another key. There is a module with this one.")
		}
		if err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "module.added", TargetType: "module", TargetID: m.Key, Target: m.Name, After: m.logged()})
		return nil
	})
}

// Edit changes a module. An action can be left out only when nobody has it.
func (s *Service) Edit(ctx context.Context, by authz.Actor, platform ids.Account, key string, version int64, in Input) error {
	in.Key = key
	m := in.module()
	return s.write(ctx, by, platform, func(ctx context.Context, w *op.W) error {
		old, err := get(ctx, w.Tx(), w.Scope(), key)
		if err != nil {
			return err
		}
		if old.Version != version {
			return errs.New(errs.Conflict, "module.stale", "Open the module again, then change it. Somebody else saved it meanwhile.")
		}
		if err := m.check(); err != nil {
			return err
		}
		gone := old.Perms().Without(m.Perms())
		uses, err := usesOf(ctx, w.Tx(), w.Scope(), holders, gone.Owned(), 1)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return errs.Field("actions", "module.action_in_use", "Keep {perm}, or take it away from those who have it first. {who} has it.", "perm", string(gone.First()), "who", uses[0].Name)
		}
		if slices.Equal(old.Actions, m.Actions) && old.Name == m.Name && old.Icon == m.Icon && old.Link == m.Link {
			return w.Unchanged()
		}
		if err := update(ctx, w.Tx(), w.Scope(), m); err != nil {
			return err
		}
		if err := resell(ctx, w.Tx(), w.Scope(), old, m); err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "module.edited", TargetType: "module", TargetID: key, Target: m.Name, Before: old.logged(), After: m.logged()})
		return nil
	})
}

// Use is somebody or something that has a permission of a module.
type Use struct {
	Kind        string // person, invitation, role, key or package
	Name        string
	Account     ids.Account
	AccountName string
}

// UseLimit is how many uses are listed.
const UseLimit = 50

// Uses lists who has permissions of a module by name, the first fifty. Owners and Admins, who hold every module, are not
// among them.
func (s *Service) Uses(ctx context.Context, by authz.Actor, platform ids.Account, key string) ([]Use, error) {
	q, sc, err := s.op.Read(ctx, by, authz.RolesManage, platform)
	if err != nil {
		return nil, err
	}
	if err := ofPlatform(sc); err != nil {
		return nil, err
	}
	m, err := get(ctx, q, sc, key)
	if err != nil {
		return nil, err
	}
	return usesOf(ctx, q, sc, everywhere, m.Perms().Owned(), UseLimit)
}

// Remove removes a module. One in use is removed only with takeAway, which takes its permissions from everybody.
func (s *Service) Remove(ctx context.Context, by authz.Actor, platform ids.Account, key string, takeAway bool) error {
	return s.write(ctx, by, platform, func(ctx context.Context, w *op.W) error {
		m, err := get(ctx, w.Tx(), w.Scope(), key)
		if err != nil {
			return err
		}
		uses, err := usesOf(ctx, w.Tx(), w.Scope(), everywhere, m.Perms().Owned(), 1)
		if err != nil {
			return err
		}
		if len(uses) > 0 && !takeAway {
			return errs.New(errs.Conflict, "module.in_use", "Take it away from those who have it first. {who} has a permission of this module.", "who", uses[0].Name)
		}
		taken := int64(0)
		if len(uses) > 0 {
			if taken, err = takeFromAll(ctx, w.Tx(), w.Scope(), m.Perms().Owned()); err != nil {
				return err
			}
		}
		if err := remove(ctx, w.Tx(), w.Scope(), key); err != nil {
			return err
		}
		w.Audit(audit.Event{Action: "module.removed", TargetType: "module", TargetID: key, Target: m.Name, Before: m.logged()})
		if taken > 0 {
			w.Audit(audit.Event{Action: "module.taken_away", TargetType: "module", TargetID: key, Target: m.Name, After: takenAway{taken}})
		}
		return nil
	})
}

type takenAway struct {
	People int64 `audit:"show"`
}

func (in Input) module() Module {
	m := Module{Key: strings.TrimSpace(in.Key), Name: strings.TrimSpace(in.Name), Icon: in.Icon, Link: strings.TrimSpace(in.Link)}
	for _, a := range in.Actions {
		m.Actions = append(m.Actions, Action{strings.TrimSpace(a.Key), strings.TrimSpace(a.Name)})
	}
	return m
}

const (
	nameMax    = 60
	actionsMax = 16
	linkMax    = 500
)

func (m Module) check() error {
	var c errs.Collector
	switch {
	case !authz.Word(m.Key):
		c.Add("key", "module.key_form", "Use 2 to 32 small letters, digits and underscores, a letter first.")
	case authz.BuiltInModule(m.Key):
		c.Add("key", "module.key_built_in", "Choose another key. This one is a module of Bailiwick itself.")
	}
	if n := utf8.RuneCountInString(m.Name); n == 0 || n > nameMax {
		c.Add("name", "module.name_form", "Write a name of at most {max} characters.", "max", nameMax)
	}
	if !slices.Contains(icons, m.Icon) {
		c.Add("icon", "module.icon_unknown", "Choose one of the icons.")
	}
	if !opens(m.Link) {
		c.Add("link", "module.link_form", "Write an address that begins with https://, or a path that begins with /.")
	}
	if len(m.Actions) == 0 || len(m.Actions) > actionsMax {
		c.Add("actions", "module.actions_count", "Write 1 to {max} actions, one a line.", "max", actionsMax)
	}
	seen := map[string]bool{}
	for _, a := range m.Actions {
		if n := utf8.RuneCountInString(a.Name); !authz.Word(a.Key) || seen[a.Key] || n == 0 || n > nameMax {
			c.Add("actions", "module.action_form", "Write each action once, as its key and its name, like: send Send campaigns. {action} is not so.", "action", a.Key)
		}
		seen[a.Key] = true
	}
	return c.Err()
}

// opens reports whether a link is empty, a path on this host, or an https address.
func opens(link string) bool {
	if link == "" {
		return true
	}
	u, err := url.Parse(link)
	if err != nil || len(link) > linkMax || strings.ContainsAny(link, "\\\x00\r\n\t ") {
		return false
	}
	return u.Scheme == "https" && u.Host != "" && u.User == nil || u.Scheme == "" && u.Host == "" && strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//")
}
