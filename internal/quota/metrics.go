package quota

import "github.com/prometheus/client_golang/prometheus"

// metrics is what an Engine measures of itself.
type metrics struct {
	decisions *prometheus.CounterVec
	refusals  *prometheus.CounterVec
	together  prometheus.Histogram
	leases    prometheus.Gauge
	keys      prometheus.Gauge
}

func newMetrics() metrics {
	return metrics{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bailiwick_quota_decisions_total", Help: "Requests for units that were answered, by result.",
		}, []string{"result"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bailiwick_quota_refusals_total", Help: "Requests for units that were refused, by the kind of the layer that refused and the window.",
		}, []string{"layer", "window"}),
		together: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bailiwick_quota_group_size", Help: "How many requests for units were written in one transaction.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096},
		}),
		leases: prometheus.NewGauge(prometheus.GaugeOpts{Name: "bailiwick_quota_leases", Help: "Blocks of units that this node has taken out of the ledger and that have not returned."}),
		keys:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "bailiwick_quota_keys", Help: "Keys of requests that this node remembers."}),
	}
}

// remember tells how much a node knows of the log.
func (m metrics) remember(b *logbook) {
	m.leases.Set(float64(len(b.live)))
	m.keys.Set(float64(b.keys.size()))
}

// Metrics lists what the engine measures of itself.
func (e *Engine) Metrics() []prometheus.Collector {
	m := e.metrics
	return []prometheus.Collector{m.decisions, m.refusals, m.together, m.leases, m.keys}
}

// note counts what became of the items of a batch.
func (m metrics) note(items []*item) {
	if len(items) > 0 {
		m.together.Observe(float64(len(items)))
	}
	var promised, replayed, lapsed, failed int
	for _, it := range items {
		switch {
		case it.err != nil:
			failed++
		case it.lapsed != nil:
			lapsed++
		case it.replay != nil:
			replayed++
		case it.refused == nil:
			promised++
		default:
			b := it.refused.Binding
			kind := Kind("unknown")
			if b.Layer >= 0 {
				kind = it.ticket.path.layers[b.Layer].Kind
			}
			m.refusals.WithLabelValues(string(kind), b.Window.String()).Inc()
			m.decisions.WithLabelValues("refused").Inc()
		}
	}
	for result, n := range map[string]int{"promised": promised, "replayed": replayed, "lapsed": lapsed, "failed": failed} {
		if n > 0 {
			m.decisions.WithLabelValues(result).Add(float64(n))
		}
	}
}
