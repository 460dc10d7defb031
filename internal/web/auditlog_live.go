package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/stream"
)

const (
	liveEvery = time.Second      // how often the log is looked at, and the rights of who watches
	liveBack  = 10 * time.Second // a write may commit this much after its instant
	liveFor   = 10 * time.Minute // then the browser connects again by itself
	liveMost  = 200              // streams at once
)

// eventStream is what browsers ask for in a stream, and what it is.
const eventStream = "text/event-stream"

// auditLive sends the rows of new events while the page is open, as server-sent events. Session and rights are checked
// before each look, so the stream ends with them (TEN05), and it does not keep the session alive.
func (s *Server) auditLive(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	if _, err := s.Trail.News(r.Context(), by, id, auditQuery(r.URL.Query()), s.Clock()); err != nil {
		return err
	}
	if r.Header.Get("Accept") != eventStream {
		return seeOther(w, r, accountPath(id, "/audit")) // opened by hand
	}
	select {
	case s.live <- struct{}{}:
		defer func() { <-s.live }()
	default:
		return errs.New(errs.Unavailable, "audit.live_full", "Refresh the page by hand. Too many people watch the log at the moment.")
	}
	h := w.Header()
	h.Set("Content-Type", eventStream)
	h.Set("X-Accel-Buffering", "no")
	to, err := stream.To(w)
	if err != nil {
		return err
	}
	t := tail{s: s, r: r, account: id, told: map[ids.Event]time.Time{}, to: to}
	if err := t.send("open", ""); err != nil {
		return nil // the browser went away
	}
	t.follow()
	return nil
}

// tail is one stream.
type tail struct {
	s       *Server
	r       *http.Request
	account ids.Account
	told    map[ids.Event]time.Time // events sent, until they are too old to be found again
	to      *stream.Writer
}

func (t *tail) follow() {
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	end := time.NewTimer(liveFor)
	defer end.Stop()
	for {
		select {
		case <-t.r.Context().Done():
			return
		case <-t.s.stopping:
			return
		case <-end.C:
			return
		case <-tick.C:
			if err := t.look(); err != nil {
				if kind := errs.KindOf(err); kind == errs.Unauthenticated || kind == errs.Denied || kind == errs.NotFound {
					_ = t.send("end", "") //nolint:errcheck // the browser must not connect again; it may have gone away
				}
				return
			}
		}
	}
}

// look sends what is new, oldest first.
func (t *tail) look() error {
	who, err := t.s.Authn.Watching(t.r.Context(), t.s.client(t.r))
	if err != nil {
		return err
	}
	from := t.s.Clock().Add(-liveBack) // the page leaves out the rows that it has
	news, err := t.s.Trail.News(t.r.Context(), who.Actor, t.account, auditQuery(t.r.URL.Query()), from)
	if err != nil {
		return err
	}
	p := i18n.From(t.r.Context())
	a := auditAddressOf(t.r, t.account)
	for _, e := range news {
		if _, known := t.told[e.ID]; known {
			continue
		}
		t.told[e.ID] = e.At
		row := auditRow(p, e)
		row.Href = a.with("event", string(e.ID))
		var b bytes.Buffer
		if err := row.Render(t.r.Context(), &b); err != nil {
			return fmt.Errorf("render a row of the log: %w", err)
		}
		if err := t.send("event", b.String()); err != nil {
			return err
		}
	}
	for id, at := range t.told {
		if at.Before(from) {
			delete(t.told, id)
		}
	}
	return nil
}

// send writes one message of the stream (WHATWG HTML, section 9.2.6).
func (t *tail) send(kind, data string) error {
	if _, err := fmt.Fprintf(t.to, "event: %s\ndata: %s\n\n", kind, strings.ReplaceAll(data, "\n", "\ndata: ")); err != nil {
		return fmt.Errorf("send a message: %w", err)
	}
	if err := t.to.Flush(); err != nil {
		return fmt.Errorf("send a message: %w", err)
	}
	return nil
}

// Stop ends the streams, so that a shutdown need not wait for them. It may be called once.
func (s *Server) Stop() { close(s.stopping) }
