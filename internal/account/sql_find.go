package account

import (
	"context"
	"strconv"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
)

// Most is where counting stops: a number above it is shown as "10,000+".
const Most = 10_000

// lastRune ends the range of the words that begin with a prefix.
const lastRune = "\U0010FFFF"

// statement is a text that is written together with its arguments.
type statement struct {
	strings.Builder
	args []any
}

func (s *statement) add(text string, args ...any) {
	s.WriteString(text)
	s.args = append(s.args, args...)
}

// where writes the conditions of the filter on a row c. They count instead of asking EXISTS, which PostgreSQL may answer by
// reading the other table whole.
func (f filter) where(s *statement) {
	f.whereStatus(s)
	if f.endFrom != "" {
		s.add(` AND c.end_sort >= ?`, f.endFrom)
	}
	if f.endTo != "" {
		s.add(` AND c.end_sort <= ?`, f.endTo)
	}
	if f.packaged() {
		s.add(` AND c.package_id = ?`, f.bought)
	}
	if f.useFrom > 0 {
		s.add(` AND c.use_share >= ?`, f.useFrom)
	}
	if len(f.words) > 0 {
		s.add(` AND (SELECT count(*) FROM client_search x WHERE x.customer_id = c.customer_id`)
		for _, w := range f.words {
			s.add(` AND x.text LIKE ? ESCAPE '\'`, "%"+db.EscapeLike(w)+"%")
		}
		s.add(`) > 0`)
	}
}

func (f filter) whereStatus(s *statement) {
	if f.only == "" {
		return
	}
	var under statement
	switch n := len(f.held); {
	case n > mostHeld:
		under.add(`(SELECT count(*) FROM account_tree t JOIN holds h ON h.account_id = t.ancestor_id WHERE t.descendant_id = c.customer_id) > 0`)
	case n > 0:
		under.add(`(SELECT count(*) FROM account_tree t WHERE t.descendant_id = c.customer_id AND t.ancestor_id IN `+db.In(n)+`) > 0`, db.Args(f.held...)...)
	default:
		s.add(` AND c.held = ` + truth(f.only == Suspended))
		return
	}
	if f.only == Suspended {
		s.add(` AND (c.held = TRUE OR `+under.String()+`)`, under.args...)
	} else {
		s.add(` AND c.held = FALSE AND NOT (`+under.String()+`)`, under.args...)
	}
}

