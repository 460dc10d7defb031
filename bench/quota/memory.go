package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	stdslices "slices"
	"strings"
	"sync"
	"time"

	"bailiwick/bench/load"
	"bailiwick/internal/clock"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/secret"
)

type figures struct {
	decisions, allocs, hot, apart, loss float64
	byLayers                            string
}

// prepare fills a database in dir and makes a key for the requests.
func prepare(ctx context.Context, dir string) (key secret.String, err error) {
	n, err := open(ctx, dir)
	if err != nil {
		return key, err
	}
	defer func() { err = errors.Join(err, n.db.Close()) }()
	if err := fill(ctx, n.db); err != nil {
		return key, err
	}
	return makeKey(ctx, n)
}

// inProcess measures decisions from memory.
func inProcess(ctx context.Context, dir string) (m figures, err error) {
	n, err := open(ctx, dir)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, n.db.Close()) }()
	running, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var failed error
	wg.Go(func() { failed = errors.Join(failed, n.news.Run(running, "")) })
	wg.Go(func() { failed = errors.Join(failed, n.engine.Run(running)) })
	defer func() {
		stop()
		wg.Wait()
		err = errors.Join(err, failed)
	}()
	near, err := n.senders(ctx, func(worker, i int) ids.Account { return customer("hot", 2*(i%50)+worker) })
	if err != nil {
		return m, err
	}
	if _, err := n.spend(ctx, near, warmFor); err != nil {
		return m, err
	}
	if m.decisions, m.allocs, err = n.median(ctx, near); err != nil {
		return m, err
	}
	var layers strings.Builder
	for i := range deepest + 1 {
		leaf := ids.Account(fmt.Sprint("acc_leaf", i))
		one, err := n.senders(ctx, func(int, int) ids.Account { return leaf })
		if err != nil {
			return m, err
		}
		rate, _, err := n.median(ctx, one)
		if err != nil {
			return m, err
		}
		fmt.Fprintf(&layers, "%d %.2fM/s  ", i+2, rate/1e6)
	}
	m.byLayers = layers.String()
	m.hot, m.apart, m.loss, err = n.hotParent(ctx)
	return m, err
}

// hotParent measures ten thousand customers below one reseller, and below one for each processor, in turns, so that what else the
// machine does meets both. The loss is the median of what each pair of turns says.
func (n node) hotParent(ctx context.Context) (hot, apart, loss float64, err error) {
	below := func(reseller func(worker int) string) ([][]quota.Sender, error) {
		return n.senders(ctx, func(worker, i int) ids.Account {
			return customer(reseller(worker), worker%2*customers/2+i*7919%(customers/2))
		})
	}
	one, err := below(func(int) string { return "hot" })
	if err != nil {
		return 0, 0, 0, err
	}
	each, err := below(func(worker int) string { return []string{"one", "two"}[worker%2] })
	if err != nil {
		return 0, 0, 0, err
	}
	var hots, aparts, losses []float64
	for i := range turns {
		a, b := one, each
		if i%2 == 1 {
			a, b = each, one
		}
		first, err := n.spend(ctx, a, slice)
		if err != nil {
			return 0, 0, 0, err
		}
		second, err := n.spend(ctx, b, slice)
		if err != nil {
			return 0, 0, 0, err
		}
		if i%2 == 1 {
			first, second = second, first
		}
		hots, aparts, losses = append(hots, first.perSecond()), append(aparts, second.perSecond()), append(losses, 1-first.perSecond()/second.perSecond())
	}
	return load.Median(hots), load.Median(aparts), load.Median(losses), nil
}

const (
	warmFor  = time.Second
	slice    = 150 * time.Millisecond
	slices   = 5
	turns    = 24  // of each side
	waiting  = 256 // senders that ask the ledger at once
	together = 256 // decisions between looks at the clock
)

// senders are those of each processor, who all hold a lease.
func (n node) senders(ctx context.Context, who func(worker, i int) ids.Account) ([][]quota.Sender, error) {
	all := make([][]quota.Sender, runtime.GOMAXPROCS(0))
	for w := range all {
		all[w] = make([]quota.Sender, customers/2)
		for i := range all[w] {
			all[w][i] = quota.Sender{Account: who(w, i), Channel: quota.Email}
		}
	}
	return all, n.warm(ctx, all)
}

// median spends for some slices of time: decisions in a second, and allocations of one.
func (n node) median(ctx context.Context, senders [][]quota.Sender) (perSecond, allocs float64, err error) {
	var rates []float64
	var before, after runtime.MemStats
	allocs = 1e9
	for range slices {
		runtime.ReadMemStats(&before)
		s, err := n.spend(ctx, senders, slice)
		if err != nil {
			return 0, 0, err
		}
		runtime.ReadMemStats(&after)
		rates = append(rates, s.perSecond())
		allocs = min(allocs, float64(after.Mallocs-before.Mallocs)/float64(max(1, s.done)))
	}
	return load.Median(rates), allocs, nil
}

// spent is what was spent in a time.
type spent struct {
	done int64
	took time.Duration
}

func (s spent) perSecond() float64 { return float64(s.done) / s.took.Seconds() }

// spend spends from memory on all processors. A sender without a lease asks the ledger, as any other program does.
func (n node) spend(ctx context.Context, senders [][]quota.Sender, length time.Duration) (s spent, err error) {
	cold := make(chan quota.Sender, waiting)
	var asking, wg sync.WaitGroup
	for range waiting {
		asking.Go(func() {
			for s := range cold {
				if _, err := n.engine.Reserve(ctx, s, quota.Mark{}, 1, 0); err != nil {
					return // it is asked again
				}
			}
		})
	}
	counts, failed := make([]int64, len(senders)), make([]error, len(senders))
	took := clock.Stopwatch()
	for w := range senders {
		wg.Go(func() {
			for i := 0; took() < length && failed[w] == nil; {
				for range together {
					s := senders[w][i%len(senders[w])]
					i++
					_, ok, err := n.engine.Spend(ctx, s, 1)
					if err != nil {
						failed[w] = err
						break
					}
					if ok {
						counts[w]++
						continue
					}
					select { // those who wait for the ledger wait together, and not in the way of others
					case cold <- s:
					default:
					}
				}
			}
		})
	}
	wg.Wait()
	s.took = took()
	for _, n := range counts {
		s.done += n
	}
	close(cold)
	asking.Wait()
	return s, errors.Join(failed...)
}

// asks are units in a row that no lease at hand has, so that the next one is larger: 16, 64, and 256 in the end.
var asks = []int64{1, 1, 17, 65}

// warm asks the ledger for each sender, so that all hold a lease that lasts for the measure.
func (n node) warm(ctx context.Context, senders [][]quota.Sender) error {
	seen := map[ids.Account]bool{}
	var all []quota.Request
	for _, some := range senders {
		for _, s := range some {
			if !seen[s.Account] {
				seen[s.Account] = true
				all = append(all, quota.Request{Sender: s})
			}
		}
	}
	const callers = 4
	failed := make([]error, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for part := range stdslices.Chunk(all[c*len(all)/callers:(c+1)*len(all)/callers], 1000) {
				for _, units := range asks {
					for i := range part {
						part[i].Units = units
					}
					_, errs := n.engine.ReserveAll(ctx, part)
					failed[c] = errors.Join(append(errs, failed[c])...)
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}
