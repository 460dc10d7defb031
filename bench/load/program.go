// Package load runs programs beside each other and asks them over kept connections, as fast as they answer.
package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"time"

	"bailiwick/internal/clock"
)

const startWithin = 30 * time.Second

// Program is a server under load.
type Program struct {
	Addr string
	cmd  *exec.Cmd
}

// Start runs a program until it is ready: it answers 200 at the path probe, or, without one, takes connections at addr.
func Start(ctx context.Context, addr, probe string, env []string, path string, args ...string) (Program, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stderr, cmd.Env = os.Stderr, append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		return Program{}, err
	}
	p := Program{addr, cmd}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := clock.System().Add(startWithin); clock.System().Before(end); <-tick.C {
		if isReady(ctx, addr, probe) {
			return p, nil
		}
	}
	return p, errors.Join(fmt.Errorf("%s did not begin to answer", path), p.Stop())
}

func isReady(ctx context.Context, addr, probe string) bool {
	c, err := Dial(ctx, addr)
	if err != nil {
		return false
	}
	if probe != "" {
		var answers Answers
		if err = c.Send([]byte("GET " + probe + " HTTP/1.1\r\nHost: " + addr + "\r\n\r\n")); err == nil {
			_, err = answers.Next(c.In)
		}
	}
	return errors.Join(err, c.Close()) == nil
}

// Stop asks the program to end, and waits until it has.
func (p Program) Stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// FreeAddress is one at which nobody listens.
func FreeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// Median is the middle one of what was measured.
func Median(all []float64) float64 {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}

// Ratios are how many times as fast one was as another that had its turn in the same round: what else the machine did meanwhile
// befell both.
func Ratios(of, to []float64) []float64 {
	all := make([]float64, len(of))
	for i := range of {
		all[i] = of[i] / to[i]
	}
	return all
}