func truth(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

// split takes apart what the index of the sort answers itself, and what is asked of each row.
func (f filter) split(o order) (inside, outside filter) {
	inside, outside = filter{root: f.root, closed: f.closed}, f
	if o.sort == ByEnd {
		inside.endFrom, inside.endTo, outside.endFrom, outside.endTo = f.endFrom, f.endTo, "", ""
	}
	if o.sort == ByUse {
		inside.useFrom, outside.useFrom = f.useFrom, 0
	}
	if o.sort == ByName && f.packaged() {
		inside.bought, inside.without, outside.bought, outside.without = f.bought, f.without, "", false
	} else if (o.sort == ByName || o.sort == ByStatus) && len(f.held) == 0 {
		inside.only, outside.only = f.only, ""
	}
	return inside, outside
}

// along writes the rows of the list in the order of a sort. A status that is asked for comes before the name in its index,
// so that it does not need to be sorted by.
func (f filter) along(s *statement, o order, columns string, limit string, args ...any) {
	s.add(`SELECT `+columns+` FROM client_list c WHERE c.ancestor_id = ? AND c.closed = `+truth(f.closed), f.root)
	f.where(s)
	beyond, after := o.beyond("c.")
	s.add(beyond, after...)
	s.add(` ORDER BY `+o.by("c.")+limit, args...)
}

func (f filter) alongText(o order, limit int) (string, []any) {
	var s statement
	f.along(&s, o, strings.Join(o.columns("c."), ", "), ` LIMIT ?`, limit)
	return s.String(), s.args
}

func alongIndex(ctx context.Context, q db.Queryer, _ authz.Scope, f filter, o order, limit int) ([]key, error) {
	text, args := f.alongText(o, limit)
	return db.All(ctx, q, o.scan, text, args...)
}

// strideText selects what matches within a stride of rows: the limit of the inner query keeps the databases from looking elsewhere.
func strideText(inside, outside filter, o order, stride, limit int) (string, []any) {
	columns := o.columns("c.")
	if outside.only != "" && o.sort != ByStatus {
		columns = append(columns, "c.held")
	}
	if outside.packaged() {
		columns = append(columns, "c.package_id")
	}
	if outside.ended() {
		columns = append(columns, "c.end_sort")
	}
	if outside.useFrom > 0 {
		columns = append(columns, "c.use_share")
	}
	var s statement
	s.add(`SELECT ` + strings.Join(o.columns("c."), ", ") + ` FROM (`)
	inside.along(&s, o, strings.Join(columns, ", "), ` LIMIT ?`, stride)
	s.add(`) c WHERE 1 = 1`)
	outside.where(&s)
	s.add(` ORDER BY `+o.by("c.")+` LIMIT ?`, limit)
	return s.String(), s.args
}

func inStride(ctx context.Context, q db.Queryer, _ authz.Scope, inside, outside filter, o order, stride, limit int) ([]key, error) {
	text, args := strideText(inside, outside, o, stride, limit)
	return db.All(ctx, q, o.scan, text, args...)
}

// endOf is the last row of a stride, or nil when the list ends within it.
func endOf(ctx context.Context, q db.Queryer, _ authz.Scope, inside filter, o order, stride int) (key, error) {
	var s statement
	inside.along(&s, o, strings.Join(o.columns("c."), ", "), ` LIMIT 1 OFFSET ?`, stride-1)
	end, err := db.All(ctx, q, o.scan, s.String(), s.args...)
	if err != nil || len(end) == 0 {
		return nil, err
	}
	return end[0], nil
}

// source is a statement for the ids of all customers that a filter leaves, some of them maybe of other accounts.
type source struct {
	text  string
	args  []any
	n     int
	first bool // only the first of them
	exact bool // they contain the words, which need not be compared again
}

// matchesText selects the keys of a page of all that match, each with how many match.
func matchesText(f filter, o order, from source, limit int) (string, []any) {
	var s statement
	s.add(`WITH m AS MATERIALIZED (SELECT ` + strings.Join(o.columns("c."), ", ") + ` FROM `)
	if from.text != "" {
		s.add(`(`+from.text+`) f CROSS JOIN client_list c WHERE c.customer_id = f.customer_id AND`, from.args...) // SQLite goes from f to c then
	} else {
		s.add(`client_list c WHERE`)
	}
	s.add(` c.ancestor_id = ? AND c.closed = `+truth(f.closed), f.root)
	f.where(&s)
	beyond, after := o.beyond("m.")
	s.add(`) SELECT `+strings.Join(o.columns("m."), ", ")+`, (SELECT count(*) FROM m) FROM m WHERE 1 = 1`+beyond, after...)
	s.add(` ORDER BY `+o.by("m.")+` LIMIT ?`, limit)
	return s.String(), s.args
}

// matches reads the keys of a page of all that match, and how many match.
func matches(ctx context.Context, q db.Queryer, sc authz.Scope, f filter, o order, from source, limit int) (keys []key, total int, err error) {
	text, args := matchesText(f, o, from, limit)
	keys, err = db.All(ctx, q, func(r db.Row) (key, error) { return o.scan(also{r, &total}) }, text, args...)
	if err != nil || len(keys) > 0 || o.after == nil {
		return keys, total, err
	}
	o.after = nil // beyond the end nothing tells how many there are
	_, total, err = matches(ctx, q, sc, f, o, from, 1)
	return nil, total, err
}

// also scans one column more than it is asked for.
type also struct {
	db.Row
	last *int
}

func (a also) Scan(dest ...any) error { return a.Row.Scan(append(dest, a.last)...) }

// wordSource finds the customers of a word of which few begin with it, and those that contain it anywhere.
func wordSource(ctx context.Context, q db.Queryer, sc authz.Scope, f filter) (source, error) {
	best := source{n: fewWords + 1}
	for _, w := range f.words {
		s := source{text: beginning, args: []any{f.root, w, w + lastRune}, exact: len(f.words) == 1}
		var err error
		if s.n, err = countWords(ctx, q, sc, f.root, w, fewWords+1); err != nil {
			return source{}, err
		}
		if s.n < best.n {
			best = s
		}
	}
	if best.text == "" {
		return best, nil
	}
	// Somebody who has typed the beginning of a word that fills a page is hardly looking for the middle of another.
	if best.n < page.Size {
		return insideSource(ctx, q, sc, f, best)
	}
	return best.firstOnly(f), nil
}

// insideSource adds the customers that contain the words anywhere to those with words that begin so.
func insideSource(ctx context.Context, q db.Queryer, _ authz.Scope, f filter, begins source) (source, error) {
	in, err := db.Containing(ctx, q, "client_search", f.words)
	if err != nil || in == nil {
		return begins, err
	}
	within := source{text: `SELECT s.customer_id FROM ` + in.From + ` WHERE ` + in.Cond + ` LIMIT ` + strconv.Itoa(fewHits+1), args: in.Args, exact: true}
	if within.n, err = db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (`+within.text+`) s`, within.args...); err != nil {
		return source{}, err
	}
	if in.All && within.n <= fewHits { // those that begin with the words are among them
		return within, nil
	}
	both := source{text: begins.text + ` UNION SELECT customer_id FROM (` + within.text + `) s`, args: append(begins.args, within.args...), n: 2 * fewHits, exact: begins.exact}
	return both.firstOnly(f), nil
}

// firstOnly marks a source that does not have all matches, and is none where all are asked for.
func (s source) firstOnly(f filter) source {
	if f.whole {
		return source{}
	}
	s.first = true
	return s
}

// beginning selects the customers of the words that begin with a prefix.
const beginning = `SELECT DISTINCT w.customer_id FROM client_words w WHERE w.ancestor_id = ? AND w.word >= ? AND w.word < ?`

// firstOf finds the first customers of a word that many have, in the order of the words that begin with it.
func firstOf(f filter, word string) source {
	return source{text: `SELECT DISTINCT customer_id FROM (SELECT w.customer_id FROM client_words w WHERE w.ancestor_id = ? AND w.word >= ? AND w.word < ? ORDER BY w.word, w.customer_id LIMIT ` +
		strconv.Itoa(firstHits) + `) s`, args: []any{f.root, word, word + lastRune}, n: firstHits, first: true, exact: len(f.words) == 1}
}

// togetherSource finds the first customers of several words, each of which many have: those whose names begin with what was typed, and
// those of the rarest word who have the others.
func togetherSource(ctx context.Context, q db.Queryer, sc authz.Scope, f filter) (source, error) {
	rarest, least := "", withOthers+2
	for _, w := range f.words {
		n, err := countWords(ctx, q, sc, f.root, w, withOthers+1)
		if err != nil {
			return source{}, err
		}
		if n < least {
			rarest, least = w, n
		}
	}
	var s statement
	name := strings.Join(f.words, " ")
	s.add(`SELECT customer_id FROM (SELECT c.customer_id FROM client_list c WHERE c.ancestor_id = ? AND c.closed = `+truth(f.closed)+` AND c.name_fold >= ? AND c.name_fold < ?
		ORDER BY c.name_fold, c.customer_id LIMIT ?) s`, f.root, name, name+lastRune, firstHits)
	s.add(` UNION SELECT customer_id FROM (SELECT c.customer_id FROM (SELECT w.customer_id FROM client_words w WHERE w.ancestor_id = ? AND w.word >= ? AND w.word < ?
		ORDER BY w.word, w.customer_id LIMIT ?) c WHERE 1 = 1`, f.root, rarest, rarest+lastRune, withOthers)
	filter{words: f.words}.where(&s)
	s.add(` LIMIT ?) s`, firstHits)
	return source{text: s.String(), args: s.args, n: firstHits, first: true, exact: true}, nil
}

// countWords counts the words below root that begin with a prefix, to most.
func countWords(ctx context.Context, q db.Queryer, _ authz.Scope, root ids.Account, prefix string, most int) (int, error) {
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM client_words WHERE ancestor_id = ? AND word >= ? AND word < ? LIMIT ?) s`, root, prefix, prefix+lastRune, most)
}

