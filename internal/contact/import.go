package contact

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
)

// Incoming is one contact of an import. It exists when the account has one of its id or its address.
type Incoming struct {
	ID        ids.Contact
	Has       []string // the fields that the file has; the others of an existing contact stay as they are
	ListNames []string // lists to be put on; nobody is taken off one
	Input
}

// Fate is what becomes of an incoming contact.
type Fate struct {
	Exists bool
	Same   bool  // it exists and nothing differs
	Err    error // why it is left out

	old Contact
	in  Input
}

// judgeAtOnce is how many rows one statement looks up.
const judgeAtOnce = 200

// CheckImport says what would become of contacts, and changes nothing.
func (s *Service) CheckImport(ctx context.Context, by authz.Actor, at ids.Account, in []Incoming, how account.Importing) ([]Fate, error) {
	q, sc, _, err := s.read(ctx, by, authz.ContactsImport, at)
	if err != nil {
		return nil, err
	}
	return judge(ctx, q, sc, in, how, s.DB.Now())
}

// ImportIn brings contacts in, in a write on their account. What is refused is left out and told in its fate.
func (s *Service) ImportIn(ctx context.Context, w *op.W, in []Incoming, how account.Importing) ([]Fate, error) {
	if err := owns(w.Scope()); err != nil {
		return nil, err
	}
	fates, err := judge(ctx, w.Tx(), w.Scope(), in, how, w.Tx().Now())
	if err != nil {
		return nil, err
	}
	for i := range fates {
		f := &fates[i]
		switch {
		case f.Err != nil || f.Same:
			continue
		case f.Exists:
			err = w.On(ctx, authz.ContactsEdit, w.Scope().Account(), func(ctx context.Context, w *op.W) error { return s.change(ctx, w, f.old, f.in) })
		default:
			_, err = s.add(ctx, w, f.in)
		}
		if err != nil {
			return nil, account.OfRow(i, err)
		}
	}
	return fates, nil
}

// judge finds what exists, checks every field, and leaves out what finds no room in the client's package.
func judge(ctx context.Context, q db.Queryer, sc authz.Scope, in []Incoming, how account.Importing, now time.Time) ([]Fate, error) {
	byID, byAddress, on, err := existing(ctx, q, sc, in)
	if err != nil {
		return nil, err
	}
	all, err := listsByID(ctx, q, sc)
	if err != nil {
		return nil, err
	}
	left, limited, full, err := plan.Free(ctx, q, sc, plan.Contacts, now)
	if err != nil {
		return nil, err
	}
	named := map[string]ids.List{}
	for id, l := range all {
		named[ids.Fold(l.Name)] = id
	}
	out := make([]Fate, len(in))
	seen := map[string]bool{}
	for i, row := range in {
		f := &out[i]
		address := row.address()
		old, exists := byID[row.ID]
		if !exists {
			old, exists = byAddress[address]
		}
		other, clash := byAddress[address]
		switch {
		case address != "" && seen[address]:
			f.Err = errs.Field("email", "import.contact_twice", "Keep this address in one line only. Two lines of the file have it.")
		case exists && !how.Update:
			f.Err = errs.New(errs.Conflict, "import.contact_exists", "Leave this line out, or choose to update contacts that exist. There is one with this address already.")
		case exists && clash && other.ID != old.ID:
			f.Err = taken(db.ErrUnique)
		case exists:
			f.Exists, f.old = true, old
			f.in, f.Err = row.over(old).clean()
			f.in.Lists = slices.Clone(on[old.ID])
			f.Same = f.Err == nil && sameInput(f.in, old)
		default:
			f.in, f.Err = row.clean()
			f.in.Lists = nil
		}
		seen[address] = true
		if f.Err == nil {
			f.putOn(row.ListNames, named)
		}
		if limited && f.Err == nil && !f.Exists {
			if left == 0 {
				f.Err = full
				continue
			}
			left--
		}
	}
	return out, nil
}

// putOn adds the lists that a row names.
func (f *Fate) putOn(names []string, named map[string]ids.List) {
	for _, name := range names {
		id, known := named[ids.Fold(name)]
		if !known {
			f.Err = errs.Field("lists", "import.list_unknown", "Write names of lists of this account, a line each. There is no {name} here.", "name", name)
			return
		}
		if !slices.Contains(f.in.Lists, id) {
			f.in.Lists, f.Same = append(f.in.Lists, id), false
		}
	}
}

func sameInput(in Input, c Contact) bool {
	return in.Email == c.Email && in.Phone == c.Phone && in.Name == c.Name && in.Language == c.Language && slices.Equal(in.Details, c.Details)
}

