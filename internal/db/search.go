package db

import (
	"context"
	"strings"
	"unicode/utf8"
)

// trigram is how many characters a word needs to be looked for in the middle of a text.
const trigram = 3

// Containing returns the FROM and WHERE by which rows s of a search table (number, text) are found whose text contains every
// word anywhere, in the order of the index. Words of less than three characters are only compared. The table's index is an
// FTS5 table called after it with "_trigrams" on SQLite, and one of pg_trgm called with "_trgm_idx" on PostgreSQL. No
// word of three characters is no query: ok is false.
func Containing(d Dialect, table string, words []string) (from, cond string, args []any, ok bool) {
	var match, conds []string
	var like []any
	for _, w := range words {
		if utf8.RuneCountInString(w) >= trigram {
			match = append(match, `"`+strings.ReplaceAll(w, `"`, `""`)+`"`)
			if d == SQLite {
				continue
			}
		}
		conds = append(conds, `s.text LIKE ? ESCAPE '\'`)
		like = append(like, "%"+EscapeLike(w)+"%")
	}
	if len(match) == 0 {
		return "", "", nil, false
	}
	from = table + " s"
	if d == SQLite {
		from = table + `_trigrams f CROSS JOIN ` + table + ` s ON s.number = f.rowid`
		conds = append([]string{`f.text MATCH ?`}, conds...)
		like = append([]any{strings.Join(match, " AND ")}, like...)
	}
	return from, strings.Join(conds, " AND "), like, true
}

// CanFindInside reports whether texts of a search table can be searched for something in their middle: on PostgreSQL the
// extension pg_trgm may be missing.
func CanFindInside(ctx context.Context, q Queryer, table string) (bool, error) {
	if q.Dialect() == SQLite {
		return true, nil
	}
	return Exists(ctx, q, `SELECT 1 WHERE to_regclass(?) IS NOT NULL`, table+"_trgm_idx")
}
