// Command start measures how soon the program serves its first page from an existing database, what it
// holds in memory when idle, and how large it is. Usage: start BINARY DATA-DIRECTORY.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"bailiwick/bench/load"
	"bailiwick/internal/clock"
)

const rounds = 5

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: start BINARY DATA-DIRECTORY")
		os.Exit(2)
	}
	if err := measure(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, binary, data string) error {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	size, err := os.Stat(binary)
	if err != nil {
		return err
	}
	var cold []float64
	var idle float64
	for i := range rounds + 1 { // the first round makes the database
		ms, mb, err := once(ctx, binary, data)
		if err != nil {
			return err
		}
		if i > 0 {
			cold = append(cold, ms)
			idle = max(idle, mb)
			fmt.Printf("round %d: first page after %.0f ms, %.1f MB resident\n", i, ms, mb)
		}
	}
	slices.Sort(cold)
	fmt.Printf("cold_ms=%.0f idle_mb=%.1f binary_mb=%.1f\n", cold[len(cold)/2], idle, float64(size.Size())/1e6)
	return nil
}

// once starts the program, waits for its sign-in page, and stops it.
func once(ctx context.Context, binary, data string) (ms, residentMB float64, err error) {
	addr, err := load.FreeAddress(ctx)
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, binary, "serve", "--listen", addr, "--data", data)
	cmd.Stderr = os.Stderr
	began := clock.System()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, cmd.Process.Signal(os.Interrupt), ignoreExit(cmd.Wait())) }()
	if err := firstPage(ctx, "http://"+addr+"/sign-in"); err != nil {
		return 0, 0, err
	}
	ms = float64(clock.System().Sub(began).Microseconds()) / 1000
	residentMB, err = resident(cmd.Process.Pid)
	return ms, residentMB, err
}

func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

func firstPage(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode < http.StatusInternalServerError {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("no page from %s: %w", url, ctx.Err())
		}
	}
}

// resident reads VmRSS of a process in MB (proc(5)).
func resident(pid int) (float64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	for in := bufio.NewScanner(f); in.Scan(); {
		if rest, ok := strings.CutPrefix(in.Text(), "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kb) / 1024, err
		}
	}
	return 0, errors.New("VmRSS is not in /proc")
}
