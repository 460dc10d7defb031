package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
)

// scrape reads the listener for metrics as Prometheus does.
func scrape(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return rec.Code, rec.Body.String()
}

func TestTEN08TheMetricsListenerTellsNumbersAndNothingElse(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		acme := w.Client(w.Platform, "Acme Canary Limited")
		w.Member(acme, "canary@acme.example", apptest.As(authz.Owner))
		amara := w.SignIn("canary@acme.example")
		amara.Get("/a/" + string(acme) + "/home?canaryquery=1")
		amara.Get("/a/" + string(acme) + "/users/canarypath")
		amara.Get("/canarypath")
		w.Stranger().Get("/reset/canarytoken")
		w.Stranger().Post("/sign-in", "login", "canary@acme.example", "password", "wrong wrong wrong wrong")
		if _, err := w.Log.SealOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		h, err := w.MetricsHandler()
		if err != nil {
			t.Fatal(err)
		}
		status, text := scrape(t, h, "/metrics")
		for _, want := range []string{
			`bailiwick_http_requests_total{route="GET /a/{account}/home",status="200"} 1`,
			`bailiwick_http_requests_total{route="GET /a/{account}/users/{membership}",status="404"} 1`,
			`bailiwick_http_requests_total{route="/",status="404"} 1`,
			`bailiwick_sign_ins_total{result="wrong",step="password"} 1`,
			`bailiwick_sign_ins_total{result="right",step="password"} 2`,
			"bailiwick_sessions 3", "bailiwick_audit_unsealed 0", `bailiwick_access_decisions_total{answered="database"}`, "bailiwick_ready 1", "go_goroutines ", "bailiwick_build_info{version=",
			`bailiwick_db_transactions_total{kind="governed",result="committed"}`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the metrics do not say %s", want)
			}
		}
		for _, secret := range []string{"anary", string(acme), string(w.Platform), "halyard.example"} {
			if status != http.StatusOK || strings.Contains(text, secret) {
				t.Errorf("%d: the metrics show %q", status, secret)
			}
		}
		for _, r := range w.Web.Routes() {
			method, path, _ := strings.Cut(r.Pattern, " ")
			if status, _ := scrape(t, h, strings.NewReplacer("{$}", "", "{account}", string(acme)).Replace(path)); status == http.StatusOK && !slices.Contains([]string{"/healthz", "/readyz"}, path) {
				t.Errorf("the metrics listener serves %s %s", method, path)
			}
		}
	})
}

func TestAClosedDatabaseMakesNotReadyAndStillMetrics(t *testing.T) {
	w := apptest.OnSQLite(t)
	h, err := w.MetricsHandler()
	if err != nil {
		t.Fatal(err)
	}
	if status, body := scrape(t, h, "/readyz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("ready: %d %s", status, body)
	}
	if err := w.App.Close(); err != nil {
		t.Fatal(err)
	}
	if status, body := scrape(t, h, "/readyz"); status != http.StatusServiceUnavailable || body != "unavailable\n" {
		t.Errorf("without a database: %d %s", status, body)
	}
	if status, _ := scrape(t, h, "/healthz"); status != http.StatusOK {
		t.Errorf("alive without a database: %d", status)
	}
	if status, text := scrape(t, h, "/metrics"); status != http.StatusOK || !strings.Contains(text, "bailiwick_ready 0") || strings.Contains(text, "bailiwick_sessions") {
		t.Errorf("metrics without a database: %d %s", status, text)
	}
}

var (
	fqName = regexp.MustCompile(`fqName: "([a-z0-9_]+)"`)
	metric = regexp.MustCompile(`\b(?:bailiwick|go|process)_[a-z0-9_]+\b`)
	series = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// TestDashboardAndAlertsAskForWhatIsMeasured keeps both ways in step: a query for a metric that does not exist shows
// an empty panel, and a metric that nobody asks for is not seen.
func TestDashboardAndAlertsAskForWhatIsMeasured(t *testing.T) {
	w := apptest.OnSQLite(t)
	measured := map[string]bool{}
	for _, c := range w.Collectors() {
		out := make(chan *prometheus.Desc)
		go func() {
			defer close(out)
			c.Describe(out)
		}()
		for d := range out {
			measured[fqName.FindStringSubmatch(d.String())[1]] = true
		}
	}
	text, err := os.ReadFile("../../integrations/grafana/bailiwick.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			for _, name := range metric.FindAllString(q.Expr, -1) {
				asked[series.ReplaceAllString(name, "")] = true
				if !measured[series.ReplaceAllString(name, "")] {
					t.Errorf("panel %q asks for %s, which is not measured", p.Title, name)
				}
			}
		}
	}
	rules, err := os.ReadFile("../../integrations/prometheus/bailiwick-rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(rules), "\n") {
		if expr, found := strings.CutPrefix(strings.TrimSpace(line), "expr: "); found {
			for _, name := range metric.FindAllString(expr, -1) {
				if !measured[series.ReplaceAllString(name, "")] {
					t.Errorf("an alert asks for %s, which is not measured", name)
				}
			}
		}
	}
	var unseen []string
	for name := range measured {
		if strings.HasPrefix(name, "bailiwick_") && !asked[name] {
			unseen = append(unseen, name)
		}
	}
	slices.Sort(unseen)
	if diff := cmp.Diff([]string(nil), unseen); diff != "" {
		t.Errorf("no panel shows what is measured:\n%s", diff)
	}
}
