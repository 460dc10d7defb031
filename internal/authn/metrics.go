package authn

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"bailiwick/internal/errs"
)

// What is asked for at sign-in.
const (
	stepPassword = "password"
	stepCode     = "code"
)

func newSignIns() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bailiwick_sign_ins_total", Help: "Attempts to sign in, by step (password, code) and result (right, wrong, too_many, error).",
	}, []string{"step", "result"})
}

// Metrics lists what the service measures of itself.
func (s *Service) Metrics() []prometheus.Collector { return []prometheus.Collector{s.signIns} }

func (s *Service) counted(step string, err error) {
	result := "error"
	switch code := errs.CodeOf(err); {
	case err == nil:
		result = "right"
	case code == "auth.wrong" || code == codeWrong:
		result = "wrong"
	case code == "auth.too_many_attempts":
		result = "too_many"
	}
	s.signIns.WithLabelValues(step, result).Inc()
}

// SessionCount is how many people are signed in at this moment, each counted once for each browser.
func (s *Service) SessionCount(ctx context.Context) (int, error) {
	n, err := countSessions(ctx, s.db, s.db.Now())
	if err != nil {
		return 0, fmt.Errorf("count sessions: %w", err)
	}
	return n, nil
}
