// Package change tells a node's caches what is no longer as they read it, whoever changed it and on which node.
//
// The database appends to the table changes whenever the rights of somebody may have become others. A Feed reads that
// table after every write of its own node, four times a second besides, and counts for each subject how often it was
// told about. What is cached remembers the counts it was read under, and is used only while they stand.
package change

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
)

// Kind says what a subject is.
type Kind string

// The kinds of subject. The triggers of the table changes write them.
const (
	Account Kind = "account" // its place in the tree, its name, its holds, whether it is closed
	User    Kind = "user"    // the memberships of a person, and their name
	Role    Kind = "role"    // what a role group holds
	Key     Kind = "key"     // whether an API key is in force, and its scopes
	Package Kind = "package" // which modules a package holds, and its name
	Setting Kind = "setting" // the own settings of an account, and the addresses of a sub-account
	Domain  Kind = "domain"  // a host name, or the account that has one: whose it is
	Quota   Kind = "quota"   // the limits of an account, sub-account, membership or role group
)

// Subject is what something cached depends on.
type Subject struct {
	Kind Kind
	ID   string
}

const (
	pollEvery  = 250 * time.Millisecond
	staleAfter = time.Second      // without a successful read for this long, nothing cached may be used
	overlap    = 10 * time.Second // how long before a commit the id of its news may have been drawn
	maxGaps    = 64
	readWithin = 5 * time.Second
	hintEvery  = 50 * time.Millisecond
	channel    = "bailiwick_changes"
	never      = -1 << 62
)

// Feed reads the news. It is safe for concurrent use.
type Feed struct {
	db    *db.DB
	log   *slog.Logger
	watch func() time.Duration // since it was made
	seed  maphash.Seed
	wrote chan struct{} // this node has news for others

	// Subjects share counters: one told about in vain costs a read, and memory stays the same however many there are.
	counters [1 << 14]atomic.Uint64
	told     atomic.Uint64 // how many subjects were told about
	readAt   atomic.Int64  // when the last successful read began, nanoseconds by watch

	asked    atomic.Uint64 // how many reads were asked for
	mu       sync.Mutex    // held while reading; guards what follows
	answered uint64        // up to which of them an answer is known
	newest   int64         // the greatest id seen; negative before the first read
	gaps     []gap         // below it, in order
}

// New makes the feed of a node, which from now on reads the news after every write of d.
func New(d *db.DB, now clock.Clock, log *slog.Logger) *Feed {
	f := &Feed{db: d, log: log, watch: clock.Elapsed(now), seed: maphash.MakeSeed(), wrote: make(chan struct{}, 1), newest: -1}
	f.readAt.Store(never)
	d.OnCommit(f.written)
	return f
}

// Run reads the news four times a second until ctx ends, and at once when another node says that there is some. It
// listens at an address of the database that no pooler stands before, "" for the database's own.
func (f *Feed) Run(ctx context.Context, listenAt string) error {
	heard := make(chan struct{}, 1)
	var wg sync.WaitGroup
	wg.Go(func() { f.hint(ctx) })
	wg.Go(func() {
		f.db.Listen(ctx, listenAt, channel, func() { wake(heard) }, func(err error) {
			f.log.WarnContext(ctx, "other nodes cannot be heard; their news is read four times a second", "error", err)
		})
	})
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := f.Read(ctx); err != nil && ctx.Err() == nil {
			f.log.WarnContext(ctx, "the news of other nodes could not be read; nothing is answered from memory", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-heard:
		}
	}
	wg.Wait()
	return nil
}

// hint tells other nodes that this one has written, at most once in a while. It is told after the commit: told inside
// a transaction it would make all commits wait for each other.
func (f *Feed) hint(ctx context.Context) {
	pause := time.NewTicker(hintEvery)
	defer pause.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-f.wrote:
		}
		if err := f.db.Notify(ctx, channel); err != nil && ctx.Err() == nil {
			f.log.WarnContext(ctx, "other nodes could not be told of a write; they read it within a moment", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is awake already
	}
}

// written reads what a write of this node has changed, before its caller goes on.
func (f *Feed) written(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readWithin)
	defer cancel()
	before := f.told.Load()
	if err := f.Read(ctx); err != nil {
		f.readAt.Store(never)
		f.log.WarnContext(ctx, "the news of a write could not be read; nothing is answered from memory", "error", err)
	}
	if f.told.Load() != before {
		wake(f.wrote)
	}
}

// Read reads what was committed before the call. Calls that meet share one reading.
func (f *Feed) Read(ctx context.Context) error {
	want := f.asked.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answered >= want {
		return nil
	}
	asked, began := f.asked.Load(), f.watch()
	if err := f.read(ctx, began); err != nil {
		return fmt.Errorf("read what has changed: %w", err)
	}
	f.answered = asked
	f.readAt.Store(int64(began))
	return nil
}

// Fresh reports whether the news is less than a second old.
func (f *Feed) Fresh() bool {
	age := int64(f.watch()) - f.readAt.Load()
	return age >= 0 && age < int64(staleAfter)
}

// Refresh reads the news if it is old, and reports whether it is fresh now.
func (f *Feed) Refresh(ctx context.Context) bool {
	return f.Fresh() || f.Read(ctx) == nil && f.Fresh()
}

// Told is to be asked before something is read that Since will be asked about.
func (f *Feed) Told() uint64 { return f.told.Load() }

// Stamp is the state of some subjects. The zero Stamp depends on nothing.
type Stamp struct {
	slots []uint16
	sum   uint64 // of the counters; they only grow, so it stands as long as each of them does
}

// Since stamps what was read after told was asked for. It reports false when there was news meanwhile, for then
// what was read may be older than the stamp.
func (f *Feed) Since(told uint64, subjects []Subject) (Stamp, bool) {
	s := Stamp{slots: make([]uint16, len(subjects))}
	for i, sub := range subjects {
		s.slots[i] = f.slot(sub)
	}
	s.sum = f.sum(s.slots)
	return s, f.told.Load() == told
}

// Stands reports whether nothing was told about what s depends on. It is true or false about the news read so far: see Fresh.
func (f *Feed) Stands(s Stamp) bool { return f.sum(s.slots) == s.sum }

func (f *Feed) sum(slots []uint16) (n uint64) {
	for _, i := range slots {
		n += f.counters[i].Load()
	}
	return n
}

func (f *Feed) slot(s Subject) uint16 {
	return uint16(maphash.Comparable(f.seed, s) % uint64(len(f.counters)))
}

// tell counts a subject. The total comes first: whoever saw the counter grow must see the total grown as well.
func (f *Feed) tell(s Subject) {
	f.told.Add(1)
	f.counters[f.slot(s)].Add(1)
}
