package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"bailiwick/bench/load"
)

const (
	batchSize = 50 // OpenFGA's own limit
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
	// connections is over how many it answers most requests of so many questions: of 32, 128 and 256 for one, and of what it bears
	// for batches.
	connections(size int) int
}

// compare says how many times as many checks a second the first service answers as the second, in requests of so many checks.
// Both are first asked everything, which warms them and shows that every answer is right. Then they take turns, and the
// median of the ratios of neighbouring turns counts: what else the machine does meanwhile befalls both.
func compare(ctx context.Context, t town, size int, ours, theirs service) (float64, error) {
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
	rates := map[string][]float64{}
	for range rounds {
		for _, s := range []service{ours, theirs} {
			rate, err := turn(ctx, all[s.name()], s.connections(size), s)
			if err != nil {
				return 0, fmt.Errorf("%s, %d at once: %w", s.name(), size, err)
			}
			rates[s.name()] = append(rates[s.name()], rate*float64(size))
		}
	}
	for _, s := range []service{ours, theirs} {
		fmt.Printf("%s, %d at once over %d connections: median %.0f checks/s, of %.0f\n", s.name(), size, s.connections(size), load.Median(rates[s.name()]), rates[s.name()])
	}
	ratios := load.Ratios(rates[ours.name()], rates[theirs.name()])
	fmt.Printf("%s beside %s, %d at once: median %.1f times, of %.1f\n", ours.name(), theirs.name(), size, load.Median(ratios), ratios)
	return load.Median(ratios), nil
}

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
	c, err := load.Dial(ctx, s.address())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	var answers load.Answers
	for n := range warmTurns * len(all) {
		w := &all[n%len(all)]
		if err := c.Send(w.sent); err != nil {
			return err
		}
		body, err := answers.Next(c.In)
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

// turn asks for a while over some connections and returns the requests answered in a second.
func turn(ctx context.Context, all []wire, workers int, s service) (float64, error) {
	at := func(conn, i int) wire { return all[(conn*len(all)/workers+i)%len(all)] }
	var answers load.Answers
	return load.Turn(ctx, roundFor, load.Questions{Addr: s.address(), Connections: workers,
		Ask: func(to []byte, conn, i int) []byte { return append(to, at(conn, i).sent...) },
		Read: func(in *bufio.Reader, conn, i int) error {
			w := at(conn, i)
			body, err := answers.Next(in)
			if err == nil && !bytes.Equal(body, w.body) {
				err = w.check(s, body)
			}
			return err
		}})
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
