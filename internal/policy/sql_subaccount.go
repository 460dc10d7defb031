package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// listed is a sub-account with its list, which is off when it has none.
type listed struct {
	name     string
	account  ids.Account
	networks Networks
}

func subAccount(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.SubAccount) (sub listed, err error) {
	down, args := sc.Down("s.account_id")
	own, more := sc.Sub("s.id")
	var stored string
	sub, err = db.One(ctx, q, func(r db.Row) (sub listed, err error) { return sub, r.Scan(&sub.name, &sub.account, &stored) },
		"SELECT s.name, s.account_id, COALESCE(a.networks, '') FROM subaccounts s LEFT JOIN subaccount_addresses a ON a.subaccount_id = s.id WHERE s.id = ? AND "+down+" AND "+own,
		slices.Concat([]any{id}, args, more)...)
	if errors.Is(err, db.ErrNoRows) {
		return sub, errs.NoSuch("subaccount")
	}
	if err != nil {
		return sub, fmt.Errorf("read the addresses of %s: %w", id, err)
	}
	sub.networks, err = readNetworks(stored)
	return sub, err
}

// networksOf reads the list of a sub-account for the program itself, which keeps it.
func networksOf(ctx context.Context, q db.Queryer, id ids.SubAccount) (string, error) {
	return db.One(ctx, q, db.Value[string], "SELECT networks FROM subaccount_addresses WHERE subaccount_id = ?", id)
}

func keepOfSub(ctx context.Context, tx *db.Tx, sc authz.Scope, id ids.SubAccount, n Networks) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	down, args := sc.Down("s.account_id")
	own, more := sc.Sub("s.id")
	_, err = tx.Exec(ctx, "INSERT INTO subaccount_addresses (subaccount_id, networks, updated_at) SELECT s.id, ?, ? FROM subaccounts s WHERE s.id = ? AND "+down+" AND "+own+
		" ON CONFLICT (subaccount_id) DO UPDATE SET networks = excluded.networks, updated_at = excluded.updated_at",
		slices.Concat([]any{string(body), tx.Ms(), id}, args, more)...)
	return err
}

// mostListed is how many sub-accounts with lists of their own are named together.
const mostListed = 100

// listedSubs are the sub-accounts with lists of their own, of a customer or a department and what is below it. There are too many accounts
// below a platform or a reseller to look at each.
func listedSubs(ctx context.Context, q db.Queryer, sc authz.Scope) ([]SubList, error) {
	if sc.Kind() != "customer" && sc.Kind() != "department" {
		return nil, nil
	}
	query, args := listedQuery(sc)
	all, err := db.All(ctx, q, func(r db.Row) (s SubList, err error) {
		var stored string
		if err := r.Scan(&s.ID, &s.Name, &stored); err != nil {
			return s, err
		}
		n, err := readNetworks(stored)
		s.On = n.On || err != nil // one that cannot be read lets nobody in
		return s, nil
	}, query, args...)
	return all, err
}

func listedQuery(sc authz.Scope) (query string, args []any) {
	own, args := sc.Sub("s.id")
	below := "JOIN account_tree b ON b.descendant_id = s.account_id AND b.ancestor_id = ?"
	if sc.Kind() == "customer" {
		below = "AND s.customer_id = ?" // however many departments it has
	}
	return `SELECT s.id, s.name, a.networks FROM subaccounts s JOIN subaccount_addresses a ON a.subaccount_id = s.id ` + below + ` WHERE ` + own +
		` ORDER BY s.name, s.id LIMIT ?`, append(append([]any{sc.Account()}, args...), mostListed)
}

func usesOfSub(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.SubAccount) (map[string]time.Time, error) {
	down, args := sc.Down("s.account_id")
	out := map[string]time.Time{}
	_, err := db.All(ctx, q, func(r db.Row) (network string, err error) {
		var at int64
		err = r.Scan(&network, &at)
		out[network] = time.UnixMilli(at).UTC()
		return network, err
	}, "SELECT u.network, u.used_at FROM subaccount_address_uses u JOIN subaccounts s ON s.id = u.subaccount_id WHERE u.subaccount_id = ? AND "+down, append([]any{id}, args...)...)
	return out, err
}

// noteUseOfSub notes that an address of a sub-account was used now, unless the sub-account has gone meanwhile.
func noteUseOfSub(ctx context.Context, tx *db.Tx, id ids.SubAccount, network netip.Prefix) error {
	_, err := tx.Exec(ctx, `INSERT INTO subaccount_address_uses (subaccount_id, network, used_at) SELECT s.id, ?, ? FROM subaccounts s WHERE s.id = ?
		ON CONFLICT (subaccount_id, network) DO UPDATE SET used_at = excluded.used_at WHERE subaccount_address_uses.used_at < excluded.used_at`, network.String(), tx.Ms(), id)
	if err != nil {
		return fmt.Errorf("note that an address of %s was used: %w", id, err)
	}
	return nil
}
