package db

import (
	"strconv"
	"strings"
	"sync"
)

var rebound sync.Map // SQL with ? -> SQL with $n; the texts are constants of the program

// rebind turns ? into $1, $2, ... for PostgreSQL, leaving quoted text alone.
func rebind(d Dialect, query string) string {
	if d == SQLite {
		return query
	}
	if v, ok := rebound.Load(query); ok {
		return v.(string) //nolint:forcetypeassert // only strings are stored
	}
	var b strings.Builder
	n, quoted := 0, false
	for i := range len(query) {
		switch c := query[i]; {
		case c == '\'':
			quoted = !quoted
			b.WriteByte(c)
		case c == '?' && !quoted:
			n++
			b.WriteString("$" + strconv.Itoa(n))
		default:
			b.WriteByte(c)
		}
	}
	rebound.Store(query, b.String())
	return b.String()
}
