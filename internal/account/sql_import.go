package account

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// withDetails reads clients below the scope's account with all that can be set on them, by name.
func withDetails(ctx context.Context, q db.Queryer, sc authz.Scope, root ids.Account, clients []ids.Account) ([]Exported, error) {
	if len(clients) == 0 {
		return nil, nil
	}
	in, args := sc.Down("a.id")
	at := map[ids.Account]int{}
	out, err := db.All(ctx, q, func(r db.Row) (x Exported, err error) {
		var parent ids.Account
		var held int64
		x.Account, err = scanAccount(more{r, []any{&parent, &x.ParentName, &x.Users, &x.Locations, &held}})
		x.Status = Active
		switch {
		case x.Closed():
			x.Status = Closed
		case held > 0:
			x.Status = Suspended
		}
		if parent == root {
			x.ParentName = ""
		}
		return x, err
	}, `SELECT `+columns+`, p.id, p.name, c.users, c.locations, (SELECT count(*) FROM account_tree t JOIN holds h ON h.account_id = t.ancestor_id WHERE t.descendant_id = a.id)
		FROM accounts a JOIN accounts p ON p.id = a.parent_id JOIN client_list c ON c.ancestor_id = a.id AND c.customer_id = a.id
		WHERE a.kind = 'customer' AND a.id IN `+db.In(len(clients))+` AND `+in+` ORDER BY a.name_fold, a.id`, append(db.Args(clients...), args...)...)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	for i, x := range out {
		at[x.ID] = i
	}
	if err := addRefs(ctx, q, sc, out, at); err != nil {
		return nil, err
	}
	return out, addSettings(ctx, q, sc, out, at)
}

// more scans further columns behind those of a known row.
type more struct {
	db.Row
	rest []any
}

func (m more) Scan(dest ...any) error { return m.Row.Scan(append(dest, m.rest...)...) }

// ownText is a value of one account.
type ownText struct {
	id         ids.Account
	name, text string
}

func scanOwn(r db.Row) (o ownText, err error) {
	err = r.Scan(&o.id, &o.name, &o.text)
	return o, err
}

func addRefs(ctx context.Context, q db.Queryer, _ authz.Scope, to []Exported, at map[ids.Account]int) error {
	found, err := db.All(ctx, q, scanOwn, `SELECT r.account_id, r.source, r.reference FROM external_refs r WHERE r.account_id IN `+db.In(len(to))+
		` ORDER BY r.account_id, r.source_fold, r.reference_fold`, idsOf(to)...)
	for _, r := range found {
		x := &to[at[r.id]]
		x.Refs = append(x.Refs, Ref{r.name, r.text})
	}
	return err
}

func addSettings(ctx context.Context, q db.Queryer, _ authz.Scope, to []Exported, at map[ids.Account]int) error {
	found, err := db.All(ctx, q, scanOwn, `SELECT s.account_id, s.name, s.value FROM settings s WHERE s.name IN (?, ?) AND s.account_id IN `+db.In(len(to)),
		append([]any{TimeZone.Name, Language.Name}, idsOf(to)...)...)
	if err != nil {
		return err
	}
	for _, s := range found {
		into := &to[at[s.id]].TimeZone
		if s.name == Language.Name {
			into = &to[at[s.id]].Language
		}
		if err := json.Unmarshal([]byte(s.text), into); err != nil {
			return fmt.Errorf("read %s of %s: %w", s.name, s.id, err)
		}
	}
	return nil
}

func idsOf(of []Exported) []any {
	out := make([]any, len(of))
	for i, x := range of {
		out[i] = x.ID
	}
	return out
}

// holdersOf finds which accounts have references, directly below a reseller or the platform.
func holdersOf(ctx context.Context, q db.Queryer, _ authz.Scope, under ids.Account, refs []Ref) (map[Ref]ids.Account, error) {
	out := map[Ref]ids.Account{}
	for part := range slices.Chunk(refs, 200) {
		args := []any{under}
		for _, r := range part {
			args = append(args, ids.Fold(r.Source), ids.Fold(r.Reference))
		}
		found, err := db.All(ctx, q, scanOwn, `SELECT r.account_id, r.source_fold, r.reference_fold FROM external_refs r
			WHERE r.scope_id = ? AND (r.source_fold, r.reference_fold) IN (VALUES `+db.Values(len(part), 2)+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			out[Ref{f.name, f.text}] = f.id
		}
	}
	return out, nil
}

// clientsAmong returns which ids are clients below the scope's account.
func clientsAmong(ctx context.Context, q db.Queryer, sc authz.Scope, some []ids.Account) ([]ids.Account, error) {
	in, args := sc.Down("a.id")
	return db.All(ctx, q, db.Value[ids.Account], `SELECT a.id FROM accounts a WHERE a.kind = 'customer' AND a.id IN `+db.In(len(some))+` AND `+in, append(db.Args(some...), args...)...)
}

// How many rows one statement of an import inserts: all of a usual write.
const (
	rowsAtOnce  = 200
	wordsAtOnce = 10 * rowsAtOnce
)

// newcomer is a client that is to be stored.
type newcomer struct {
	Account
	refs []Ref
}

