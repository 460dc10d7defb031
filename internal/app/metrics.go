package app

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// MetricsHandler serves /metrics and the probes, for a listener of their own: nothing here asks who wants to know.
func (a *App) MetricsHandler() (http.Handler, error) {
	reg, err := a.Metrics()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	a.Web.Probes(mux)
	return mux, nil
}

// Metrics gathers what every part of the program measures.
func (a *App) Metrics() (*prometheus.Registry, error) {
	reg := prometheus.NewRegistry()
	for _, c := range a.Collectors() {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register a metric: %w", err)
		}
	}
	return reg, nil
}

// Collectors lists everything that is measured.
func (a *App) Collectors() []prometheus.Collector {
	all := []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo(), &stored{app: a},
	}
	for _, part := range [][]prometheus.Collector{a.DB.Metrics(), a.Web.Metrics(), a.Jobs.Metrics(), a.sender.Metrics(), a.Authn.Metrics(), a.check.Metrics(), a.Quota.Metrics()} {
		all = append(all, part...)
	}
	return all
}

// Version is what the build recorded about the program.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}

func buildInfo() prometheus.Collector {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "bailiwick_build_info", Help: "Always 1; the version stands in the label."}, []string{"version"})
	g.WithLabelValues(Version()).Set(1)
	return g
}

// stored is what only the database knows. It is asked when somebody reads the metrics, and not again for a while, so
// that many readers cost no more than one.
type stored struct {
	app  *App
	mu   sync.Mutex
	last []prometheus.Metric
	next time.Time
}

const (
	askEvery  = 10 * time.Second
	askWithin = 5 * time.Second
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// The numbers are gauges: each is what it is now.
var (
	descJobs     = describe("bailiwick_jobs", "Background jobs that have not ended well, by queue and state (ready, running, dead).", "queue", "state")
	descSessions = describe("bailiwick_sessions", "Browsers in which somebody is signed in.")
	descUnsealed = describe("bailiwick_audit_unsealed", "Audit events that are not sealed into their chain yet.")
	descWaiting  = describe("bailiwick_audit_unsealed_seconds", "How long the oldest unsealed audit event has waited.")
	descReady    = describe("bailiwick_ready", "1 when requests can be served.")
)

// Describe names the numbers.
func (s *stored) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descJobs, descSessions, descUnsealed, descWaiting, descReady} {
		out <- d
	}
}

// Collect asks for the numbers. Those that cannot be had are left out, so that an alert on their absence sees it.
func (s *stored) Collect(out chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	if now := s.app.clock(); !now.Before(s.next) {
		s.last, s.next = s.ask(ctx), now.Add(askEvery)
	}
	for _, m := range s.last {
		out <- m
	}
	out <- gauge(descReady, ready(s.app.Ready(ctx)))
}

func (s *stored) ask(ctx context.Context) (out []prometheus.Metric) {
	failed := func(what string, err error) bool {
		if err != nil {
			s.app.log.ErrorContext(ctx, "a metric could not be read", "metric", what, "error", err)
		}
		return err != nil
	}
	if waiting, err := s.app.Jobs.Waiting(ctx); !failed("jobs", err) {
		for _, w := range waiting {
			out = append(out, gauge(descJobs, float64(w.Jobs), string(w.Queue), w.State))
		}
	}
	if n, err := s.app.Authn.SessionCount(ctx); !failed("sessions", err) {
		out = append(out, gauge(descSessions, float64(n)))
	}
	if n, oldest, err := s.app.Log.Backlog(ctx); !failed("unsealed events", err) {
		out = append(out, gauge(descUnsealed, float64(n)), gauge(descWaiting, oldest.Seconds()))
	}
	return out
}

func gauge(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func ready(err error) float64 {
	if err != nil {
		return 0
	}
	return 1
}
