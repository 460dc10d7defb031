// Package tuning shows and changes the settings of an account: what is in force, where it comes from, and what the
// account itself has set and locked for those below.
//
// It knows no setting by name. Features list their keys, and the application puts them under tabs.
package tuning

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// Tab is where settings stand together.
type Tab string

// The tabs.
const (
	Settings Tab = "settings"
	Security Tab = "security"
	Branding Tab = "branding"
	Contacts Tab = "preferences" // the address "contacts" is that of the contacts themselves
)

// rights are what one needs to see a tab and to change what stands there.
var rights = map[Tab]struct{ view, edit authz.Perm }{
	Settings: {authz.SettingsView, authz.SettingsEdit},
	Security: {authz.SecurityView, authz.SecurityEdit},
	Branding: {authz.BrandingView, authz.BrandingEdit},
	Contacts: {authz.SettingsView, authz.SettingsEdit},
}

// Group is some settings of a tab under one heading.
type Group struct {
	Tab  Tab
	Name string // the catalogue has its heading
	Keys []setting.Any
	// Fits refuses a value that is well formed and cannot be on this account, as only the database can tell. Nil refuses none.
	Fits func(ctx context.Context, tx *db.Tx, sc authz.Scope, name string, value json.RawMessage) error
}

// Service is the operations on settings.
type Service struct {
	op     *op.Runner
	groups []Group
}

// NewService makes a Service for the settings in groups.
func NewService(r *op.Runner, groups []Group) (*Service, error) {
	var all []setting.Any
	for _, g := range groups {
		all = append(all, g.Keys...)
		if _, ok := rights[g.Tab]; !ok {
			return nil, fmt.Errorf("settings stand under a tab that nobody may see: %q", g.Tab)
		}
	}
	if err := setting.Unique(all); err != nil {
		return nil, err
	}
	return &Service{r, groups}, nil
}

// Page is a tab of an account.
type Page struct {
	Account ids.Account
	Name    string // the account's
	Kind    string // the account's
	Tab     Tab
	Groups  []Part
	Version int64 // of what the account itself has set under the tab; above 0
	CanEdit bool
}

// Part is a group as it stands on an account.
type Part struct {
	Name   string
	Fields []Field
}

// Field is one setting as it stands on an account.
type Field struct {
	Name    string
	Control setting.Control
	Guard   bool // only becomes stricter further down

	Value  json.RawMessage // in force
	From   setting.Origin
	Broken bool // nothing that is stored can be read, and no default may stand in for a rule of security

	Own         json.RawMessage // set on the account itself, in force or not; nil when it has none
	OwnLocked   bool            // for every account below
	Above       json.RawMessage // what would be in force without Own
	AboveFrom   setting.Origin
	CanEdit     bool
	ParentField bool // changed by the parent alone, and this viewer is not
}

// Fields are all settings of the page in their order.
func (p Page) Fields() []Field {
	var out []Field
	for _, g := range p.Groups {
		out = append(out, g.Fields...)
	}
	return out
}

// View shows a tab of an account.
func (s *Service) View(ctx context.Context, by authz.Actor, account ids.Account, tab Tab) (Page, error) {
	r, ok := rights[tab]
	if !ok {
		return Page{}, errs.NoSuch("setting")
	}
	q, sc, err := s.op.Read(ctx, by, r.view, account)
	if err != nil {
		return Page{}, err
	}
	return s.page(ctx, q, sc, tab)
}

// One shows one setting of an account, whatever its tab.
func (s *Service) One(ctx context.Context, by authz.Actor, account ids.Account, name string) (Page, Field, error) {
	for _, g := range s.groups {
		if !slices.ContainsFunc(g.Keys, func(k setting.Any) bool { return k.ID() == name }) {
			continue
		}
		p, err := s.View(ctx, by, account, g.Tab)
		if err != nil {
			return p, Field{}, err
		}
		for _, f := range p.Fields() {
			if f.Name == name {
				return p, f, nil
			}
		}
	}
	return Page{}, Field{}, errs.NoSuch("setting")
}

