package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
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
	batchers    = 16 // connections that send batches
	inBatch     = 100
	lookFor     = 2 * time.Second
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

// load asks over some connections for a while, and returns answers in a second. What it does itself for a request is as little as
// can be, since it takes the same processors. request writes one into memory that is used again; read reads its answer.
func load(ctx context.Context, addr string, n int, lasts time.Duration, request func(to []byte, conn, i int) []byte, read func(*bufio.Reader) error) (float64, error) {
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
			var text []byte
			for i := 0; took() < lasts && err == nil; i++ {
				text = request(text[:0], c, i)
				if _, err = conn.Write(text); err == nil {
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
	const senders = 500
	var accounts [senders]string
	for i := range accounts {
		accounts[i] = string(customer("hot", i))
	}
	head := "POST /api/v1/quota/reserve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key.Reveal() + "\r\nContent-Type: application/json\r\nContent-Length: "
	one := func(to []byte, run byte, conn, i, j int) []byte {
		to = append(append(to, `{"key":"`...), run, '-')
		to = strconv.AppendInt(to, int64(conn), 10)
		to = strconv.AppendInt(append(to, '-'), int64(i), 10)
		to = strconv.AppendInt(append(to, '-'), int64(j), 10)
		to = append(append(to, `","account":"`...), accounts[(conn*7919+i*31+j)%senders]...)
		return append(to, `","channel":"email","recipients":1}`...)
	}
	request := func(to []byte, body func([]byte) []byte) []byte {
		to = append(to, head...)
		at := len(to)
		to = body(append(to, "00000\r\n\r\n"...)) // five digits for the length
		n := len(to) - at - 9
		for i := 4; i >= 0; i, n = i-1, n/10 {
			to[at+i] = byte('0' + n%10)
		}
		return to
	}
	alone := func(run byte) func(to []byte, conn, i int) []byte {
		return func(to []byte, conn, i int) []byte {
			return request(to, func(to []byte) []byte { return one(to, run, conn, i, 0) })
		}
	}
	all := func(to []byte, conn, i int) []byte {
		return request(to, func(to []byte) []byte {
			to = append(to, `{"reserves":[`...)
			for j := range inBatch {
				to = append(one(to, 'b', conn, i, j), ',')
			}
			return append(to[:len(to)-1], "]}"...)
		})
	}
	if _, err := load(ctx, addr, connections, time.Second, alone('w'), allowed(1)); err != nil {
		return 0, 0, err
	}
	if single, err = load(ctx, addr, connections, lookFor, alone('s'), allowed(1)); err != nil {
		return 0, 0, err
	}
	batch, err = load(ctx, addr, batchers, lookFor, all, allowed(inBatch))
	return single, batch * inBatch, err
}

var (
	lengthIs = []byte("Content-Length: ")
	yes      = []byte(`"allowed":true`)
)

// allowed reads an answer in which so many were allowed.
func allowed(n int) func(*bufio.Reader) error {
	return func(in *bufio.Reader) error {
		length := 0
		status, err := in.ReadSlice('\n')
		ok := bytes.HasPrefix(status, []byte("HTTP/1.1 200 "))
		for err == nil {
			var line []byte
			if line, err = in.ReadSlice('\n'); len(line) <= 2 {
				break
			}
			if digits, found := bytes.CutPrefix(line, lengthIs); found {
				for _, d := range bytes.TrimSpace(digits) {
					length = 10*length + int(d-'0')
				}
			}
		}
		if err != nil {
			return err
		}
		body, err := in.Peek(length)
		if err != nil {
			return err
		}
		if got := bytes.Count(body, yes); !ok || got != n {
			return fmt.Errorf("%d of %d were allowed: %s", got, n, body[:min(len(body), 300)])
		}
		_, err = in.Discard(length)
		return err
	}
}
