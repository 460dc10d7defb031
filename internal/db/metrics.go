package db

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// kind is a sort of transaction, as operators see it.
type kind string

const (
	governed kind = "governed" // InTx
	batch    kind = "batch"    // Batch
	snapshot kind = "snapshot" // Snapshot

	checkpoint kind = "checkpoint" // the end of Checkpoint, while nobody writes
	merging    kind = "merge"      // a step of Merge
)

// metrics is what a DB measures of itself.
type metrics struct {
	ended   *prometheus.CounterVec
	retries prometheus.Counter
	held    prometheus.Histogram
}

func newMetrics() metrics {
	return metrics{
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bailiwick_db_transactions_total", Help: "Transactions that ended, by kind and result.",
		}, []string{"kind", "result"}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bailiwick_db_retries_total", Help: "Transactions that were begun again because they met others.",
		}),
		held: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bailiwick_db_write_seconds", Help: "How long writing transactions took from begin to end. On SQLite all others wait for that long.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .02, .05, .1, .25, 1, 5},
		}),
	}
}

// Metrics lists what the database measures of itself.
func (d *DB) Metrics() []prometheus.Collector {
	all := []prometheus.Collector{d.metrics.ended, d.metrics.retries, d.metrics.held, collectors.NewDBStatsCollector(d.write, "write")}
	if d.read != d.write {
		all = append(all, collectors.NewDBStatsCollector(d.read, "read"))
	}
	if d.keyed != d.read {
		all = append(all, collectors.NewDBStatsCollector(d.keyed, "keyed"))
	}
	return all
}

// note counts a transaction that ended with err after it had held its connection for so long.
func (m metrics) note(k kind, held time.Duration, err error) {
	result := "committed"
	switch {
	case errors.Is(err, ErrRetry):
		result = "retried"
	case err != nil:
		result = "rolled_back"
	}
	m.ended.WithLabelValues(string(k), result).Inc()
	if k != snapshot {
		m.held.Observe(held.Seconds())
	}
}