// page reads a tab with one query.
func (s *Service) page(ctx context.Context, q db.Queryer, sc authz.Scope, tab Tab) (Page, error) {
	chain, err := setting.Read(ctx, q, sc, s.keys(tab, sc.Kind())...)
	if err != nil {
		return Page{}, err
	}
	return s.fill(chain, sc, tab)
}

// fill makes the page of a tab of what is stored on the chain.
func (s *Service) fill(chain setting.Chain, sc authz.Scope, tab Tab) (Page, error) {
	p := Page{Account: sc.Account(), Name: sc.Name(), Kind: sc.Kind(), Tab: tab, CanEdit: sc.Has(rights[tab].edit)}
	own := sha256.New()
	for _, g := range s.groups {
		if g.Tab != tab {
			continue
		}
		part := Part{Name: g.Name}
		for _, k := range g.Keys {
			if !has(k, sc.Kind()) {
				continue
			}
			f, err := field(k, chain.Rows(k), sc, rights[tab].edit)
			if err != nil {
				return p, err
			}
			if f.Own != nil {
				fmt.Fprintf(own, "%s=%s %t\n", f.Name, f.Own, f.OwnLocked)
			}
			part.Fields = append(part.Fields, f)
		}
		if len(part.Fields) > 0 {
			p.Groups = append(p.Groups, part)
		}
	}
	p.Version = int64(binary.BigEndian.Uint64(own.Sum(nil))>>2) + 1
	return p, nil
}

func field(k setting.Any, rows []setting.Row, sc authz.Scope, edit authz.Perm) (f Field, err error) {
	about := k.About()
	f = Field{Name: k.ID(), Control: about.Control, Guard: about.Guard}
	above, own := setting.Above(rows)
	if own != nil {
		f.Own, f.OwnLocked = own.Value, own.Locked
	}
	if f.Above, f.AboveFrom, err = inForce(k, above, &f.Broken); err != nil {
		return f, err
	}
	f.Broken = false // what counts is whether the account's own value mends it
	if f.Value, f.From, err = inForce(k, rows, &f.Broken); err != nil {
		return f, err
	}
	f.ParentField = about.Parents && sc.Kind() != "platform" && !sc.HeldAbove(edit)
	f.CanEdit = sc.Has(edit) && (about.Needs == "" || sc.Has(about.Needs)) && !f.ParentField && !f.From.LockedAbove()
	return f, nil
}

// inForce is the value of a key, or none with broken set where its rows cannot be read.
func inForce(k setting.Any, rows []setting.Row, broken *bool) (json.RawMessage, setting.Origin, error) {
	v, from, err := k.Effective(rows)
	if errs.CodeOf(err) == "setting.unreadable" {
		*broken = true
		return nil, from, nil
	}
	return v, from, err
}

// has reports whether accounts of a kind have the setting.
func has(k setting.Any, kind string) bool {
	on := k.About().On
	return len(on) == 0 || slices.Contains(on, kind)
}

func (s *Service) keys(tab Tab, kind string) []setting.Any {
	var out []setting.Any
	for _, g := range s.groups {
		for _, k := range g.Keys {
			if g.Tab == tab && has(k, kind) {
				out = append(out, k)
			}
		}
	}
	return out
}

// find returns a setting of a tab and its group.
func (s *Service) find(tab Tab, kind, name string) (setting.Any, Group, error) {
	for _, g := range s.groups {
		for _, k := range g.Keys {
			if g.Tab == tab && k.ID() == name && has(k, kind) {
				return k, g, nil
			}
		}
	}
	if name == "" {
		return nil, Group{}, errs.Field(name, "setting.unnamed", "Name a setting. None is named here.")
	}
	return nil, Group{}, errs.Field(name, "setting.unknown", "Leave out {setting}. There is no such setting here.", "setting", name)
}

// Stale carries the tab as somebody else saved it in between.
type Stale struct{ Theirs Page }

func (*Stale) Error() string { return "the settings were changed meanwhile" }
