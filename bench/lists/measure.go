package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/secret"
)

// class is what is measured together.
type class string

const (
	paging    class = "page, sort, prefix"
	filtering class = "filter"
	inside    class = "substring"
)

const (
	warmUp = 3
	rounds = 12
)

// question is one list that somebody opens.
type question struct {
	class class
	name  string
	q     account.Query
	next  int // pages that are turned first
}

// questions are asked for each actor. token is the number of a client in sight, of which there is one.
func questions(token string, at ids.Account) []question {
	list := []question{{paging, "first page", account.Query{}, 0}, {paging, "fifth page", account.Query{}, 4}}
	for _, s := range []account.Sort{account.ByName, account.ByEnd, account.ByCreated, account.ByUsers, account.ByLocations, account.ByStatus} {
		list = append(list, question{paging, "by " + string(s), account.Query{Sort: s}, 0}, question{paging, "by " + string(s) + " down, second page", account.Query{Sort: s, Desc: true}, 1})
	}
	for _, w := range []string{"h", "ha", "harb", "harbour", "hotels", "office@harbour1", "r-7", "harbour hotels", "hot harb", "harbour cedar", token, "nobody-is-called-so"} {
		list = append(list, question{paging, "prefix " + w, account.Query{Search: w}, 0})
	}
	list = append(list,
		question{filtering, "rare: ends in 30 days", account.Query{Ends: "30"}, 0},
		question{filtering, "common: never ends", account.Query{Ends: account.EndsNever}, 0},
		question{filtering, "common: ended", account.Query{Ends: account.EndsPassed, Sort: account.ByUsers}, 0},
		question{filtering, "common: suspended", account.Query{Status: account.Suspended}, 0},
		question{filtering, "common: active", account.Query{Status: account.Active, Sort: account.ByEnd}, 0},
		question{filtering, "none: closed", account.Query{Status: account.Closed}, 0},
		question{filtering, "rare: suspended, ends in 30 days", account.Query{Ends: "30", Status: account.Suspended}, 0},
		question{filtering, "common: suspended, never ends", account.Query{Ends: account.EndsNever, Status: account.Suspended, Sort: account.ByLocations}, 0},
		question{filtering, "active and a word", account.Query{Search: "hotels", Status: account.Active}, 0},
		question{inside, "common: otel", account.Query{Search: "otel"}, 0},
		question{inside, "most: xample", account.Query{Search: "xample"}, 0},
		question{inside, "rare: rbour4242", account.Query{Search: "rbour4242"}, 0},
		question{inside, "none: xyzzy", account.Query{Search: "xyzzy"}, 0},
		question{inside, "two: otel rbour", account.Query{Search: "otel rbour"}, 0},
		question{inside, "across: r hot", account.Query{Search: "bour hot"}, 0},
	)
	if at == platform {
		list = append(list, question{filtering, "a reseller with half", account.Query{Reseller: half}, 0}, question{filtering, "a reseller with three", account.Query{Reseller: three}, 0})
	}
	return list
}

type result struct {
	kind  string
	n     int
	at    ids.Account
	class class
	took  []time.Duration
	worst map[string]time.Duration // by question
}

type results []result