// insertMany stores clients directly below the scope's account, with their lines in the tree and the lists. It does what
// insert, setRefs and refresh do for one.
func insertMany(ctx context.Context, tx *db.Tx, sc authz.Scope, all []newcomer) error {
	for part := range slices.Chunk(all, rowsAtOnce) {
		if err := insertAccounts(ctx, tx, sc, part); err != nil {
			return fmt.Errorf("store clients: %w", err)
		}
		if err := insertTree(ctx, tx, sc, part); err != nil {
			return fmt.Errorf("place clients: %w", err)
		}
		if err := insertRefs(ctx, tx, sc, part); err != nil {
			return fmt.Errorf("store references: %w", err)
		}
		if err := insertListed(ctx, tx, sc, part); err != nil {
			return fmt.Errorf("list clients: %w", err)
		}
	}
	return nil
}

func insertAccounts(ctx context.Context, tx *db.Tx, sc authz.Scope, all []newcomer) error {
	var args []any
	for _, a := range all {
		args = append(args, a.ID, sc.Account(), a.Kind, a.Name, ids.Fold(a.Name), a.LegalName, a.Email, ids.Fold(a.Email), a.Phone, a.Address, a.Website, a.Industry,
			a.MembershipStart, a.MembershipEnd, a.Version, a.CreatedAt.UnixMilli(), a.UpdatedAt.UnixMilli(), a.Package)
	}
	_, err := tx.Exec(ctx, `INSERT INTO accounts (id, parent_id, kind, name, name_fold, legal_name, email, email_fold, phone, address, website, industry,
		membership_start, membership_end, version, created_at, updated_at, package_id) VALUES `+db.Values(len(all), 18), args...)
	return err
}

func insertTree(ctx context.Context, tx *db.Tx, sc authz.Scope, all []newcomer) error {
	chain := sc.Chain()
	var args []any
	for _, a := range all {
		for i, up := range chain {
			args = append(args, up, a.ID, len(chain)-i)
		}
		args = append(args, a.ID, a.ID, 0)
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES `+db.Values(len(all)*(len(chain)+1), 3), args...)
	return err
}

func insertRefs(ctx context.Context, tx *db.Tx, sc authz.Scope, all []newcomer) error {
	var rows [][]any
	for _, a := range all {
		for _, r := range a.refs {
			rows = append(rows, []any{a.ID, sc.Account(), r.Source, r.Reference, ids.Fold(r.Source), ids.Fold(r.Reference)})
		}
	}
	for part := range slices.Chunk(rows, rowsAtOnce) {
		if _, err := tx.Exec(ctx, `INSERT INTO external_refs (account_id, scope_id, source, reference, source_fold, reference_fold) VALUES `+db.Values(len(part), 6),
			slices.Concat(part...)...); err != nil {
			return err
		}
	}
	return nil
}

// above is a list of the accounts that a new client is listed under: those on the scope's chain, and "" for the client itself.
// Their rows are named outright instead of read back from the tree, for which PostgreSQL would walk the whole of it.
func above(sc authz.Scope) (values string, args []any) {
	chain := sc.Chain()
	return `(VALUES ` + db.Values(len(chain)+1, 1) + `) AS up`, append(db.Args(chain...), "")
}

const ancestor = `CASE WHEN up.column1 = '' THEN v.column1 ELSE up.column1 END`

// insertListed puts new clients, who have no people and no places yet, into the lists and their search.
func insertListed(ctx context.Context, tx *db.Tx, sc authz.Scope, all []newcomer) error {
	var listed, searched []any
	var found [][]any
	for _, a := range all {
		end := string(a.MembershipEnd)
		if end == "" {
			end = noEndSort
		}
		listed = append(listed, a.ID, ids.Fold(a.Name), end, a.Package, ids.Fold(a.PackageName))
		searched = append(searched, a.ID, searchText(a.Account, a.refs))
		for _, w := range words(a.Account, a.refs) {
			found = append(found, []any{a.ID, w})
		}
	}
	up, chain := above(sc)
	if _, err := tx.Exec(ctx, `INSERT INTO client_list (ancestor_id, customer_id, name_fold, end_sort, created_at, users, locations, held, closed, package_id, package_fold)
		SELECT `+ancestor+`, v.column1, v.column2, v.column3, CAST(? AS BIGINT), 0, 0, FALSE, FALSE, v.column4, v.column5
		FROM (VALUES `+db.Values(len(all), 5)+`) AS v CROSS JOIN `+up, slices.Concat([]any{tx.Ms()}, listed, chain)...); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO client_search (customer_id, text) VALUES `+db.Values(len(all), 2), searched...); err != nil {
		return err
	}
	for part := range slices.Chunk(found, wordsAtOnce) {
		if _, err := tx.Exec(ctx, `INSERT INTO client_words (ancestor_id, word, customer_id)
			SELECT `+ancestor+`, v.column2, v.column1 FROM `+up+` CROSS JOIN (VALUES `+db.Values(len(part), 2)+`) AS v`, append(chain, slices.Concat(part...)...)...); err != nil {
			return err
		}
	}
	return nil
}
