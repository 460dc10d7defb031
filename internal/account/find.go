package account

import (
	"context"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// How a page of clients is found, so that it takes the same time for a few clients and for a million:
//
//   - without a filter, along the index of the sort;
//   - in a small tree, by looking at all of it;
//   - else from the rarest of the filters, when it leaves few clients: they are fetched and sorted;
//   - else along the index of the sort, at most so many rows in one request. The next request goes on from there. A word
//     that few of the rows on the way begin with is rather answered by its first matches, for people; files hold all. Of several such
//     words the first are the names that begin like the search, and who has all of them among the first clients of the rarest.
const (
	smallTree  = 5000 // clients that are looked at one by one
	fewHits    = 2000 // clients of a filter that are fetched and sorted
	fewWords   = 300  // clients that a word may begin with, for a page; a search is answered while somebody types
	firstHits  = 100  // matches of a word that has more, but not so many that they lie on the way
	withOthers = 400  // clients of a word that are looked at for the other words of a search
	denseRows  = 40   // rows on the way that are looked at,
	denseHits  = 10   // and how many of them have a word that is common enough to go on so
	mostHeld   = 100  // held resellers that a statement names; of more, each client's chain is looked at
)

// strides are how many rows a search walks at a time: it often finds its page in the first stride.
var strides = [...]int{500, 4500}

// filter is a Query with everything looked up that its SQL needs.
type filter struct {
	root    ids.Account
	closed  bool
	nothing bool          // no client can match
	only    Status        // Active or Suspended; "" for whatever
	held    []ids.Account // the highest held resellers below root, when only is set
	endFrom string        // first and last day of end_sort, "" for open
	endTo   string
	bought  ids.Package // the package, "" for whatever
	without bool        // only those that have none
	useFrom int64       // percent of its month that a client has used at least, 0 for whatever
	words   []string    // each of which a client contains
	whole   bool        // all matches, never just the first
}

func (f filter) ended() bool { return f.endFrom != "" || f.endTo != "" }

func (f filter) packaged() bool { return f.bought != "" || f.without }

// conditions is how many kinds of filters there are.
func (f filter) conditions() (n int) {
	for _, on := range []bool{f.only != "", f.ended(), len(f.words) > 0, f.packaged(), f.useFrom > 0} {
		if on {
			n++
		}
	}
	return n
}

// hits are the keys of a page.
type hits struct {
	keys    []key
	more    bool // there are others beyond
	stopped key  // where the search stopped before the page was full
	total   int
	first   bool
}

// find finds a page of the clients of a list that has so many, to Most+1.
func find(ctx context.Context, q db.Queryer, sc authz.Scope, f filter, o order, listed, limit int) (h hits, err error) {
	if f.nothing {
		return hits{}, nil
	}
	var from source
	switch n := f.conditions(); {
	case n == 0:
		h, err = walk(ctx, q, sc, f, o, limit)
		h.total = listed
		return h.turned(o), err
	case listed > smallTree:
		if from, err = rarest(ctx, q, sc, f); err != nil {
			return hits{}, err
		}
		if from.text == "" && len(f.words) > 0 && !f.whole {
			if from, err = firstWords(ctx, q, sc, f, o); err != nil {
				return hits{}, err
			}
		}
	}
	if listed <= smallTree || from.text != "" {
		h, err = fetch(ctx, q, sc, f, o, from, limit)
		return h.turned(o), err
	}
	if h, err = walk(ctx, q, sc, f, o, limit); err != nil {
		return hits{}, err
	}
	if o.after == nil && !h.more && h.stopped == nil {
		h.total = len(h.keys)
	} else if h.total, err = countOne(ctx, q, sc, f, listed); err != nil {
		return hits{}, err
	}
	return h.turned(o), nil
}

// turned brings the keys of a page that was found backwards into the order of the list.
func (h hits) turned(o order) hits {
	if o.back {
		slices.Reverse(h.keys)
	}
	return h
}

// fetch reads all that match and takes a page from them.
func fetch(ctx context.Context, q db.Queryer, sc authz.Scope, f filter, o order, from source, limit int) (hits, error) {
	if from.exact {
		f.words = nil
	}
	keys, total, err := matches(ctx, q, sc, f, o, from, limit+1)
	return hits{keys: keys[:min(limit, len(keys))], more: len(keys) > limit, total: total, first: from.first}, err
}

// walk goes along the index of the sort until the page is full or its budget is spent.
func walk(ctx context.Context, q db.Queryer, sc authz.Scope, f filter, o order, limit int) (h hits, err error) {
	inside, outside := f.split(o)
	if outside.conditions() == 0 {
		keys, err := alongIndex(ctx, q, sc, inside, o, limit+1)
		return hits{keys: keys[:min(limit, len(keys))], more: len(keys) > limit}, err
	}
	for _, stride := range strides {
		keys, err := inStride(ctx, q, sc, inside, outside, o, stride, limit+1-len(h.keys))
		if err != nil {
			return hits{}, err
		}
		if h.keys = append(h.keys, keys...); len(h.keys) > limit {
			return hits{keys: h.keys[:limit], more: true}, nil
		}
		end, err := endOf(ctx, q, sc, inside, o, stride)
		if err != nil || end == nil {
			return hits{keys: h.keys}, err
		}
		o.after, h.stopped = end, end
	}
	return h, nil
}

// rarest finds the filter that leaves the fewest clients, if any leaves few.
func rarest(ctx context.Context, q db.Queryer, sc authz.Scope, f filter) (best source, err error) {
	best.n = 2*fewHits + 1
	for _, look := range []func(context.Context, db.Queryer, authz.Scope, filter) (source, error){wordSource, endSource, heldSource, packageSource} {
		s, err := look(ctx, q, sc, f)
		if err != nil {
			return source{}, err
		}
		if s.text != "" && s.n < best.n {
			best = s
		}
	}
	return best, nil
}

// firstWords finds the first customers of a word, unless enough of them lie right on the way.
func firstWords(ctx context.Context, q db.Queryer, sc authz.Scope, f filter, o order) (source, error) {
	start := order{sort: o.sort, desc: o.desc}
	inside, outside := f.split(start)
	keys, err := inStride(ctx, q, sc, inside, outside, start, denseRows, denseHits)
	if err != nil || len(keys) == denseHits {
		return source{}, err
	}
	if len(f.words) == 1 {
		return firstOf(f, f.words[0]), nil
	}
	return togetherSource(ctx, q, sc, f)
}

// countOne counts the clients that match a single filter, to Most+1, where an index can tell.
func countOne(ctx context.Context, q db.Queryer, sc authz.Scope, f filter, listed int) (int, error) {
	switch {
	case f.conditions() > 1 || len(f.words) > 0:
		return Unknown, nil
	case f.ended():
		return countEnding(ctx, q, sc, f)
	case f.packaged():
		return countPackage(ctx, q, sc, f)
	}
	return countStatus(ctx, q, sc, f, listed)
}
