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
	connections = 256 // of each kind of request, to ours and to Redis
	inBatch     = 100
	rounds      = 5 // in which each of them has a turn
	turnFor     = time.Second
	startWithin = 20 * time.Second
)

func median(all []float64) float64 {
	return stdslices.Sorted(stdslices.Values(all))[len(all)/2]
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

// turn asks one kind of question for a while, and returns answers in a second.
type turn func(ctx context.Context, lasts time.Duration) (float64, error)

// inTurns has each turn some rounds, so that what else the machine does befalls all, and returns the rates of each. A short round
// before them warms all and does not count.
func inTurns(ctx context.Context, all ...turn) ([][]float64, error) {
	rates := make([][]float64, len(all))
	for r := range rounds + 1 {
		for i, ask := range all {
			rate, err := ask(ctx, turnFor)
			if err != nil {
				return nil, err
			}
			if r > 0 {
				rates[i] = append(rates[i], rate)
			}
		}
	}
	return rates, nil
}

// ratio is the median of how many times as fast one was as another that had its turn in the same round.
func ratio(of, to []float64) float64 {
	all := make([]float64, len(of))
	for i := range of {
		all[i] = of[i] / to[i]
	}
	return median(all)
}

// serveReserves serves what was filled into dir. Its turns reserve singly and in batches.
func serveReserves(ctx context.Context, ours, dir string, key secret.String) (p program, single, batch turn, err error) {
	addr, err := freeAddress(ctx)
	if err != nil {
		return p, nil, nil, err
	}
	p, err = start(ctx, addr, []string{"BAILIWICK_API_REQUESTS_PER_MINUTE=0"}, ours, "serve", "--listen", addr, "--data", dir, "--log-level", "warn")
	if err != nil {
		return p, nil, nil, err
	}
	const senders = 500
	var accounts [senders]string
	for i := range accounts {
		accounts[i] = string(customer("hot", i))
	}
	head := "POST /api/v1/quota/reserve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key.Reveal() + "\r\nContent-Type: application/json\r\nContent-Length: "
	run := 0 // tells the keys of a turn from all others
	one := func(to []byte, conn, i, j int) []byte {
		to = strconv.AppendInt(append(to, `{"key":"`...), int64(run), 10)
		to = strconv.AppendInt(append(to, '-'), int64(conn), 10)
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
	alone := func(to []byte, conn, i int) []byte {
		return request(to, func(to []byte) []byte { return one(to, conn, i, 0) })
	}
	together := func(to []byte, conn, i int) []byte {
		return request(to, func(to []byte) []byte {
			to = append(to, `{"reserves":[`...)
			for j := range inBatch {
				to = append(one(to, conn, i, j), ',')
			}
			return append(to[:len(to)-1], "]}"...)
		})
	}
	asking := func(n int, ask func(to []byte, conn, i int) []byte) turn {
		return func(ctx context.Context, lasts time.Duration) (float64, error) {
			run++
			rate, err := load(ctx, addr, connections, lasts, ask, allowed(n))
			return rate * float64(n), err
		}
	}
	return p, asking(1, alone), asking(inBatch, together), nil
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
