package stream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/clock"
)

// bounded is an answer that remembers its deadlines.
type bounded struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (w *bounded) SetReadDeadline(t time.Time) error  { w.read = t; return nil }
func (w *bounded) SetWriteDeadline(t time.Time) error { w.write = t; return nil }

func TestEachPartOfAnAnswerHasItsOwnTime(t *testing.T) {
	soon := clock.System().Add(time.Second)
	w := &bounded{httptest.NewRecorder(), soon, soon}
	to, err := To(w)
	if err != nil || !w.read.IsZero() {
		t.Fatalf("%v; the request may be read until %s", err, w.read)
	}
	for part := range 3 {
		w.write = soon
		if _, err := to.Write([]byte("part ")); err != nil || !w.write.After(soon) {
			t.Errorf("part %d: %v, may be written until %s", part, err, w.write)
		}
	}
	if err := to.Flush(); err != nil || w.Body.String() != "part part part " {
		t.Errorf("%v, %q", err, w.Body)
	}
}

// The deadlines of this server have passed before it answers; it still sends all, and the request is not taken for cancelled.
func TestAnAnswerOutlastsTheDeadlinesOfTheServer(t *testing.T) {
	long := strings.Repeat("a long answer ", 100_000)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to, err := To(w)
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := io.Copy(to, strings.NewReader(long)); err != nil || r.Context().Err() != nil {
			t.Errorf("%v, context %v", err, r.Context().Err())
		}
	}))
	srv.Config.WriteTimeout = time.Nanosecond
	srv.Start()
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if got, err := io.ReadAll(res.Body); err != nil || string(got) != long {
		t.Errorf("%d bytes of %d, %v", len(got), len(long), err)
	}
}
