package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
)

// Incoming is one client of an import.
type Incoming struct {
	ID     ids.Account // as it stands in the file; one that does not exist here says nothing
	Parent ids.Account // below which a new client is made
	Bought string      // the name of a package, "" none
	Has    []string    // the fields that the file has; the others of an existing client stay as they are
	NoEnd  bool
	Fields
}

// Fate is what becomes of an incoming client.
type Fate struct {
	Existing ids.Account // "" for a new one
	Account  ids.Account // once it was imported
	Same     bool        // it exists and nothing differs
	Ended    bool        // a new one whose membership is over already; CheckImport says so
	Err      error       // why it is left out

	old    Exported
	fields Fields
	bought plan.Package
}

// Importing says how an import treats what it meets.
type Importing struct {
	Update bool // clients that exist are brought up to date; else their lines are refused
}

// RowError ends a write because of one row, which can be tried again without it.
type RowError struct {
	Row int
	Err *errs.Error
}

func (e *RowError) Error() string { return e.Err.Error() }

// OfRow makes a RowError of an error that a person can act on; others stay as they are.
func OfRow(row int, err error) error {
	var told *errs.Error
	if errors.As(err, &told) && told.Kind != errs.Internal && told.Kind != errs.Unavailable {
		return &RowError{row, told}
	}
	return err
}

// CheckImport says what would become of clients, and changes nothing.
func (s *Service) CheckImport(ctx context.Context, by authz.Actor, root ids.Account, in []Incoming, how Importing) ([]Fate, error) {
	q, sc, err := s.op.Read(ctx, by, authz.ClientsImport, root)
	if err != nil {
		return nil, err
	}
	fates, err := judge(ctx, q, sc, in, how)
	if err != nil {
		return nil, err
	}
	places := map[ids.Account]place{}
	for i := range fates {
		f := &fates[i]
		if f.Err != nil || f.Existing != "" {
			continue
		}
		at := in[i].Parent
		if _, seen := places[at]; !seen {
			places[at] = s.placeFor(ctx, by, at)
		}
		p := places[at]
		f.Err, f.Ended = p.err, p.err == nil && f.fields.over(p.zone, s.now())
	}
	return fates, nil
}

// place is where new clients are made, or why they are not.
type place struct {
	zone *time.Location // what they inherit
	err  error
}

func (s *Service) placeFor(ctx context.Context, by authz.Actor, at ids.Account) (p place) {
	q, sc, err := s.op.Read(ctx, by, authz.ClientsCreate, at)
	if err != nil {
		return place{err: err}
	}
	parent, err := get(ctx, q, sc, at)
	if err != nil {
		return place{err: err}
	}
	if p.zone, p.err = zoneOf(ctx, q, sc); p.err == nil {
		p.err = mayHang(ctx, q, sc, parent, Customer)
	}
	return p
}

// ImportIn brings clients in, in a write on the account that they are imported at. What is refused is left out and told
// in its fate; a *RowError names a row without which the write can be tried again.
func ImportIn(ctx context.Context, w *op.W, in []Incoming, how Importing) ([]Fate, error) {
	fates, err := judge(ctx, w.Tx(), w.Scope(), in, how)
	if err != nil {
		return nil, err
	}
	fresh := map[ids.Account][]int{}
	var parents []ids.Account
	for i := range fates {
		f := &fates[i]
		switch {
		case f.Err != nil || f.Same:
		case f.Existing != "":
			if err := updateOne(ctx, w, in[i], f); err != nil {
				return nil, OfRow(i, err)
			}
		default:
			at := in[i].Parent
			if fresh[at] == nil {
				parents = append(parents, at)
			}
			fresh[at] = append(fresh[at], i)
		}
	}
	for _, at := range parents {
		rows := fresh[at]
		err := w.On(ctx, authz.ClientsCreate, at, func(ctx context.Context, w *op.W) error { return createMany(ctx, w, rows, fates) })
		if err != nil {
			var one *RowError
			if errors.As(err, &one) {
				return nil, err
			}
			return nil, OfRow(rows[0], err)
		}
	}
	return fates, nil
}