func measure(ctx context.Context, dsn, kind string, n int, out *results) (err error) {
	d, err := db.Open(ctx, dsn, clock.System)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if _, err := d.Migrate(ctx); err != nil {
		return fmt.Errorf("%w (remove the cached databases and seed them again)", err)
	}
	box, err := secret.NewBox(secret.NewKey())
	if err != nil {
		return err
	}
	news := change.New(d, clock.System, slog.New(slog.DiscardHandler))
	reading, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- news.Run(reading, "") }()
	defer func() {
		stop()
		err = errors.Join(err, <-ended)
	}()
	s := account.NewService(account.Deps{Ops: op.NewRunner(d, authz.NewChecker(d, news, nil)), Cursors: page.NewSealer(box), Clock: thatDay, Mail: notify.NewMailer(box)})
	for at, token := range map[ids.Account]string{platform: "4", half: "44", three: "5"} {
		by := authz.Mint(authz.Identity{Kind: authz.Person, User: owner, Name: "Owner", Account: at, Credential: "session"})
		took, worst := map[class][]time.Duration{}, map[class]map[string]time.Duration{paging: {}, filtering: {}, inside: {}}
		for _, q := range questions(token, at) {
			before := processor()
			all, rows, err := ask(ctx, s, by, at, q)
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			took[q.class], worst[q.class][q.name] = append(took[q.class], all...), slices.Max(all)
			fmt.Printf("%-10s %8d %-30s %-10s %-34s best %6.2f ms, median %6.2f ms, worst %6.2f ms, processor %6.2f ms, %s\n", kind, n, at[4:], q.class[:4], q.name, ms(slices.Min(all)), ms(at50(all)), ms(slices.Max(all)), ms((processor()-before)/time.Duration(warmUp+rounds+q.next)), rows)
		}
		for _, c := range []class{paging, filtering, inside} {
			*out = append(*out, result{kind, n, at, c, took[c], worst[c]})
		}
	}
	return nil
}

// thatDay is the day that the clients' memberships are laid around, so that every run finds the same.
func thatDay() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

func ask(ctx context.Context, s *account.Service, by authz.Actor, at ids.Account, q question) (took []time.Duration, found string, err error) {
	for range q.next {
		l, err := s.List(ctx, by, at, q.q)
		if err != nil {
			return nil, "", err
		}
		if l.Next != "" {
			q.q.Cursor = l.Next
		}
	}
	for i := range warmUp + rounds {
		began := clock.System()
		l, err := s.List(ctx, by, at, q.q)
		if err != nil {
			return nil, "", err
		}
		if i >= warmUp {
			took = append(took, clock.System().Sub(began))
		}
		found = fmt.Sprintf("%d rows of %d", len(l.Rows), l.Total)
		if l.First {
			found += ", first matches"
		}
		if l.Paused {
			found += ", paused"
		}
	}
	return took, found, nil
}

// processor is the time that this process has worked; SQLite's work is in it, PostgreSQL's is not.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func at50(d []time.Duration) time.Duration { return share(d, 50) }

func share(d []time.Duration, percent int) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[min(len(d)*percent/100, len(d)-1)]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// slowest names the questions that took longest.
func (r result) slowest() string {
	names := slices.SortedFunc(maps.Keys(r.worst), func(a, b string) int { return cmp.Compare(r.worst[b], r.worst[a]) })
	var out []string
	for _, n := range names[:min(3, len(names))] {
		out = append(out, fmt.Sprintf("%s %.2f ms", n, ms(r.worst[n])))
	}
	return strings.Join(out, ", ")
}

// noise is below what one list can be told from another.
const noise = time.Millisecond

// print writes a line for each database, size and actor, and then the worst of all: the 99th of 100 of all questions of a class
// together, so that it is the slowest question that counts. growth is how many times as long a page takes among a million as
// among a thousand, by that measure, for the actor and database where it grows most.
func (rs results) print() {
	p99 := map[string]time.Duration{}
	var page, filter, within time.Duration
	growth := 0.0
	fmt.Println()
	for _, r := range rs {
		p := share(r.took, 99)
		fmt.Printf("%-10s %8d %-30s %-20s p99 %6.2f ms, median %6.2f ms; slowest: %s\n", r.kind, r.n, r.at[4:], r.class, ms(p), ms(at50(r.took)), r.slowest())
		key := fmt.Sprint(r.kind, r.at, r.class)
		switch {
		case r.n == sizes[0]:
			p99[key] = p
		case r.n == sizes[len(sizes)-1] && r.class == paging:
			page = max(page, p)
			growth = max(growth, float64(p)/float64(max(p99[key], noise)))
		}
		if r.class == filtering {
			filter = max(filter, p)
		}
		if r.class == inside {
			within = max(within, p)
		}
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err == nil {
		fmt.Printf("each list was opened %d times before it was measured; load average of the machine: %s", warmUp, load)
	}
	fmt.Printf("p99_ms_1m=%.2f filter_ms=%.2f substring_ms=%.2f growth=%.2f\n", ms(page), ms(filter), ms(within), growth)
}
