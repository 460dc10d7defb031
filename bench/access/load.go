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
	"net/http/httputil"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"bailiwick/internal/clock"
)

const (
	batchSize = 50 // OpenFGA's own limit
	// Connections: enough that both programs always have something to do, and so few that OpenFGA does not give batches up.
	forOne, forBatches = 32, 8

	rounds    = 9
	roundFor  = 800 * time.Millisecond
	lookEvery = 8 // requests between looks at the clock
	warmTurns = 3
)

// service answers checks over HTTP.
type service interface {
	name() string
	address() string
	// request is the body and path of a request that asks these questions.
	request(asked []question) (path string, body []byte, err error)
	// read reads the answers, in the order of the questions.
	read(body []byte, n int) ([]bool, error)
	header() http.Header
}

// compare says how many times as many checks a second the first service answers as the second, in requests of so many checks.
// Both are first asked everything, which warms them and shows that every answer is right. Then they take turns, and the
// median of the ratios of neighbouring turns counts: what else the machine does meanwhile befalls both.
func compare(ctx context.Context, t town, size, workers int, ours, theirs service) (float64, error) {
	all := map[string][]wire{}
	for _, s := range []service{ours, theirs} {
		ws, err := wires(t, size, s)
		if err == nil {
			err = warmUp(ctx, ws, s)
		}
		if err != nil {
			return 0, fmt.Errorf("%s, %d at once: %w", s.name(), size, err)
		}
		all[s.name()] = ws
	}
	rates, ratios := map[string][]float64{}, []float64{}
	for range rounds {
		for _, s := range []service{ours, theirs} {
			rate, err := turn(ctx, all[s.name()], workers, s)
			if err != nil {
				return 0, fmt.Errorf("%s, %d at once: %w", s.name(), size, err)
			}
			rates[s.name()] = append(rates[s.name()], rate*float64(size))
		}
		n := len(ratios)
		ratios = append(ratios, rates[ours.name()][n]/rates[theirs.name()][n])
	}
	for _, s := range []service{ours, theirs} {
		fmt.Printf("%s, %d at once: median %.0f checks/s, of %.0f\n", s.name(), size, median(rates[s.name()]), rates[s.name()])
	}
	fmt.Printf("%s beside %s, %d at once: median %.1f times, of %.1f\n", ours.name(), theirs.name(), size, median(ratios), ratios)
	return median(ratios), nil
}

func median(of []float64) float64 { return slices.Sorted(slices.Values(of))[len(of)/2] }

// wire is a request as it is sent, and what it must be answered.
type wire struct {
	sent []byte
	want []bool
	body []byte // an answer that was read and is right
}

func wires(t town, size int, s service) ([]wire, error) {
	var out []wire
	for i := 0; i+size <= len(t.questions); i += size {
		asked := t.questions[i : i+size]
		path, body, err := s.request(asked)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, s.address(), len(body))
		if err := s.header().Write(&b); err != nil {
			return nil, err
		}
		b.WriteString("\r\n")
		b.Write(body)
		w := wire{sent: b.Bytes()}
		for _, q := range asked {
			w.want = append(w.want, q.allowed)
		}
		out = append(out, w)
	}
	return out, nil
}

// warmUp asks everything a few times over one connection and keeps the answers.
func warmUp(ctx context.Context, all []wire, s service) (err error) {
	c, err := dial(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.conn.Close()) }()
	for n := range warmTurns * len(all) {
		w := &all[n%len(all)]
		body, err := c.ask(w.sent)
		if err == nil {
			err = w.check(s, body)
		}
		if err != nil {
			return err
		}
		w.body = bytes.Clone(body)
	}
	return nil
}

