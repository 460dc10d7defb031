package quota

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
)

// Grid is limits by channel. What is not in it is without a limit.
type Grid map[Channel]Limits

// Of is the limit of a channel and window.
func (g Grid) Of(c Channel, w Window) Limit {
	if all, ok := g[c]; ok && all[w].Action != "" {
		return all[w]
	}
	return free()
}

// With returns the grid with another limit of a channel and window.
func (g Grid) With(c Channel, w Window, l Limit) Grid {
	out := maps.Clone(g)
	if out == nil {
		out = Grid{}
	}
	all, ok := out[c]
	if !ok {
		all = NoLimits()
	}
	all[w] = l
	out[c] = all
	return out
}

// Equal reports whether two grids limit the same.
func (g Grid) Equal(o Grid) bool {
	for _, c := range Channels() {
		for _, w := range Windows() {
			a, b := g.Of(c, w), o.Of(c, w)
			a.Source, b.Source = "", ""
			if a != b {
				return false
			}
		}
	}
	return true
}

// Texts writes the limits for the log.
func (g Grid) Texts() []string {
	out := []string{}
	for _, c := range Channels() {
		for _, w := range Windows() {
			if l := g.Of(c, w); l.Amount != Unlimited {
				out = append(out, fmt.Sprintf("%s %v", c, Set{Limit: l, Window: w}))
			}
		}
	}
	return out
}

// Clean drops what has no limit, and reports each that is none under the name of its channel and window.
func (g Grid) Clean() (Grid, error) {
	out := Grid{}
	var c errs.Collector
	for _, channel := range slices.Sorted(maps.Keys(g)) {
		for _, w := range Windows() {
			l := g.Of(channel, w)
			l.Source = ""
			if err := (Edit{Channel: channel, Window: w, Limit: l}).check(); err != nil {
				if err := c.Merge(err); err != nil {
					return nil, err
				}
				continue
			}
			if l.Amount != Unlimited {
				out = out.With(channel, w, l)
			}
		}
	}
	return out, c.Err()
}

// Shared reads the limits of packages or role groups, by their ids.
func Shared[T ~string](ctx context.Context, q db.Queryer, _ authz.Scope, of []T) (map[T]Grid, error) {
	out := make(map[T]Grid, len(of))
	for part := range slices.Chunk(of, mostAtOnce) {
		subjects := make([]string, len(part))
		for i, id := range part {
			subjects[i] = string(id)
		}
		rows, err := limitsOf(ctx, q, subjects)
		if err != nil {
			return nil, fmt.Errorf("read shared limits: %w", err)
		}
		for _, r := range rows {
			out[T(r.subject)] = out[T(r.subject)].With(r.channel, r.window, r.Limit)
		}
	}
	return out, nil
}

// PutShared replaces the limits of a package or role group of the scope's account. They are in force at once for everybody who
// has it.
func PutShared(ctx context.Context, tx *db.Tx, sc authz.Scope, subject string, from Source, g Grid) error {
	for _, c := range Channels() {
		for _, w := range Windows() {
			l := g.Of(c, w)
			l.Source = from
			row := limitRow{Limit: l, subject: subject, channel: c, window: w}
			put := putLimit
			if l.Amount == Unlimited {
				put = removeLimit
			}
			if err := put(ctx, tx, sc, row); err != nil {
				return fmt.Errorf("store the limits of %s: %w", subject, err)
			}
		}
	}
	return nil
}
