package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
	"bailiwick/internal/setting"
)

// The tree: a reseller of many customers, and a few with sub-accounts.
const (
	customers = 10_000
	subs      = 5
)

// limit is what is set on a subject: per hour, day and month.
type limit struct {
	subject string
	windows [3]int64
}

// scenario is who sends how much on the tree.
type scenario struct {
	name    string
	speed   int64 // minutes of the ledger's clock in a minute of ours
	callers int   // of each process
	idle    bool  // all customers send a message a minute, and nobody sends more; otherwise a few send half of all
	limits  []limit
	credits []string // customers that are granted credits, and lose some, while all this goes on
}

var scenarios = []scenario{
	{name: "a few busy customers among many", speed: 60, callers: 4, limits: []limit{
		{"acc_platform", [3]int64{20_000, 200_000, 1_000_000}},
		{"acc_reseller", [3]int64{4_000, 30_000, 300_000}},
		{"acc_1", [3]int64{600, 2_000, 50_000}},
		{"acc_2", [3]int64{60, 1_000, 9_000}},
		{"acc_3", [3]int64{-1, -1, 2_000}},
		{"sub_1", [3]int64{300, 1_500, -1}},
		{"sub_2", [3]int64{7, 40, -1}},
	}},
	{name: "customers on credits", speed: 60, callers: 4, credits: []string{"acc_1", "acc_2"}, limits: []limit{
		{"acc_reseller", [3]int64{6_000, -1, -1}},
		{"acc_1", [3]int64{-1, -1, 300}},
		{"acc_2", [3]int64{200, 1_000, 0}},
		{"acc_3", [3]int64{-1, -1, 40}},
	}},
	{name: "a mostly idle tree", speed: 6, callers: 16, idle: true, limits: append(none(),
		limit{"acc_platform", [3]int64{40_000, -1, -1}},
		limit{"acc_reseller", [3]int64{12_000, 20_000, 300_000}},
	)},
}

// none limits some customers here and there to nothing, so that something is refused from the beginning.
func none() (all []limit) {
	for i := 0; i < customers; i += 20 {
		all = append(all, limit{string(customer(i)), [3]int64{0, -1, -1}})
	}
	return all
}

// part is how many customers of the idle tree each caller goes round.
func (s scenario) part() int { return customers / (processes * s.callers) }

// every is how long a caller of the idle tree waits between messages.
func (s scenario) every() time.Duration {
	return time.Minute / time.Duration(int64(s.part())*s.speed)
}

// next is whom the next message of a caller is from. On the idle tree the callers of all processes go round the customers, each its
// part, by the clock: who takes the place of one that was killed goes on where that one was.
func (s scenario) next(random *rand.Rand, caller uint64) quota.Sender {
	from := quota.Sender{Channel: quota.Email}
	switch {
	case s.idle:
		turn := int(clock.System().UnixNano()/int64(s.every())) % s.part()
		from.Account = customer(int(caller)%(processes*s.callers)*s.part() + turn)
	case random.IntN(2) == 0:
		c := random.IntN(subs)
		from.Account, from.Sub = customer(c), ids.SubAccount(fmt.Sprint("sub_", c+1))
	default:
		from.Account = customer(random.IntN(customers))
	}
	return from
}

func customer(i int) ids.Account { return ids.Account(fmt.Sprint("acc_", i+1)) }

