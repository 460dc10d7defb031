package db

import (
	"context"
	"strings"
)

const (
	trigram      = 3     // characters that a word needs to be looked for in the middle of a text
	trigramTries = 8     // trigrams of a search of which the rarest is looked for
	rareTrigram  = 1_000 // rows of a trigram that is rare enough
	trigramRows  = 3_000 // rows of a trigram whose texts are compared
)

// Inside is the FROM and WHERE by which rows s of a search table are found.
type Inside struct {
	From, Cond string
	Args       []any
	All        bool // every such row, not just those among the first that the index leads to
}

// Containing finds how rows s of a search table (number, text) are read whose text contains every word anywhere. The table's
// index is an FTS5 table called after it with "_trigrams" on SQLite, and one of pg_trgm called with "_trgm_idx" on PostgreSQL.
// It is nil when no word has three characters, or when PostgreSQL has no such index.
func Containing(ctx context.Context, q Queryer, table string, words []string) (*Inside, error) {
	parts := trigrams(words)
	if len(parts) == 0 {
		return nil, nil //nolint:nilnil // there is nothing to look for
	}
	in := &Inside{From: table + " s", All: true}
	if q.Dialect() == SQLite {
		rarest, n, err := rarestTrigram(ctx, q, table, parts)
		if err != nil {
			return nil, err
		}
		// An FTS5 phrase of many trigrams reads the whole of each; the rarest alone leads to few rows, whose texts are compared.
		in.From = `(SELECT f.rowid AS number FROM ` + table + `_trigrams f WHERE f.text MATCH ? LIMIT ?) f CROSS JOIN ` + table + ` s ON s.number = f.number`
		in.Args, in.All = []any{quoted(rarest), trigramRows}, n <= trigramRows
	} else if ok, err := CanFindInside(ctx, q, table); err != nil || !ok {
		return nil, err
	}
	var conds []string
	for _, w := range words {
		conds = append(conds, `s.text LIKE ? ESCAPE '\'`)
		in.Args = append(in.Args, "%"+EscapeLike(w)+"%")
	}
	in.Cond = strings.Join(conds, " AND ")
	return in, nil
}

// trigrams are parts of the words, spread over them.
func trigrams(words []string) (out []string) {
	var all []string
	for _, w := range words {
		r := []rune(w)
		for i := 0; i+trigram <= len(r); i++ {
			all = append(all, string(r[i:i+trigram]))
		}
	}
	for i := range min(len(all), trigramTries) {
		out = append(out, all[i*(len(all)-1)/max(1, min(len(all), trigramTries)-1)])
	}
	return out
}

// rarestTrigram counts the rows of each as far as they matter.
func rarestTrigram(ctx context.Context, q Queryer, table string, parts []string) (best string, n int, err error) {
	n = trigramRows + 2
	for _, p := range parts {
		has, err := One(ctx, q, Value[int], `SELECT count(*) FROM (SELECT 1 FROM `+table+`_trigrams f WHERE f.text MATCH ? LIMIT ?) f`, quoted(p), min(n, trigramRows+1))
		if err != nil {
			return "", 0, err
		}
		if has < n {
			best, n = p, has
		}
		if n <= rareTrigram {
			break
		}
	}
	return best, n, nil
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// CanFindInside reports whether texts of a search table can be searched for something in their middle: on PostgreSQL the
// extension pg_trgm may be missing.
func CanFindInside(ctx context.Context, q Queryer, table string) (bool, error) {
	if q.Dialect() == SQLite {
		return true, nil
	}
	return Exists(ctx, q, `SELECT 1 WHERE to_regclass(?) IS NOT NULL`, table+"_trgm_idx")
}
