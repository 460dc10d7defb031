package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of one connection. A page is small; what takes longer is a job.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 60 * time.Second
	writeTimeout  = 120 * time.Second
	idleTimeout   = 120 * time.Second
	maxHeader     = 32 << 10
	stopWithin    = 15 * time.Second
)

// Run serves the portal on ln and works through jobs until ctx ends. Requests under way are finished first.
func (a *App) Run(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{
		Handler: a.Web.Handler(), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var results []error
	start := func(what string, fn func() error) {
		wg.Go(func() {
			err := fn()
			stop() // when one part ends, so do the others
			if err != nil && !errors.Is(err, context.Canceled) {
				mu.Lock()
				results = append(results, fmt.Errorf("%s: %w", what, err))
				mu.Unlock()
			}
		})
	}
	start("portal", func() error {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	start("news", func() error { return a.News.Run(ctx) })
	start("event log", func() error { return a.Log.Run(ctx) })
	start("jobs", func() error { return a.Jobs.Run(ctx) })
	start("shutdown", func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		return srv.Shutdown(end)
	})
	wg.Wait()
	return errors.Join(results...)
}