// prepare makes the tree in an empty database.
func prepare(ctx context.Context, d *db.DB, s scenario) error {
	if _, err := d.Migrate(ctx); err != nil {
		return err
	}
	return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		made := `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) `
		numbers := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + strconv.Itoa(customers) + `) `
		statements := []string{
			made + `VALUES ('acc_platform', NULL, 'platform', 'P', 'p', 0, 0), ('acc_reseller', 'acc_platform', 'reseller', 'R', 'r', 0, 0)`,
			numbers + made + `SELECT 'acc_' || i, 'acc_reseller', 'customer', 'C', 'c', 0, 0 FROM n`,
			`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT id, id, 0 FROM accounts`,
			`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT parent_id, id, 1 FROM accounts WHERE parent_id IS NOT NULL`,
			`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT 'acc_platform', id, 2 FROM accounts WHERE kind = 'customer'`,
			numbers + `INSERT INTO subaccounts (id, customer_id, account_id, name, purpose, created_at, updated_at) SELECT 'sub_' || i, 'acc_' || i, 'acc_' || i, 'main', 'marketing', 0, 0 FROM n WHERE i <= ` + strconv.Itoa(subs),
		}
		for _, text := range statements {
			if _, err := tx.Exec(ctx, text); err != nil {
				return fmt.Errorf("%.60s: %w", text, err)
			}
		}
		for _, l := range s.limits {
			for w, n := range l.windows {
				if _, err := tx.Exec(ctx, `INSERT INTO quota_limits (account_id, subject, channel, period, source, amount, action, cap, paced, updated_at) VALUES ('acc_platform', ?, 'email', ?, 'pool', ?, 'reject', 0, FALSE, 0)`,
					l.subject, quota.Windows()[w].String(), n); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// fast is a clock that all processes share, but for what each of them thinks it is ahead.
func (s scenario) fast(ahead func() time.Duration) clock.Clock {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		return day.Add(clock.System().Sub(day) % (400 * 24 * time.Hour) * time.Duration(s.speed)).Add(ahead())
	}
}

func open(d *db.DB, now clock.Clock) (*quota.Engine, error) {
	log := slog.New(slog.DiscardHandler)
	feed := change.New(d, now, log)
	known, err := setting.NewKnown(d, feed, append(account.Regional(), quota.Settings()...))
	if err != nil {
		return nil, err
	}
	e := quota.NewEngine(quota.EngineDeps{DB: d, Log: log, Clock: now, Known: known, Zone: account.TimeZone, News: feed})
	e.KeepTime(now)
	return e, nil
}

// work is what a process does until it is killed. told is the number of its scenario and its own.
func work(ctx context.Context, dsn, told string) error {
	var which int
	var n uint64
	if _, err := fmt.Sscanf(told, "%d/%d", &which, &n); err != nil {
		return err
	}
	s := scenarios[which]
	var ahead atomic.Int64
	now := s.fast(func() time.Duration { return time.Duration(ahead.Load()) })
	d, err := db.Open(ctx, dsn, now)
	if err != nil {
		return err
	}
	e, err := open(d, now)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	failed := make(chan error, s.callers+1)
	for i := range s.callers {
		wg.Go(func() { failed <- s.call(ctx, e, n*uint64(s.callers)+uint64(i), &ahead) })
	}
	wg.Go(func() { failed <- e.Run(ctx) })
	return <-failed
}

// call sends, and now and then releases, commits or moves the clock.
func (s scenario) call(ctx context.Context, e *quota.Engine, seed uint64, ahead *atomic.Int64) error {
	random := rand.New(rand.NewPCG(seed, 7))
	who := fmt.Sprint("caller-", seed)
	var held []ids.Reserve
	pause := time.NewTicker(s.every())
	defer pause.Stop()
	for i := 0; ; i++ {
		switch random.IntN(20) {
		case 0:
			ahead.Store(int64(time.Duration(random.Int64N(int64(20*time.Minute))) - 10*time.Minute))
		case 1, 2, 3:
			if len(held) > 0 {
				if _, err := e.Settle(ctx, who, held[:1], random.IntN(2) == 0); err != nil && errs.KindOf(err) != errs.Unavailable {
					return err
				}
				held = held[1:]
			}
		}
		if s.idle {
			<-pause.C
		}
		out, err := e.Reserve(ctx, s.next(random, seed), quota.Mark{Credential: who, Key: strconv.Itoa(i)}, 1+random.Int64N(3), 0)
		line := "no"
		switch {
		case errs.KindOf(err) == errs.Unavailable || errors.Is(err, context.DeadlineExceeded):
			continue
		case err != nil:
			return err
		case out.Refused == nil:
			line = "yes " + string(out.Reserve.ID)
			held = append(held, out.Reserve.ID)
		}
		if _, err := fmt.Fprintln(os.Stdout, line); err != nil {
			return err
		}
	}
}