// judge finds what exists and checks every field.
func judge(ctx context.Context, q db.Queryer, sc authz.Scope, in []Incoming, how Importing) ([]Fate, error) {
	out := make([]Fate, len(in))
	if err := match(ctx, q, sc, in, out); err != nil {
		return nil, err
	}
	var known []ids.Account
	for _, f := range out {
		if f.Existing != "" {
			known = append(known, f.Existing)
		}
	}
	old := map[ids.Account]Exported{}
	for part := range slices.Chunk(known, exportChunk) {
		found, err := withDetails(ctx, q, sc, "", part)
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			old[x.ID] = x
		}
	}
	named := packageNames{}
	for i := range out {
		f := &out[i]
		if f.Err != nil {
			continue
		}
		if f.Existing == "" {
			fields, err := in[i].clean(Customer)
			f.fields, f.Err = fields, CreateInput{Customer, in[i].NoEnd, in[i].Fields}.alsoEnd(err)
			if err := named.choose(ctx, q, sc, in[i], in[i].Parent, f); err != nil {
				return nil, err
			}
			continue
		}
		if !how.Update {
			f.Err = errs.New(errs.Conflict, "import.exists", "Leave this line out, or choose to update clients that exist. There is such a client already.")
			continue
		}
		f.judgeUpdate(in[i], old)
		if err := named.choose(ctx, q, sc, in[i], f.Existing, f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (f *Fate) judgeUpdate(in Incoming, old map[ids.Account]Exported) {
	x, seen := old[f.Existing]
	if !seen { // a reseller or department, or out of sight
		f.Err = errs.New(errs.Conflict, "account.ref_elsewhere", "Change the reference. An account that is no client here has it.")
		return
	}
	f.old = x
	merged, noEnd := in.over(x)
	fields, err := merged.clean(Customer)
	f.fields, f.Err = fields, CreateInput{Customer, noEnd, merged}.alsoEnd(err)
	upd := x.Account
	fields.apply(&upd)
	fields.applyParents(&upd)
	f.Same = f.Err == nil && upd == x.Account && sameRefs(fields.Refs, x.Refs) && fields.TimeZone == x.TimeZone && fields.Language == x.Language
}

// packageNames remembers what the names of packages stand for at a place.
type packageNames map[[2]string][]plan.Package

// choose finds the package that a line names, if the file has that column.
func (n packageNames) choose(ctx context.Context, q db.Queryer, sc authz.Scope, in Incoming, at ids.Account, f *Fate) error {
	if f.Err != nil || !slices.Contains(in.Has, "package") {
		return nil
	}
	var chosen plan.Package
	if in.Bought != "" && ids.Fold(in.Bought) == ids.Fold(f.old.PackageName) {
		chosen = plan.Package{ID: f.old.Package, Name: f.old.PackageName} // it may be retired
	} else if in.Bought != "" {
		key := [2]string{string(at), ids.Fold(in.Bought)}
		found, seen := n[key]
		if !seen {
			var err error
			if found, err = packageNamed(ctx, q, sc, at, in.Bought); err != nil {
				return err
			}
			n[key] = found
		}
		if len(found) == 0 {
			f.Err = errs.Field("package", "import.package_unknown", "Write the name of a package that is offered there, or leave the cell empty.")
			return nil
		}
		chosen = found[0]
	}
	f.Same = f.Same && chosen.ID == f.old.Package
	f.fields.Package, f.bought = &chosen.ID, chosen
	return nil
}

func sameRefs(a, b []Ref) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(r Ref) bool { return !slices.Contains(b, r) })
}

// over is what the client will be: the fields of the file over those that it has.
func (in Incoming) over(x Exported) (Fields, bool) {
	f := Fields{
		Name: x.Name, LegalName: x.LegalName, Email: x.Email, Phone: x.Phone, Address: x.Address, Website: x.Website, Industry: x.Industry,
		TimeZone: x.TimeZone, Language: x.Language, MembershipStart: string(x.MembershipStart), MembershipEnd: string(x.MembershipEnd), Refs: x.Refs,
	}
	noEnd := x.MembershipEnd == ""
	for _, name := range in.Has {
		switch name {
		case "name":
			f.Name = in.Name
		case "legal_name":
			f.LegalName = in.LegalName
		case "email":
			f.Email = in.Email
		case "phone":
			f.Phone = in.Phone
		case "address":
			f.Address = in.Address
		case "website":
			f.Website = in.Website
		case "industry":
			f.Industry = in.Industry
		case "time_zone":
			f.TimeZone = in.TimeZone
		case "language":
			f.Language = in.Language
		case "membership_start":
			f.MembershipStart = in.MembershipStart
		case "membership_end":
			f.MembershipEnd, noEnd = in.MembershipEnd, in.NoEnd
		case "refs":
			f.Refs = in.Refs
		}
	}
	return f, noEnd
}

