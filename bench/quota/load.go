package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"bailiwick/bench/load"
	"bailiwick/internal/secret"
)

const (
	connections = 256 // of each kind of request, to ours and to Redis
	inBatch     = 100
	rounds      = 3 // in which each of them has a turn
	turnFor     = 2 * time.Second
	warmOver    = 500 * time.Millisecond
)

// turn asks one kind of question for a while, and returns answers in a second.
type turn func(ctx context.Context, lasts time.Duration) (float64, error)

// inTurns has each turn some rounds, so that what else the machine does befalls all, and returns the rates of each. A short round
// before them warms all and does not count.
func inTurns(ctx context.Context, all ...turn) ([][]float64, error) {
	rates := make([][]float64, len(all))
	for _, ask := range all {
		if _, err := ask(ctx, warmOver); err != nil {
			return nil, err
		}
	}
	for range rounds {
		for i, ask := range all {
			rate, err := ask(ctx, turnFor)
			if err != nil {
				return nil, err
			}
			rates[i] = append(rates[i], rate)
		}
	}
	return rates, nil
}

// serveReserves serves what was filled into dir. Its turns reserve singly and in batches.
func serveReserves(ctx context.Context, ours, dir string, key secret.String) (p load.Program, single, batch turn, err error) {
	addr, err := load.FreeAddress(ctx)
	if err != nil {
		return p, nil, nil, err
	}
	p, err = load.Start(ctx, addr, "/healthz", []string{"BAILIWICK_API_REQUESTS_PER_MINUTE=0"}, ours, "serve", "--listen", addr, "--data", dir, "--log-level", "warn")
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
			rate, err := load.Turn(ctx, lasts, load.Questions{Addr: addr, Connections: connections, Ask: ask, Read: allowed(n)})
			return rate * float64(n), err
		}
	}
	return p, asking(1, alone), asking(inBatch, together), nil
}

// allowed reads an answer in which so many were allowed.
func allowed(n int) func(in *bufio.Reader, _, _ int) error {
	var answers load.Answers
	yes := []byte(`"allowed":true`)
	return func(in *bufio.Reader, _, _ int) error {
		body, err := answers.Next(in)
		if err != nil {
			return err
		}
		if got := bytes.Count(body, yes); got != n {
			return fmt.Errorf("%d of %d were allowed: %.300s", got, n, body)
		}
		return nil
	}
}
