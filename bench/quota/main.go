// Command quota measures decisions about quotas: from memory, and over HTTP with everything durable before the answer, beside Redis
// with a Lua script that keeps the same nine counters in the same run.
// Usage: quota [-http] BAILIWICK REDIS-SERVER, two programs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"bailiwick/bench/load"
	"bailiwick/internal/account"
	"bailiwick/internal/apikey"
	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/notify"
	"bailiwick/internal/op"
	"bailiwick/internal/quota"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

func main() {
	alone := flag.Bool("http", false, "measure over HTTP alone")
	most := flag.Int("accounts", sizes[len(sizes)-1], "how many customers at most, for the cost of them")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: quota [-http] [-accounts N] BAILIWICK REDIS-SERVER")
		os.Exit(2)
	}
	if err := measure(context.Background(), flag.Arg(0), flag.Arg(1), *alone, *most); err != nil {
		fmt.Fprintln(os.Stderr, "quota:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, ours, redis string, alone bool, most int) (err error) {
	dir, err := os.MkdirTemp("", "bench-quota-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	key, err := prepare(ctx, dir)
	if err != nil {
		return err
	}
	rates, err := besideRedis(ctx, ours, redis, dir, key) // first: what the others have written keeps the disk busy
	if err != nil {
		return err
	}
	m := figures{}
	if !alone {
		if m, err = inside(ctx, dir, most); err != nil {
			return err
		}
	}
	fmt.Printf("decisions_per_s=%.0f allocs=%.2f redis_ratio=%.1f http_ratio=%.2f batch_ratio=%.2f hot_parent_loss=%.0f%%\n",
		m.decisions, m.allocs, m.decisions/load.Median(rates[0]), load.Median(load.Ratios(rates[1], rates[0])), load.Median(load.Ratios(rates[2], rates[0])), 100*m.loss)
	return nil
}

// inside measures within this process.
func inside(ctx context.Context, dir string, most int) (figures, error) {
	m, err := inProcess(ctx, dir)
	if err != nil {
		return m, err
	}
	fmt.Printf("from memory, not durable: %.0f decisions/s with %.2f allocations, three layers of three windows\n", m.decisions, m.allocs)
	fmt.Printf("%d customers of one reseller: %.0f/s; of a reseller for each processor: %.0f/s\n", customers, m.hot, m.apart)
	fmt.Printf("layers: %s\n", m.byLayers)
	return m, byAccounts(ctx, filepath.Join(dir, "many"), most)
}

// besideRedis has the server, Redis in memory alone, and Redis that is as durable as the server, answer in turns.
func besideRedis(ctx context.Context, ours, redis, dir string, key secret.String) (rates [][]float64, err error) {
	var running []load.Program
	defer func() {
		for _, p := range running {
			err = errors.Join(err, p.Stop())
		}
	}()
	p, single, batch, err := serveReserves(ctx, ours, dir, key)
	if err != nil {
		return rates, err
	}
	running = append(running, p)
	p, memory, err := startRedis(ctx, redis, dir, "--appendonly", "no")
	if err != nil {
		return rates, err
	}
	running = append(running, p)
	if err := memory.rolls(ctx); err != nil {
		return rates, err
	}
	p, durable, err := startRedis(ctx, redis, dir, "--appendonly", "yes", "--appendfsync", "always")
	if err != nil {
		return rates, err
	}
	running = append(running, p)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the servers need the processors more than who asks them
	if rates, err = inTurns(ctx, memory.countsRolling(), single, batch, durable.countsRolling(), memory.countsSimple()); err != nil {
		return rates, err
	}
	fmt.Printf("Redis with a script of the same nine counters: %.0f decisions/s in memory alone, its figure below; %.0f with appendfsync always, as durable as ours; %.0f in memory with simple counters, of which nothing rolls\n",
		load.Median(rates[0]), load.Median(rates[3]), load.Median(rates[4]))
	fmt.Printf("over HTTP, durable before the answer: %.0f reserves/s singly, %.0f/s in batches of %d; %d connections each, to Redis as well\n", load.Median(rates[1]), load.Median(rates[2]), inBatch, connections)
	return rates, nil
}

const (
	customers = 10_000
	deepest   = 6 // resellers below each other, for the cost of layers
)

// customer is the n-th one of a reseller.
func customer(reseller string, n int) ids.Account {
	return ids.Account(fmt.Sprintf("acc_%s%d", reseller, n))
}

// node is what a process decides with.
type node struct {
	db     *db.DB
	news   *change.Feed
	engine *quota.Engine
}

func open(ctx context.Context, dir string) (n node, err error) {
	if n.db, err = db.Open(ctx, filepath.Join(dir, "bailiwick.db"), clock.System); err != nil {
		return n, err
	}
	if _, err := n.db.Migrate(ctx); err != nil {
		return n, errors.Join(err, n.db.Close())
	}
	log := slog.New(slog.DiscardHandler)
	n.news = change.New(n.db, clock.System, log)
	known, err := setting.NewKnown(n.db, n.news, append(account.Regional(), quota.Settings()...))
	if err != nil {
		return n, errors.Join(err, n.db.Close())
	}
	n.engine = quota.NewEngine(quota.EngineDeps{DB: n.db, Log: log, Clock: clock.System, Known: known, Zone: account.TimeZone, News: n.news})
	return n, nil
}

// fill makes a reseller of ten thousand customers, two of half as many, and a chain of resellers with a customer at each level.
func fill(ctx context.Context, d *db.DB) error {
	return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		account := `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) `
		numbers := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, customers-1)
		all := []string{account + `VALUES ('acc_p', NULL, 'platform', 'P', 'p', 0, 0), ('acc_hot', 'acc_p', 'reseller', 'H', 'h', 0, 0), ('acc_one', 'acc_p', 'reseller', 'A', 'a', 0, 0), ('acc_two', 'acc_p', 'reseller', 'B', 'b', 0, 0)`}
		all = append(all, account+`VALUES ('acc_leaf0', 'acc_p', 'customer', 'L', 'l', 0, 0)`)
		above := "acc_p"
		for i := range deepest {
			all = append(all, account+fmt.Sprintf(`VALUES ('acc_deep%d', '%s', 'reseller', 'D', 'd', 0, 0), ('acc_leaf%d', 'acc_deep%d', 'customer', 'L', 'l', 0, 0)`, i, above, i+1, i))
			above = fmt.Sprint("acc_deep", i)
		}
		for _, r := range []string{"hot", "one", "two"} {
			all = append(all, numbers+account+fmt.Sprintf(`SELECT 'acc_%s' || i, 'acc_%s', 'customer', 'C', 'c', 0, 0 FROM n`, r, r))
		}
		all = append(all,
			`INSERT INTO account_tree (ancestor_id, descendant_id, depth) WITH RECURSIVE t (a, d, n) AS (SELECT id, id, 0 FROM accounts UNION ALL SELECT x.parent_id, t.d, t.n + 1 FROM t JOIN accounts x ON x.id = t.a WHERE x.parent_id IS NOT NULL) SELECT a, d, n FROM t`,
			`INSERT INTO quota_limits (account_id, subject, channel, period, source, amount, action, cap, paced, updated_at)
				SELECT a.id, a.id, 'email', w.column1, 'pool', 1000000000000000, 'reject', 0, FALSE, 0 FROM accounts a, (VALUES ('hour'), ('day'), ('month')) AS w`,
			`INSERT INTO identities (id, email, email_fold, username, username_fold, name, name_fold, created_at, updated_at) VALUES ('usr_o', 'o', 'o', 'o', 'o', 'O', 'o', 0, 0)`,
			`INSERT INTO memberships (id, account_id, user_id, role, created_at, updated_at) VALUES ('mem_o', 'acc_hot', 'usr_o', 'owner', 0, 0)`)
		for _, s := range all {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("%.80s: %w", s, err)
			}
		}
		return nil
	})
}

// makeKey makes a key of the busy reseller's Owner.
func makeKey(ctx context.Context, n node) (secret.String, error) {
	check := authz.NewChecker(n.db, n.news, nil)
	keys := apikey.NewService(n.db, op.NewRunner(n.db, check), n.news, notify.NoMailer(nil))
	by := authz.Mint(authz.Identity{Kind: authz.Person, User: "usr_o", Account: "acc_hot", Credential: "session"})
	k, err := keys.Create(ctx, by, "acc_hot", apikey.Input{Name: "bench", Scopes: authz.SetOf(authz.MessagesSend)})
	return k.Secret, err
}
