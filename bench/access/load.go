package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"bailiwick/internal/clock"
)

const (
	batchSize = 50 // OpenFGA's own limit
	// Connections: enough that both programs always have something to do, and so few that OpenFGA does not give batches up.
	forOne, forBatches = 32, 8

	rounds    = 9
	roundFor  = 800 * time.Millisecond
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
	defer func() { err = errors.Join(err, c.file.Close()) }()
	for n := range warmTurns * len(all) {
		w := &all[n%len(all)]
		if err := c.send(w.sent); err != nil {
			return err
		}
		body, err := c.answer()
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

// turn asks for a while over a few connections and returns the requests answered in a second. One thread waits for all of
// them at once: what asking costs is lacking to the servers, and more so to the faster one.
func turn(ctx context.Context, all []wire, workers int, s service) (rate float64, err error) {
	p, err := open(ctx, workers, s)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	for i, c := range p.clients {
		if err := c.send(all[i*len(all)/workers].sent); err != nil {
			return 0, err
		}
		c.next = i * len(all) / workers
	}
	began := clock.System()
	n := 0
	for end := began.Add(roundFor); clock.System().Before(end); {
		ready, err := p.wait()
		if err != nil {
			return 0, err
		}
		for _, c := range ready {
			w := all[c.next]
			body, err := c.answer()
			if err == nil && !bytes.Equal(body, w.body) {
				err = w.check(s, body)
			}
			if err != nil {
				return 0, err
			}
			n++
			c.next = (c.next + 1) % len(all)
			if err := c.send(all[c.next].sent); err != nil {
				return 0, err
			}
		}
	}
	return float64(n) / clock.System().Sub(began).Seconds(), nil
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
