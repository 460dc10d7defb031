package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/quota"
)

// sizes are how many customers there are when it is measured what a durable reserve costs.
var sizes = []int{1_000, 10_000, 100_000, 1_000_000}

const (
	askers     = 4 // each asks for a batch at a time
	measureFor = time.Second
)

// byAccounts prints how many reserves a second are written, of customers at random, as there are more and more of them. With few,
// most hold a lease and nothing else is asked; with many, nearly each is looked up, and charged in the ledger itself.
func byAccounts(ctx context.Context, dir string, most int) (err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	n, err := open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.db.Close()) }()
	fmt.Print("accounts:")
	have := 0
	for _, size := range sizes {
		if size > most {
			break
		}
		if err := n.addCustomers(ctx, have, size); err != nil {
			return err
		}
		have = size
		rate, err := n.reserveAtRandom(ctx, size)
		if err != nil {
			return err
		}
		fmt.Printf("  %d %.0f/s", size, rate)
	}
	fmt.Println(" durable reserves in batches of 100, of customers at random")
	return nil
}

// addCustomers makes customers from one number up to another below a reseller.
func (n node) addCustomers(ctx context.Context, from, to int) error {
	return n.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		account := `INSERT INTO accounts (id, parent_id, kind, name, name_fold, created_at, updated_at) `
		statements := []string{
			fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, from, to-1) + account + `SELECT 'acc_r' || i, 'acc_r', 'customer', 'C', 'c', 0, 0 FROM n`,
		}
		for i, above := range []string{"'acc_r' || i", "'acc_r'", "'acc_p'"} {
			statements = append(statements, fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) `, from, to-1)+
				fmt.Sprintf(`INSERT INTO account_tree (ancestor_id, descendant_id, depth) SELECT %s, 'acc_r' || i, %d FROM n`, above, i))
		}
		if from == 0 {
			statements = append([]string{account + `VALUES ('acc_p', NULL, 'platform', 'P', 'p', 0, 0), ('acc_r', 'acc_p', 'reseller', 'R', 'r', 0, 0)`,
				`INSERT INTO account_tree (ancestor_id, descendant_id, depth) VALUES ('acc_p', 'acc_p', 0), ('acc_r', 'acc_r', 0), ('acc_p', 'acc_r', 1)`}, statements...)
		}
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("%.80s: %w", s, err)
			}
		}
		return nil
	})
}

// reserveAtRandom reserves for customers at random, with keys, and returns how many a second.
func (n node) reserveAtRandom(ctx context.Context, size int) (float64, error) {
	counts, failed := make([]int, askers), make([]error, askers)
	var wg sync.WaitGroup
	took := clock.Stopwatch()
	for a := range askers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(a), uint64(size)))
			for i := 0; took() < measureFor && failed[a] == nil; i++ {
				all := make([]quota.Request, inBatch)
				for j := range all {
					all[j] = quota.Request{Sender: quota.Sender{Account: customer("r", random.IntN(size)), Channel: quota.Email},
						Mark: quota.Mark{Credential: "bench", Key: fmt.Sprint(size, a, i, j)}, Units: 1}
				}
				_, errs := n.engine.ReserveAll(ctx, all)
				failed[a] = errors.Join(errs...)
				counts[a] += len(all)
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, c := range counts {
		sum += c
	}
	return float64(sum) / took().Seconds(), errors.Join(failed...)
}
