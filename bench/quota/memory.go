package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/secret"
)

type figures struct {
	decisions, allocs, hot, apart float64
	byLayers                      string
}

// inProcess fills a database in dir, makes a key for the requests, and measures decisions from memory.
func inProcess(ctx context.Context, dir string) (key secret.String, m figures, err error) {
	n, err := open(ctx, dir)
	if err != nil {
		return key, m, err
	}
	defer func() { err = errors.Join(err, n.db.Close()) }()
	if err := fill(ctx, n.db); err != nil {
		return key, m, err
	}
	if key, err = makeKey(ctx, n); err != nil {
		return key, m, err
	}
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
	if m.decisions, m.allocs, err = n.decide(ctx, warmFor, func(worker, i int) ids.Account { return customer("hot", 2*(i%50)+worker) }); err != nil {
		return key, m, err
	}
	var layers strings.Builder
	for i := range deepest {
		leaf := ids.Account(fmt.Sprint("acc_leaf", i))
		rate, _, err := n.decide(ctx, slice, func(int, int) ids.Account { return leaf })
		if err != nil {
			return key, m, err
		}
		fmt.Fprintf(&layers, "%d %.2fM/s  ", i+3, rate/1e6)
	}
	m.byLayers = layers.String()
	if m.apart, _, err = n.decide(ctx, 0, func(worker, i int) ids.Account {
		return customer([]string{"one", "two"}[worker%2], i*7919%(customers/2))
	}); err != nil {
		return key, m, err
	}
	m.hot, _, err = n.decide(ctx, 0, func(worker, i int) ids.Account { return customer("hot", worker%2*customers/2+i*7919%(customers/2)) })
	return key, m, err
}

const (
	warmFor  = time.Second
	slice    = 150 * time.Millisecond
	slices   = 5
	waiting  = 256 // senders that ask the ledger at once
	together = 256 // decisions between looks at the clock
)

// decide spends on all processors, and returns the median of some slices of time: decisions in a second, and allocations of one.
// A sender without a lease asks the ledger, as any other program does.
func (n node) decide(ctx context.Context, warmUp time.Duration, who func(worker, i int) ids.Account) (perSecond, allocs float64, err error) {
	workers := runtime.GOMAXPROCS(0)
	senders := make([][]quota.Sender, workers)
	for w := range senders {
		senders[w] = make([]quota.Sender, customers/2)
		for i := range senders[w] {
			senders[w][i] = quota.Sender{Account: who(w, i), Channel: quota.Email}
		}
	}
	cold := make(chan quota.Sender, waiting)
	var asking sync.WaitGroup
	for range waiting {
		asking.Go(func() {
			for s := range cold {
				if _, err := n.engine.Reserve(ctx, s, quota.Mark{}, 1, 0); err != nil {
					return // it is asked again
				}
			}
		})
	}
	defer asking.Wait()
	defer close(cold)
	run := func(length time.Duration) (done int64, err error) {
		var wg sync.WaitGroup
		counts, errs := make([]int64, workers), make([]error, workers)
		for w := range workers {
			wg.Go(func() {
				end := clock.System().Add(length)
				for i := 0; clock.System().Before(end) && errs[w] == nil; {
					for range together {
						s := senders[w][i%len(senders[w])]
						i++
						_, ok, err := n.engine.Spend(ctx, s, 1)
						if err != nil {
							errs[w] = err
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
		for w := range workers {
			done += counts[w]
			err = errors.Join(err, errs[w])
		}
		return done, err
	}
	if err := n.warm(ctx, senders); err != nil {
		return 0, 0, err
	}
	if _, err := run(warmUp); err != nil {
		return 0, 0, err
	}
	var rates []float64
	var before, after runtime.MemStats
	allocs = 1e9
	for range slices {
		runtime.ReadMemStats(&before)
		began := clock.Stopwatch()
		done, err := run(slice)
		if err != nil {
			return 0, 0, err
		}
		rates = append(rates, float64(done)/began().Seconds())
		runtime.ReadMemStats(&after)
		allocs = min(allocs, float64(after.Mallocs-before.Mallocs)/float64(max(1, done)))
	}
	return median(rates), allocs, nil
}

// asks are units in a row that no lease at hand has, so that the next one is larger: 16, 64, and 256 in the end.
var asks = []int64{1, 1, 17, 65}

// warm asks the ledger for each sender, so that all hold a lease that lasts for the measure.
func (n node) warm(ctx context.Context, senders [][]quota.Sender) error {
	const callers = 256
	failed := make([]error, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			seen := map[ids.Account]bool{}
			for _, all := range senders {
				for i := c; i < len(all); i += callers {
					if seen[all[i].Account] {
						continue
					}
					seen[all[i].Account] = true
					for _, units := range asks {
						if _, err := n.engine.Reserve(ctx, all[i], quota.Mark{}, units, 0); err != nil {
							failed[c] = err
							return
						}
					}
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(failed...)
}
