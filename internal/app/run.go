package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of one connection. A page is small; what takes longer is a job.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 60 * time.Second
	writeTimeout  = 120 * time.Second
	idleTimeout   = 120 * time.Second
	maxHeader     = 32 << 10
)

// How the program stops: connections that wait for another request are told to close with their next answer, and
// after lingerFor at the latest; requests under way have stopWithin to end.
const (
	lingerFor   = time.Second
	lookAgainIn = 10 * time.Millisecond
	stopWithin  = 15 * time.Second
)

// Listeners are the sockets that the process has opened for the program. Those that are nil are not served.
type Listeners struct {
	Portal   net.Listener
	Metrics  net.Listener
	Redirect net.Listener // sends people on to HTTPS

	Certificates Certificates     // nil: the portal speaks plain HTTP
	Hangup       <-chan os.Signal // asks to read the certificates and the master keys again
	Serving      func()           // called when the portal is about to answer, nil: nobody wants to know
}

// Close closes those that are open.
func (on Listeners) Close() error {
	var failed []error
	for _, ln := range []net.Listener{on.Portal, on.Metrics, on.Redirect} {
		if ln != nil {
			failed = append(failed, ln.Close())
		}
	}
	return errors.Join(failed...)
}

// Run serves until ctx ends. Then it says that it is not ready, finishes the requests and jobs under way or hands the
// jobs back, and last seals what they recorded.
func (a *App) Run(ctx context.Context, on Listeners) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWriting()
	front, log := parts{stop: stop}, parts{stop: stop}
	front.start("portal", func() error { return a.portal(ctx, on) })
	front.start("jobs", func() error { return a.Jobs.Run(ctx) })
	log.start("news", func() error { return a.News.Run(writing, a.cfg.DatabaseListen.Reveal()) })
	log.start("database", func() error { return a.DB.Checkpoint(writing, a.log) })
	log.start("search", func() error { return a.DB.Merge(writing, a.log, "client_search") })
	log.start("quotas", func() error { return a.Quota.Run(writing) })
	log.start("event log", func() error { return a.Log.Run(writing) })
	if on.Metrics != nil {
		log.start("metrics", func() error { return a.metrics(writing, on.Metrics) })
	}
	if on.Redirect != nil {
		log.start("redirect", func() error { return serve(writing, a.server(a.redirect(on.Certificates)), on.Redirect, nil) })
	}
	forKeys, forCertificates := make(chan os.Signal, 1), make(chan os.Signal, 1)
	log.start("hangups", func() error { return pass(writing, on.Hangup, forKeys, forCertificates) })
	log.start("master keys", func() error { return a.MasterKeys.Run(writing, forKeys) })
	if on.Certificates != nil {
		log.start("certificates", func() error { return on.Certificates.Run(writing, forCertificates) })
	}
	err := front.wait()
	stopWriting()
	return errors.Join(err, log.wait())
}

// pass hands each signal on to everybody, until ctx ends. Who has one to come gets no second one.
func pass(ctx context.Context, from <-chan os.Signal, to ...chan<- os.Signal) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-from:
			for _, ch := range to {
				select {
				case ch <- s:
				default:
				}
			}
		}
	}
}

// parts run side by side. When one ends, the program stops.
type parts struct {
	stop func()
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func (p *parts) start(what string, fn func() error) {
	p.wg.Go(func() {
		defer p.stop()
		if err := fn(); err != nil && !errors.Is(err, context.Canceled) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.errs = append(p.errs, fmt.Errorf("%s: %w", what, err))
		}
	})
}

func (p *parts) wait() error {
	p.wg.Wait()
	return errors.Join(p.errs...)
}

var errStopping = errors.New("the program is about to stop")

// Ready reports whether requests can be served: not while the program stops.
func (a *App) Ready(ctx context.Context) error {
	if a.stopping.Load() {
		return errStopping
	}
	return a.DB.Ready(ctx)
}

func (a *App) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelInfo),
	}
}

// portal serves until ctx ends and everybody who was connected has an answer.
func (a *App) portal(ctx context.Context, on Listeners) error {
	var open connections
	srv := a.server(open.closing(a.Web.Handler()))
	srv.ConnState = open.changed
	srv.RegisterOnShutdown(a.Web.Stop)
	if on.Certificates != nil {
		srv.TLSConfig = on.Certificates.Config()
	}
	if on.Serving != nil {
		on.Serving()
	}
	return serve(ctx, srv, on.Portal, func() {
		a.stopping.Store(true)
		a.log.InfoContext(ctx, "stopping")
		pause(a.cfg.StopDelay, func() bool { return false })
		open.told.Store(true)
		if err := on.Portal.Close(); err != nil { // who is not connected yet would keep the others from ending
			a.log.WarnContext(ctx, "the listener does not close", "error", err)
		}
		pause(lingerFor, func() bool { return open.count.Load() == 0 })
	})
}

func (a *App) metrics(ctx context.Context, ln net.Listener) error {
	h, err := a.MetricsHandler()
	if err != nil {
		return err
	}
	return serve(ctx, a.server(h), ln, nil)
}

// serve answers on ln. When ctx ends it calls before, if there is one, and then lets the requests under way end.
func serve(ctx context.Context, srv *http.Server, ln net.Listener, before func()) error {
	stopped := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		<-ctx.Done()
		if before != nil {
			before()
		}
		end, done := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer done()
		err := srv.Shutdown(end)
		if err != nil {
			err = errors.Join(fmt.Errorf("requests were cut off: %w", err), srv.Close())
		}
		stopped <- err
	}()
	err := accept(srv, ln)
	cancel()
	if !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return <-stopped
}

func accept(srv *http.Server, ln net.Listener) error {
	if srv.TLSConfig != nil {
		return srv.ServeTLS(ln, "", "")
	}
	return srv.Serve(ln)
}

// connections are those that clients hold open.
type connections struct {
	count atomic.Int64
	told  atomic.Bool // each answer asks the client to close its connection
}

func (c *connections) changed(_ net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		c.count.Add(1)
	case http.StateClosed, http.StateHijacked:
		c.count.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}

// closing asks clients to close their connections once told. Closing an idle one unasked could meet a request that is
// on its way (RFC 9112, section 9.6).
func (c *connections) closing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.told.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// pause waits for so long, or until enough says so.
func pause(most time.Duration, enough func() bool) {
	end := time.NewTimer(most)
	defer end.Stop()
	look := time.NewTicker(lookAgainIn)
	defer look.Stop()
	for !enough() {
		select {
		case <-end.C:
			return
		case <-look.C:
		}
	}
}