func endSource(ctx context.Context, q db.Queryer, sc authz.Scope, f filter) (s source, err error) {
	if !f.ended() {
		return source{}, nil
	}
	var text statement
	f.ending(&text, fewHits+1)
	return few(ctx, q, sc, text)
}

// ending writes the customers whose membership ends when the filter says, in the order of their ends.
func (f filter) ending(s *statement, limit int) {
	filter{root: f.root, closed: f.closed, endFrom: f.endFrom, endTo: f.endTo}.along(s, order{sort: ByEnd}, "c.customer_id", ` LIMIT ?`, limit)
}

// packageSource finds the customers that have the package.
func packageSource(ctx context.Context, q db.Queryer, sc authz.Scope, f filter) (s source, err error) {
	if !f.packaged() {
		return source{}, nil
	}
	var text statement
	f.having(&text, fewHits+1)
	return few(ctx, q, sc, text)
}

// having writes the customers that have the filter's package, by name.
func (f filter) having(s *statement, limit int) {
	filter{root: f.root, closed: f.closed, bought: f.bought, without: f.without}.along(s, order{sort: ByName}, "c.customer_id", ` LIMIT ?`, limit)
}

func countPackage(ctx context.Context, q db.Queryer, _ authz.Scope, f filter) (int, error) {
	var s statement
	f.having(&s, Most+1)
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (`+s.String()+`) s`, s.args...)
}

// heldSource finds the suspended customers: those that are held themselves, and those below the held resellers that are not.
func heldSource(ctx context.Context, q db.Queryer, sc authz.Scope, f filter) (s source, err error) {
	if f.only != Suspended || len(f.held) > mostHeld {
		return source{}, nil
	}
	var text statement
	f.suspended(&text, fewHits+1)
	return few(ctx, q, sc, text)
}

func (f filter) suspended(s *statement, limit int) {
	s.add(`SELECT customer_id FROM (SELECT c.customer_id FROM client_list c WHERE c.ancestor_id = ? AND c.closed = `+truth(f.closed)+` AND c.held = TRUE LIMIT ?) s`, f.root, limit)
	for _, r := range f.held {
		s.add(` UNION ALL SELECT customer_id FROM (SELECT c.customer_id FROM client_list c WHERE c.ancestor_id = ? AND c.closed = `+truth(f.closed)+` AND c.held = FALSE LIMIT ?) s`, r, limit)
	}
	s.add(` LIMIT ?`, limit)
}

// few is the statement as a source, if it leaves few customers.
func few(ctx context.Context, q db.Queryer, _ authz.Scope, s statement) (source, error) {
	n, err := db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (`+s.String()+`) s`, s.args...)
	if err != nil || n > fewHits {
		return source{}, err
	}
	return source{text: `SELECT customer_id FROM (` + s.String() + `) s`, args: s.args, n: n}, nil
}

