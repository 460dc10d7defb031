package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/op"
)

// OfSub names the list of a sub-account: from where keys may send with it. What the lists of its account ask counts as well.
func OfSub(id ids.SubAccount) List { return List(id) }

// sub is the sub-account whose list it is, "" for a list of an account.
func (l List) sub() ids.SubAccount {
	id, err := ids.ParseSubAccount(string(l))
	if err != nil {
		return ""
	}
	return id
}

// SubList is a sub-account that has a list of its own.
type SubList struct {
	ID   ids.SubAccount
	Name string
	On   bool
}

// AllowlistOfSub shows the list of a sub-account of the account or below.
func (s *Service) AllowlistOfSub(ctx context.Context, by authz.Actor, account ids.Account, id ids.SubAccount) (Allowlist, error) {
	q, sc, err := s.op.Read(ctx, by, authz.SecurityView, account)
	if err != nil {
		return Allowlist{}, err
	}
	sub, err := subAccount(ctx, q, sc, id)
	if err != nil {
		return Allowlist{}, err
	}
	v := Allowlist{List: OfSub(id), You: address(by), CanEdit: sc.Has(authz.SecurityEdit), On: sub.networks.On}
	used, err := usesOfSub(ctx, q, sc, id)
	if err != nil {
		return Allowlist{}, fmt.Errorf("read when the addresses of %s were used: %w", id, err)
	}
	for _, e := range sub.networks.Entries {
		v.Entries = append(v.Entries, Listed{e, used[e.Net.String()]})
	}
	return v, nil
}

// changeOfSub edits the list of a sub-account. It shuts nobody out of an account, so that nothing has to be tried.
func (s *Service) changeOfSub(ctx context.Context, by authz.Actor, account ids.Account, id ids.SubAccount, edit func(*Networks) (audit.Event, error)) error {
	return s.op.Write(ctx, by, authz.SecurityEdit, account, func(ctx context.Context, w *op.W) error {
		sub, err := subAccount(ctx, w.Tx(), w.Scope(), id)
		if err != nil {
			return err
		}
		next := Networks{sub.networks.On, slices.Clone(sub.networks.Entries)}
		e, err := edit(&next)
		if err != nil {
			return err
		}
		if err := checkNetworks(next); err != nil {
			return err
		}
		if next.On == sub.networks.On && slices.Equal(next.Entries, sub.networks.Entries) {
			return w.Unchanged()
		}
		if err := keepOfSub(ctx, w.Tx(), w.Scope(), id, next); err != nil {
			return fmt.Errorf("keep the addresses of %s: %w", id, err)
		}
		e.TargetType, e.TargetID, e.Target = "subaccount", string(id), sub.name
		w.Audit(e)
		return notice.Tell(ctx, w.Tx(), notice.New{Kind: notice.RuleChanged, Account: sub.account, Facts: map[string]string{"setting": APIAddresses.Name}, By: by})
	})
}

// NetworksOfSub are the addresses of a sub-account in the scope.
func NetworksOfSub(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.SubAccount) (Networks, error) {
	sub, err := subAccount(ctx, q, sc, id)
	return sub.networks, err
}

// Refused is the refusal of whoever comes from an address that is not allowed.
func Refused(from string) *errs.Error {
	return errs.New(errs.Denied, "policy.address", "Come from an address that is allowed here, or ask an admin to add yours. {address} is not on the list.", "address", from)
}

// mostDoors is how many sub-accounts are kept in memory.
const mostDoors = 1 << 14

// Doors are from where keys may send with sub-accounts, from memory while nothing has changed on any node.
type Doors struct {
	db    *db.DB
	op    *op.Runner
	now   clock.Clock
	lists *change.Cache[ids.SubAccount, Networks]
	noted *noted
}

// NewDoors makes the Doors.
func NewDoors(d *db.DB, r *op.Runner, f *change.Feed) *Doors {
	return &Doors{d, r, d.Now, change.NewCache[ids.SubAccount, Networks](f, mostDoors), newNoted()}
}

// Admit refuses a key that comes from an address that is not on the list of the sub-account, and notes which address lets it in.
func (d *Doors) Admit(ctx context.Context, by authz.Actor, id ids.SubAccount) error {
	if by.Kind() != authz.Key {
		return nil
	}
	list, err := d.list(ctx, id)
	if err != nil || !list.On {
		return err
	}
	held := list.Holding(address(by))
	if held == nil {
		return Refused(by.IP())
	}
	used := d.noted.due([]entry{{list: OfSub(id), network: held.Net}}, d.now())
	if len(used) == 0 {
		return nil
	}
	return d.op.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return noteUses(ctx, tx, used) })
}

func (d *Doors) list(ctx context.Context, id ids.SubAccount) (n Networks, err error) {
	if n, ok := d.lists.Get(ctx, id); ok {
		return n, nil
	}
	told := d.lists.Told()
	stored, err := networksOf(ctx, d.db, id)
	if errors.Is(err, db.ErrNoRows) {
		stored, err = "{}", nil
	}
	if err != nil {
		return n, fmt.Errorf("read the addresses of %s: %w", id, err)
	}
	if n, err = readNetworks(stored); err != nil {
		return n, err
	}
	d.lists.Put(told, id, n, change.Subject{Kind: change.Setting, ID: string(id)})
	return n, nil
}

// readNetworks reads a stored list. One that cannot be read lets nobody in.
func readNetworks(stored string) (n Networks, err error) {
	if stored == "" {
		return n, nil
	}
	if err := json.Unmarshal([]byte(stored), &n); err != nil {
		return n, errs.New(errs.Unavailable, "setting.unreadable",
			"Ask the operator to set {setting} again. Its stored value cannot be read, and a rule of security is not replaced by its default.", "setting", APIAddresses.Name)
	}
	return n, nil
}
