package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	stdslices "slices"
	"strconv"
	"sync"
	"time"

	"bailiwick/internal/clock"
	"bailiwick/internal/secret"
)

const (
	connections = 64
	inBatch     = 100
	startWithin = 20 * time.Second
)

func median(all []float64) float64 {
	stdslices.Sort(all)
	return all[len(all)/2]
}

// program is a server under load.
type program struct {
	cmd  *exec.Cmd
	addr string
}

func (p program) stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := p.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// start runs a program until it takes connections.
func start(ctx context.Context, addr string, env []string, path string, args ...string) (program, error) {
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // programs that the caller names
	cmd.Stderr, cmd.Env = os.Stderr, append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		return program{}, err
	}
	p := program{cmd, addr}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var d net.Dialer
	for end := clock.System().Add(startWithin); clock.System().Before(end); <-tick.C {
		if conn, err := d.DialContext(ctx, "tcp", addr); err == nil {
			return p, conn.Close()
		}
	}
	return p, errors.Join(fmt.Errorf("%s did not begin to answer", path), p.stop())
}

func freeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// load asks over some connections for a while, and returns answers in a second.
func load(ctx context.Context, addr string, n int, request func(conn, i int) []byte, read func(*bufio.Reader) error) (float64, error) {
	var wg sync.WaitGroup
	counts, failed := make([]int, n), make([]error, n)
	took := clock.Stopwatch()
	for c := range n {
		wg.Go(func() {
			var d net.Dialer
			conn, err := d.DialContext(ctx, "tcp", addr)
			if err != nil {
				failed[c] = err
				return
			}
			in := bufio.NewReaderSize(conn, 64<<10)
			for i := 0; took() < lookFor && err == nil; i++ {
				if _, err = conn.Write(request(c, i)); err == nil {
					err = read(in)
				}
				counts[c]++
			}
			failed[c] = errors.Join(err, conn.Close())
		})
	}
	wg.Wait()
	took2 := took()
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return float64(sum) / took2.Seconds(), errors.Join(failed...)
}

// script keeps nine counters: it looks at all, and counts if none would exceed its limit.
const script = `for i = 1, #KEYS do local v = tonumber(redis.call('GET', KEYS[i]) or '0'); if v + tonumber(ARGV[1]) > tonumber(ARGV[1 + i]) then return i end end
for i = 1, #KEYS do redis.call('INCRBY', KEYS[i], ARGV[1]) end
return 0`

func startRedis(ctx context.Context, path string) (program, error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return program{}, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return program{}, err
	}
	return start(ctx, addr, nil, path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "warning", "--daemonize", "no")
}

func (p program) load(ctx context.Context) (float64, error) {
	return load(ctx, p.addr, connections, func(conn, i int) []byte {
		c := (conn*7919 + i) % customers
		args := []string{"EVAL", script, "9"}
		for _, layer := range []string{fmt.Sprint("c", c), "r", "p"} {
			for _, w := range []string{"h", "d", "m"} {
				args = append(args, layer+":"+w)
			}
		}
		args = append(args, "1")
		for range 9 {
			args = append(args, "1000000000000000")
		}
		out := fmt.Appendf(nil, "*%d\r\n", len(args))
		for _, a := range args {
			out = fmt.Appendf(out, "$%d\r\n%s\r\n", len(a), a)
		}
		return out
	}, func(in *bufio.Reader) error {
		line, err := in.ReadString('\n')
		if err == nil && line != ":0\r\n" {
			err = fmt.Errorf("redis says %q", line)
		}
		return err
	})
}

// overHTTP serves what was filled into dir, and reserves singly and in batches.
func overHTTP(ctx context.Context, ours, dir string, key secret.String) (single, batch float64, err error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return 0, 0, err
	}
	p, err := start(ctx, addr, []string{"BAILIWICK_API_REQUESTS_PER_MINUTE=0"}, ours, "serve", "--listen", addr, "--data", dir, "--log-level", "warn")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	request := func(body []byte) []byte {
		return append(fmt.Appendf(nil, "POST /api/v1/quota/reserve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", key.Reveal(), len(body)), body...)
	}
	one := func(run string, conn, i, j int) []byte {
		return fmt.Appendf(nil, `{"key": "%s-%d-%d-%d", "account": "%s", "channel": "email", "recipients": 1}`, run, conn, i, j, customer("hot", (conn*7919+i*31+j)%500))
	}
	all := func(run string) func(conn, i int) []byte {
		return func(conn, i int) []byte {
			body := []byte(`{"reserves": [`)
			for j := range inBatch {
				if j > 0 {
					body = append(body, ',')
				}
				body = append(body, one(run, conn, i, j)...)
			}
			return request(append(body, "]}"...))
		}
	}
	alone := func(run string) func(conn, i int) []byte {
		return func(conn, i int) []byte { return request(one(run, conn, i, 0)) }
	}
	if _, err := load(ctx, addr, connections, alone("warm"), allowed(1)); err != nil {
		return 0, 0, err
	}
	if single, err = load(ctx, addr, connections, alone("single"), allowed(1)); err != nil {
		return 0, 0, err
	}
	batch, err = load(ctx, addr, 4, all("batch"), allowed(inBatch))
	return single, batch * inBatch, err
}

// allowed reads an answer in which so many were allowed.
func allowed(n int) func(*bufio.Reader) error {
	return func(in *bufio.Reader) error {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			return err
		}
		if got := bytes.Count(body, []byte(`"allowed":true`)); res.StatusCode != http.StatusOK || got != n {
			return errors.New("status " + strconv.Itoa(res.StatusCode) + ": " + string(body[:min(len(body), 300)]))
		}
		return nil
	}
}