// match finds which of the clients exist below the scope's account, by their id or by a reference.
func match(ctx context.Context, q db.Queryer, sc authz.Scope, in []Incoming, out []Fate) error {
	var byID []ids.Account
	byParent := map[ids.Account][]Ref{}
	for _, x := range in {
		if x.ID != "" {
			byID = append(byID, x.ID)
		}
		byParent[x.Parent] = append(byParent[x.Parent], x.Refs...)
	}
	here := map[ids.Account]bool{}
	for part := range slices.Chunk(byID, exportChunk) {
		found, err := clientsAmong(ctx, q, sc, part)
		if err != nil {
			return err
		}
		for _, id := range found {
			here[id] = true
		}
	}
	holders := map[ids.Account]map[Ref]ids.Account{}
	for at, refs := range byParent {
		found, err := holdersOf(ctx, q, sc, at, refs)
		if err != nil {
			return err
		}
		holders[at] = found
	}
	taken := map[ids.Account]map[Ref]bool{}
	for i, x := range in {
		f := &out[i]
		if here[x.ID] {
			f.Existing = x.ID
		}
		if taken[x.Parent] == nil {
			taken[x.Parent] = map[Ref]bool{}
		}
		for _, r := range x.Refs {
			key := Ref{ids.Fold(r.Source), ids.Fold(r.Reference)}
			holder := holders[x.Parent][key]
			switch {
			case taken[x.Parent][key]:
				f.Err = errs.Field("refs", "import.ref_twice", "Keep the reference {reference} in one line only. Two lines of the file have it.", "reference", r.Reference)
			case holder != "" && f.Existing == "":
				f.Existing = holder
			case holder != "" && holder != f.Existing:
				f.Err = errs.Field("refs", "account.ref_taken", "Change the reference {reference}. Another account already has it for {source}.", "reference", r.Reference, "source", r.Source)
			}
		}
		for _, r := range x.Refs {
			taken[x.Parent][Ref{ids.Fold(r.Source), ids.Fold(r.Reference)}] = true
		}
	}
	return nil
}

// updateOne saves an existing client as its form would.
func updateOne(ctx context.Context, w *op.W, in Incoming, f *Fate) error {
	_, noEnd := in.over(f.old)
	err := w.On(ctx, authz.ClientsEdit, f.Existing, func(ctx context.Context, w *op.W) error {
		return update(ctx, w, UpdateInput{Version: f.old.Version, NoEnd: noEnd, Fields: f.fields}, f.fields)
	})
	f.Account = f.Existing
	return err
}

// createMany makes the new clients of some rows below the account that w is on, by the rules of the form.
func createMany(ctx context.Context, w *op.W, rows []int, fates []Fate) error {
	parent, err := get(ctx, w.Tx(), w.Scope(), w.Scope().Account())
	if err != nil {
		return err
	}
	if err := mayHang(ctx, w.Tx(), w.Scope(), parent, Customer); err != nil {
		return err
	}
	now := w.Tx().Now()
	all := make([]newcomer, len(rows))
	for n, i := range rows {
		f := &fates[i]
		a := Account{ID: ids.NewAccount(now), Parent: parent.ID, Kind: Customer, Version: 1, CreatedAt: now, UpdatedAt: now}
		f.fields.apply(&a)
		f.fields.applyParents(&a)
		if f.bought.ID != "" && !w.Scope().Has(authz.PackagesAssign) {
			return OfRow(i, errs.Field("package", "account.package_denied", "Leave the package out, or ask an admin. Giving packages is not part of your role."))
		}
		a.Package, a.PackageName = f.bought.ID, f.bought.Name
		all[n], f.Account = newcomer{a, f.fields.Refs}, a.ID
		w.Audit(audit.Event{Action: "account.created", TargetType: "account", TargetID: string(a.ID), Target: a.Name, After: a, Account: a.ID})
	}
	if err := insertMany(ctx, w.Tx(), w.Scope(), all); err != nil {
		return err
	}
	sold := map[ids.Package]bool{"": true}
	for _, i := range rows {
		if p := fates[i].bought; !sold[p.ID] {
			sold[p.ID] = true
			if err := plan.Sold(ctx, w.Tx(), w.Scope(), p); err != nil {
				return OfRow(i, err)
			}
		}
	}
	for n, i := range rows {
		if f := fates[i].fields; f.TimeZone != "" || f.Language != "" {
			if err := settleOne(ctx, w, all[n].ID, f); err != nil {
				return OfRow(i, err)
			}
		}
	}
	return nil
}

func settleOne(ctx context.Context, w *op.W, id ids.Account, f Fields) error {
	return w.On(ctx, authz.ClientsCreate, id, func(ctx context.Context, w *op.W) error {
		if _, _, err := settle(ctx, w, TimeZone, f.TimeZone); err != nil {
			return err
		}
		_, _, err := settle(ctx, w, Language, f.Language)
		return err
	})
}
