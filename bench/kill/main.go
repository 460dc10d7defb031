// Command kill ends the real program without warning, again and again, while programs create and edit clients through
// its API, and starts it anew. Then every write that was acknowledged must be there, once, and every chain of the log must
// verify. Usage: kill BINARY DATA-DIRECTORY.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

const (
	rounds  = 12
	workers = 6
	// A round begins when the program is ready and ends without warning after this much and up to as much again.
	shortest = 500 * time.Millisecond
	startIn  = 30 * time.Second
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: kill BINARY DATA-DIRECTORY")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "kill:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary, data string) error {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	site, err := prepare(ctx, data)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	all := make([]*worker, workers)
	for i := range all {
		all[i] = &worker{site: site, n: i}
	}
	for i := range rounds {
		if err := round(ctx, binary, site, all); err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
		fmt.Printf("round %d: %d writes acknowledged so far\n", i+1, acknowledged(all))
	}
	lost, err := verify(ctx, binary, site, all)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	faults, err := chainErrors(ctx, data)
	if err != nil {
		return fmt.Errorf("verify the log: %w", err)
	}
	fmt.Printf("rounds=%d lost=%d chain_errors=%d\n", rounds, lost, faults)
	if lost+faults > 0 || acknowledged(all) < rounds {
		return errors.New("the program does not keep what it acknowledges, or nothing was written")
	}
	return nil
}

// round starts the program, lets the workers write, and kills it in the middle of it.
func round(ctx context.Context, binary string, site *site, all []*worker) error {
	stop, err := site.start(ctx, binary)
	if err != nil {
		return err
	}
	working, end := context.WithCancel(ctx)
	defer end()
	var wg sync.WaitGroup
	failed := make(chan error, len(all))
	for _, w := range all {
		wg.Go(func() {
			if err := w.work(working); err != nil {
				failed <- err
			}
		})
	}
	life := time.NewTimer(shortest + rand.N(shortest))
	defer life.Stop()
	select {
	case <-life.C:
	case err = <-failed:
	}
	killed := stop(os.Kill)
	end()
	wg.Wait()
	return errors.Join(err, killed)
}

// site is where the program runs and with what.
type site struct {
	addr, data string
	parent     string // the account that the clients are made under
	key        string
	http       *http.Client
}

// start runs the program until stop is called with a signal, and returns when it is ready.
func (s *site) start(ctx context.Context, binary string) (stop func(os.Signal) error, err error) {
	cmd := exec.CommandContext(ctx, binary, "serve", "--listen", s.addr, "--data", s.data)
	cmd.Env = append(os.Environ(), "BAILIWICK_API_REQUESTS_PER_MINUTE=0", "BAILIWICK_LOG_LEVEL=warn")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func(sig os.Signal) error {
		if err := cmd.Process.Signal(sig); err != nil {
			return err
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
			return err
		}
		s.http.CloseIdleConnections()
		return nil
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, stop(os.Kill))
	}
	return stop, nil
}

func (s *site) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startIn)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if status, _, _, err := s.ask(ctx, http.MethodGet, "/healthz", nil); err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the program does not start: %w", ctx.Err())
		}
	}
}

// ask sends a request with the key. headers are names and values in turn.
func (s *site) ask(ctx context.Context, method, path string, body io.Reader, headers ...string) (status int, answer []byte, head http.Header, err error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, body)
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.http.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, res.Header, errors.Join(err, res.Body.Close())
}
