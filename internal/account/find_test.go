package account

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// findsAll turns the pages of a big list forth and back and compares them with all that match, read by one plain query.
func findsAll(t *testing.T, d *db.DB, root, held ids.Account) {
	for what, c := range map[string]struct {
		f     filter
		o     order
		total int // -1 is Unknown, 0 is all of them
	}{
		"everything":                 {filter{root: root}, order{sort: ByUsers, desc: true}, Most + 1},
		"suspended":                  {filter{root: root, only: Suspended}, order{sort: ByCreated}, 0},
		"suspended, some from above": {filter{root: root, only: Suspended, held: []ids.Account{held}}, order{sort: ByName}, 0},
		"active, by end":             {filter{root: root, only: Active}, order{sort: ByEnd}, Most + 1},
		"active beside held":         {filter{root: root, only: Active, held: []ids.Account{held}}, order{sort: ByStatus, desc: true}, Unknown},
		"many held":                  {filter{root: root, only: Suspended, held: make([]ids.Account, mostHeld+1)}, order{sort: ByName}, Unknown},
		"ending, many":               {filter{root: root, endFrom: "2027-01-01", endTo: "2040-12-31"}, order{sort: ByName}, 0},
		"ending, few":                {filter{root: root, endTo: "2021-12-31"}, order{sort: ByLocations}, 0},
		"a rare word":                {filter{root: root, words: []string{"w42"}}, order{sort: ByName}, 0},
		"a common word":              {filter{root: root, words: []string{"client"}}, order{sort: ByEnd}, Unknown},
		"inside of most, all of it":  {filter{root: root, words: []string{"xample"}, whole: true}, order{sort: ByName}, Unknown},
		"a common and a rare one":    {filter{root: root, words: []string{"client", " 976"}}, order{sort: ByName, desc: true}, 0},
		"a word and a status":        {filter{root: root, words: []string{"client"}, only: Suspended}, order{sort: ByUsers}, 0},
		"inside a word":              {filter{root: root, words: []string{"lient 199"}}, order{sort: ByName}, 0},
	} {
		t.Run(what, func(t *testing.T) {
			var s statement
			s.add(`SELECT `+strings.Join(c.o.columns("c."), ", ")+` FROM client_list c WHERE c.ancestor_id = ? AND c.closed = FALSE`, c.f.root)
			c.f.where(&s)
			s.add(` ORDER BY ` + c.o.by("c."))
			all, err := db.All(t.Context(), d, c.o.scan, s.String(), s.args...)
			if err != nil {
				t.Fatal(err)
			}
			if len(all) == 0 {
				t.Fatal("nothing matches, so nothing is proved")
			}
			forth, last := pages(t, d, c.f, c.o, c.total, len(all))
			if diff := cmp.Diff(all, forth); diff != "" {
				t.Errorf("forth (-want +got):\n%.2000s", diff)
			}
			if beyond, _ := pages(t, d, c.f, order{sort: c.o.sort, desc: c.o.desc, after: last}, c.total, len(all)); len(beyond) > 0 {
				t.Errorf("beyond the end there are %d", len(beyond))
			}
			c.o.back, c.o.after = true, last
			back, _ := pages(t, d, c.f, c.o, c.total, len(all))
			if diff := cmp.Diff(all[:len(all)-1], back); diff != "" {
				t.Errorf("back (-want +got):\n%.2000s", diff)
			}
		})
	}
}

// pages turns all pages in a direction and returns the keys in the order of the list, and the last one found.
func pages(t *testing.T, d *db.DB, f filter, o order, total, all int) (keys []key, last key) {
	t.Helper()
	if total == 0 {
		total = min(all, Most+1)
	}
	listed, err := countListed(t.Context(), d, authz.Scope{}, f)
	if err != nil {
		t.Fatal(err)
	}
	for turn := 0; ; turn++ {
		h, err := find(t.Context(), d, authz.Scope{}, f, o, listed, 400)
		if err != nil {
			t.Fatal(err)
		}
		if h.total != total {
			t.Fatalf("page %d says %d of %d", turn, h.total, total)
		}
		if len(h.keys) == 0 && h.more || turn > 100 {
			t.Fatalf("page %d is empty and has another beyond", turn)
		}
		if o.back {
			keys = append(slices.Clone(h.keys), keys...)
		} else {
			keys = append(keys, h.keys...)
		}
		switch {
		case h.stopped != nil:
			o.after = h.stopped
		case !h.more:
			if len(keys) == 0 {
				return nil, nil
			}
			return keys, keys[len(keys)-1]
		case o.back:
			o.after = h.keys[0]
		default:
			o.after = h.keys[len(h.keys)-1]
		}
	}
}

// firstMatches searches for a part of a word that more clients have than are looked at.
func firstMatches(t *testing.T, d *db.DB, root ids.Account) {
	h, err := find(t.Context(), d, authz.Scope{}, filter{root: root, words: []string{"xample"}}, order{sort: ByName}, Most+1, 50)
	if err != nil {
		t.Fatal(err)
	}
	if !h.first || len(h.keys) != 50 || !h.more {
		t.Errorf("first %t, more %t, %d keys; want the first matches", h.first, h.more, len(h.keys))
	}
}

// together searches for words that hundreds of clients have each, and a few together, and for the beginning of a name.
func together(t *testing.T, d *db.DB, root ids.Account) {
	for _, words := range [][]string{{"w4", "d7"}, {"d7", "w4"}, {"client", "d7", "w4"}} {
		f, o := filter{root: root, words: words}, order{sort: ByName}
		var s statement
		s.add(`SELECT `+strings.Join(o.columns("c."), ", ")+` FROM client_list c WHERE c.ancestor_id = ? AND c.closed = FALSE`, root)
		f.where(&s)
		s.add(` ORDER BY ` + o.by("c."))
		all, err := db.All(t.Context(), d, o.scan, s.String(), s.args...)
		if err != nil || len(all) < 20 || len(all) > 90 {
			t.Fatalf("%q: %d match, %v", words, len(all), err)
		}
		h, err := find(t.Context(), d, authz.Scope{}, f, o, Most+1, 100)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all, h.keys); diff != "" || !h.first {
			t.Errorf("%q, first %t (-want +got):\n%.1000s", words, h.first, diff)
		}
	}
	f := filter{root: root, words: []string{"client", "1999"}}
	from, err := togetherSource(t.Context(), d, authz.Scope{}, f)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := fetch(t.Context(), d, authz.Scope{}, f, order{sort: ByName}, from, 50); err != nil || len(h.keys) != 11 {
		t.Errorf("%d names begin with the search, %v", len(h.keys), err)
	}
}