func countListed(ctx context.Context, q db.Queryer, _ authz.Scope, f filter) (int, error) {
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (SELECT 1 FROM client_list c WHERE c.ancestor_id = ? AND c.closed = `+truth(f.closed)+` LIMIT ?) s`, f.root, Most+1)
}

const nearText = `SELECT count(*) FROM (SELECT 1 FROM client_list c WHERE c.ancestor_id = ? AND c.closed = FALSE AND c.use_share >= ? LIMIT ?) s`

func countNear(ctx context.Context, q db.Queryer, _ authz.Scope, root ids.Account) (int, error) {
	return db.One(ctx, q, db.Value[int], nearText, root, nearShare, Most+1)
}

func countEnding(ctx context.Context, q db.Queryer, _ authz.Scope, f filter) (int, error) {
	var s statement
	f.ending(&s, Most+1)
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (`+s.String()+`) s`, s.args...)
}

// countStatus counts the clients of the filter's status, where an index can tell. listed is how many there are of any.
func countStatus(ctx context.Context, q db.Queryer, _ authz.Scope, f filter, listed int) (int, error) {
	var s statement
	switch {
	case f.nothing:
		return 0, nil
	case f.only == "":
		return listed, nil
	case f.only == Suspended && len(f.held) <= mostHeld:
		f.suspended(&s, Most+1)
	case f.only == Active && len(f.held) == 0:
		f.along(&s, order{sort: ByName}, "c.customer_id", ` LIMIT ?`, Most+1)
	default:
		return Unknown, nil
	}
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM (`+s.String()+`) s`, s.args...)
}