// turn asks for a while over a few connections and returns the requests answered in a second.
func turn(ctx context.Context, all []wire, workers int, s service) (float64, error) {
	var wg sync.WaitGroup
	var answered atomic.Int64
	failed := make([]error, workers)
	began := clock.System()
	end := began.Add(roundFor)
	for i := range workers {
		wg.Go(func() {
			n, err := work(ctx, all, i*len(all)/workers, s, end)
			answered.Add(int64(n))
			failed[i] = err
		})
	}
	wg.Wait()
	return float64(answered.Load()) / clock.System().Sub(began).Seconds(), errors.Join(failed...)
}

func work(ctx context.Context, all []wire, from int, s service, end time.Time) (n int, err error) {
	c, err := dial(ctx, s)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.conn.Close()) }()
	for ; n%lookEvery > 0 || clock.System().Before(end); n++ {
		w := all[(from+n)%len(all)]
		body, err := c.ask(w.sent)
		if err == nil && !bytes.Equal(body, w.body) {
			err = w.check(s, body)
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// client asks over one kept connection.
type client struct {
	conn net.Conn
	in   answers
}

func dial(ctx context.Context, s service) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.address())
	if err != nil {
		return nil, err
	}
	return &client{conn, answers{in: bufio.NewReader(conn)}}, nil
}

func (c *client) ask(sent []byte) ([]byte, error) {
	if _, err := c.conn.Write(sent); err != nil {
		return nil, err
	}
	return c.in.next()
}

// answers reads answers of a kept connection. It does as little as it can: the processor that the client takes is lacking
// to the server, and more so to the faster one.
type answers struct {
	in   *bufio.Reader
	body bytes.Buffer
}

func (a *answers) next() ([]byte, error) {
	status, length, err := a.head()
	if err != nil {
		return nil, err
	}
	a.body.Reset()
	if length >= 0 {
		_, err = io.CopyN(&a.body, a.in, length)
	} else {
		_, err = a.body.ReadFrom(httputil.NewChunkedReader(a.in))
		if err == nil {
			_, err = a.in.Discard(len("\r\n")) // there are no trailers
		}
	}
	if err == nil && status != "200" {
		err = fmt.Errorf("status %s: %.300s", status, a.body.Bytes())
	}
	return a.body.Bytes(), err
}

// head reads status line and fields; length is -1 for a body in chunks.
func (a *answers) head() (status string, length int64, err error) {
	length = -1
	for first := true; ; first = false {
		line, err := a.in.ReadSlice('\n')
		if err != nil {
			return "", 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch name, value, _ := bytes.Cut(line, []byte(": ")); {
		case first:
			_, rest, _ := bytes.Cut(line, []byte(" "))
			status = string(rest[:min(3, len(rest))])
		case len(line) == 0:
			return status, length, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return "", 0, err
			}
		}
	}
}

func (w wire) check(s service, body []byte) error {
	got, err := s.read(body, len(w.want))
	if err != nil {
		return fmt.Errorf("read %s: %w", body, err)
	}
	for i := range w.want {
		if got[i] != w.want[i] {
			return fmt.Errorf("%.300s is answered by %.300s", w.sent, body)
		}
	}
	return nil
}

// program is a server that was started.
type program struct {
	cmd  *exec.Cmd
	addr string
}

func (p program) address() string { return p.addr }

func (p program) stop() error {
	err := p.cmd.Process.Signal(os.Interrupt)
	var exit *exec.ExitError
	if werr := p.cmd.Wait(); !errors.As(werr, &exit) {
		err = errors.Join(err, werr)
	}
	return err
}

const startWithin = 30 * time.Second

// start starts a program and waits until it answers on the address.
func start(ctx context.Context, addr, probe string, env []string, path string, args ...string) (program, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stderr, cmd.Env = os.Stderr, append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		return program{}, err
	}
	p := program{cmd, addr}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := clock.System().Add(startWithin); clock.System().Before(end); <-tick.C {
		res, err := http.Get("http://" + addr + probe) //nolint:noctx // a probe of a program of our own
		if err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK {
			return p, nil
		}
	}
	return p, errors.Join(fmt.Errorf("%s did not begin to answer", path), p.stop())
}

func freeAddress(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(0))
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}
