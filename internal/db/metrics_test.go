package db_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"bailiwick/internal/db"
	"bailiwick/internal/db/dbtest"
)

func TestTransactionsAreCountedByKindAndResult(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		reg := prometheus.NewPedanticRegistry()
		reg.MustRegister(d.Metrics()...)
		before, _ := read(t, reg)
		fine := func(context.Context, *db.Tx) error { return nil }
		bad := func(context.Context, *db.Tx) error { return errors.New("no") }
		once := true
		again := func(context.Context, *db.Tx) error {
			if once {
				once = false
				return db.ErrRetry
			}
			return nil
		}
		for _, err := range []error{
			d.InTx(t.Context(), fine), d.Batch(t.Context(), fine), d.Batch(t.Context(), again),
			d.Snapshot(t.Context(), func(context.Context, db.Queryer) error { return nil }),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if d.InTx(t.Context(), bad) == nil {
			t.Fatal("the error was lost")
		}
		after, held := read(t, reg)
		got := map[string]float64{}
		for k, v := range after {
			if n := v - before[k]; n != 0 {
				got[k] = n
			}
		}
		want := map[string]float64{
			"governed committed": 1, "governed rolled_back": 1, "batch committed": 2, "batch retried": 1, "snapshot committed": 1, "retries": 1,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if held < 5 {
			t.Errorf("%d writing transactions were timed", held)
		}
	})
}

// read returns the counters of transactions and how many were timed.
func read(t *testing.T, reg *prometheus.Registry) (map[string]float64, uint64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out, held := map[string]float64{}, uint64(0)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "bailiwick_db_transactions_total":
				out[m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue()] = m.GetCounter().GetValue()
			case "bailiwick_db_retries_total":
				out["retries"] = m.GetCounter().GetValue()
			case "bailiwick_db_write_seconds":
				held = m.GetHistogram().GetSampleCount()
			}
		}
	}
	return out, held
}