// address is what the row's contact would be found by.
func (in Incoming) address() string {
	if a := ids.Fold(in.Email); a != "" {
		return a
	}
	return cleanPhone(in.Phone)
}

// over is what the contact will be: the fields of the file over those that it has.
func (in Incoming) over(c Contact) Input {
	out := Input{Email: c.Email, Phone: c.Phone, Name: c.Name, Language: c.Language, Details: c.Details}
	for _, field := range in.Has {
		switch field {
		case "email":
			out.Email = in.Email
		case "phone":
			out.Phone = in.Phone
		case "name":
			out.Name = in.Name
		case "language":
			out.Language = in.Language
		case "details":
			out.Details = in.Details
		}
	}
	return out
}

// existing finds the contacts that rows are about, by id and by address, and the lists that they are on.
func existing(ctx context.Context, q db.Queryer, sc authz.Scope, in []Incoming) (byID map[ids.Contact]Contact, byAddress map[string]Contact, on map[ids.Contact][]ids.List, err error) {
	byID, byAddress, on = map[ids.Contact]Contact{}, map[string]Contact{}, map[ids.Contact][]ids.List{}
	for part := range slices.Chunk(in, judgeAtOnce) {
		var some []ids.Contact
		var addresses []string
		for _, row := range part {
			some, addresses = append(some, row.ID), append(addresses, row.address())
		}
		found, err := among(ctx, q, sc, some, addresses)
		if err != nil {
			return nil, nil, nil, err
		}
		some = nil
		for _, c := range found {
			byID[c.ID], byAddress[c.address] = c, c
			some = append(some, c.ID)
		}
		if err := listsOfMany(ctx, q, sc, some, on); err != nil {
			return nil, nil, nil, err
		}
	}
	return byID, byAddress, on, nil
}

// IncomingStop is one suppression of an import.
type IncomingStop struct {
	Address  string
	ListName string // "" for everything
	Reason   string // Manual unless given
}

// StopFate is what becomes of an incoming suppression.
type StopFate struct {
	Same bool // it stands already
	Err  error

	in SuppressInput
}

// CheckSuppressions says what would become of suppressions, and changes nothing.
func (s *Service) CheckSuppressions(ctx context.Context, by authz.Actor, at ids.Account, in []IncomingStop) ([]StopFate, error) {
	q, sc, _, err := s.read(ctx, by, authz.SuppressionsImport, at)
	if err != nil {
		return nil, err
	}
	return judgeStops(ctx, q, sc, in)
}

// ImportSuppressionsIn brings suppressions in, in a write on their account.
func (s *Service) ImportSuppressionsIn(ctx context.Context, w *op.W, in []IncomingStop) ([]StopFate, error) {
	if err := owns(w.Scope()); err != nil {
		return nil, err
	}
	fates, err := judgeStops(ctx, w.Tx(), w.Scope(), in)
	if err != nil {
		return nil, err
	}
	for i, f := range fates {
		if f.Err != nil || f.Same {
			continue
		}
		if _, err := suppress(ctx, w, f.in); err != nil {
			return nil, account.OfRow(i, err)
		}
	}
	return fates, nil
}

func judgeStops(ctx context.Context, q db.Queryer, sc authz.Scope, in []IncomingStop) ([]StopFate, error) {
	all, err := listsByID(ctx, q, sc)
	if err != nil {
		return nil, err
	}
	named := map[string]ids.List{}
	for id, l := range all {
		named[ids.Fold(l.Name)] = id
	}
	out := make([]StopFate, len(in))
	var addresses []string
	for i, row := range in {
		f := &out[i]
		f.in = SuppressInput{Address: row.Address, Reason: Reason(ids.Fold(row.Reason))}
		if name := ids.Fold(row.ListName); name != "" {
			if f.in.List = named[name]; f.in.List == "" {
				f.Err = errs.Field("list", "import.list_unknown", "Write names of lists of this account, a line each. There is no {name} here.", "name", row.ListName)
				continue
			}
		}
		if f.in, f.Err = f.in.clean(); f.Err == nil {
			addresses = append(addresses, f.in.Address)
		}
	}
	stands, err := stopsAmong(ctx, q, sc, addresses)
	if err != nil {
		return nil, err
	}
	for i := range out {
		f := &out[i]
		key := stopKey{f.in.Address, f.in.List}
		if f.Err != nil {
			continue
		}
		f.Same, stands[key] = stands[key], true
	}
	return out, nil
}

// stopKey is what only one suppression of an account has.
type stopKey struct {
	address string
	list    ids.List
}
