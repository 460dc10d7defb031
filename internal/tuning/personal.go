package tuning

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// Person is the tab of the settings that a person has in an account.
const Person Tab = "personal"

// Personal are the settings that people have in an account, below those of the account itself.
type Personal []Group

// Of shows the settings of a membership of the scope's account.
func (p Personal) Of(ctx context.Context, q db.Queryer, sc authz.Scope, m ids.Membership, canEdit bool) (Page, error) {
	out := Page{Account: sc.Account(), Name: sc.Name(), Kind: sc.Kind(), Tab: Person, CanEdit: canEdit}
	chain, err := setting.ReadMember(ctx, q, sc, m, p.keys()...)
	if err != nil {
		return out, err
	}
	own := sha256.New()
	for _, g := range p {
		part := Part{Name: g.Name}
		for _, k := range g.Keys {
			f, err := member(k, chain.Rows(k), canEdit)
			if err != nil {
				return out, err
			}
			if f.Own != nil {
				fmt.Fprintf(own, "%s=%s\n", f.Name, f.Own)
			}
			part.Fields = append(part.Fields, f)
		}
		out.Groups = append(out.Groups, part)
	}
	out.Version = int64(binary.BigEndian.Uint64(own.Sum(nil))>>2) + 1
	return out, nil
}

func member(k setting.Any, rows []setting.Row, canEdit bool) (f Field, err error) {
	f = Field{Name: k.ID(), Control: k.About().Control, Guard: k.About().Guard}
	above, own := setting.Above(rows)
	if own != nil {
		f.Own = own.Value
	}
	if f.Above, f.AboveFrom, err = inForce(k, above, &f.Broken); err != nil {
		return f, err
	}
	f.Broken = false
	if f.Value, f.From, err = inForce(k, rows, &f.Broken); err != nil {
		return f, err
	}
	f.CanEdit = canEdit && !f.From.LockedAbove()
	return f, nil
}

// Changed is one setting of a person as the audit log shows it.
type Changed struct {
	Setting string `audit:"show"`
	Value   string `audit:"show"` // JSON; "" for the account's
}

// Save changes settings of a membership of the scope's account, all of them or none, and returns what it changed.
// version is that of the page the edits were made on.
func (p Personal) Save(ctx context.Context, w *op.W, sc authz.Scope, m ids.Membership, version int64, edits map[string]Edit) (before, after []Changed, err error) {
	now, err := p.Of(ctx, w.Tx(), sc, m, true)
	if err != nil {
		return nil, nil, err
	}
	if now.Version != version {
		e := errs.New(errs.Conflict, "setting.stale", "Compare your changes with the saved settings, then save again. Somebody else saved them meanwhile.")
		e.Err = &Stale{now}
		return nil, nil, e
	}
	var refused errs.Collector
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		i := slices.IndexFunc(p.keys(), func(k setting.Any) bool { return k.ID() == name })
		if i < 0 {
			return nil, nil, errs.Field(name, "setting.unknown", "Leave out {setting}. There is no such setting here.", "setting", name)
		}
		value := edits[name].Value
		if edits[name].Inherit {
			value = nil
		}
		c, err := setting.SetMember(ctx, w.Tx(), sc, m, p.keys()[i], value)
		if err := refused.Merge(about(name, err)); err != nil {
			return nil, nil, err
		}
		if err == nil && !c.Nothing() {
			before, after = append(before, changed(name, c.Before)), append(after, changed(name, c.After))
		}
	}
	return before, after, refused.Err()
}

func changed(name string, v *setting.Stored) Changed {
	if v == nil {
		return Changed{Setting: name}
	}
	return Changed{name, v.Value}
}

func (p Personal) keys() (out []setting.Any) {
	for _, g := range p {
		out = append(out, g.Keys...)
	}
	return out
}
