package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"bailiwick/bench/load"
)

// script keeps nine counters: it looks at all, and counts if none would exceed its limit.
const script = `for i = 1, #KEYS do local v = tonumber(redis.call('GET', KEYS[i]) or '0'); if v + tonumber(ARGV[1]) > tonumber(ARGV[1 + i]) then return i end end
for i = 1, #KEYS do redis.call('INCRBY', KEYS[i], ARGV[1]) end
return 0`

// startRedis starts Redis and returns a turn that has the script counted. keep says whether, and how, it writes the counts down.
func startRedis(ctx context.Context, path, dir string, keep ...string) (p load.Program, ask turn, err error) {
	addr, err := load.FreeAddress(ctx)
	if err != nil {
		return p, nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return p, nil, err
	}
	p, err = load.Start(ctx, addr, "", nil, path, append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning", "--daemonize", "no", "--dir", dir}, keep...)...)
	return p, func(ctx context.Context, lasts time.Duration) (float64, error) { return askRedis(ctx, addr, lasts) }, err
}

// askRedis has the script counted by name, as clients do that have loaded it.
func askRedis(ctx context.Context, addr string, lasts time.Duration) (float64, error) {
	sum := sha1.Sum([]byte(script))
	words := func(to []byte, all ...string) []byte {
		to = fmt.Appendf(to, "*%d\r\n", len(all))
		for _, w := range all {
			to = fmt.Appendf(to, "$%d\r\n%s\r\n", len(w), w)
		}
		return to
	}
	requests := make([][]byte, customers)
	for c := range requests {
		all := []string{"EVALSHA", hex.EncodeToString(sum[:]), "9"}
		for _, layer := range []string{"c" + strconv.Itoa(c), "r", "p"} {
			all = append(all, layer+":h", layer+":d", layer+":m")
		}
		all = append(all, "1")
		for range 9 {
			all = append(all, "1000000000000000")
		}
		requests[c] = words(nil, all...)
	}
	if err := once(ctx, addr, words(nil, "SCRIPT", "LOAD", script)); err != nil {
		return 0, err
	}
	ask := func(to []byte, conn, i int) []byte { return append(to, requests[(conn*7919+i)%customers]...) }
	read := func(in *bufio.Reader, _, _ int) error {
		line, err := in.ReadSlice('\n')
		if err == nil && string(line) != ":0\r\n" {
			err = fmt.Errorf("redis says %q", line)
		}
		return err
	}
	return load.Turn(ctx, lasts, load.Questions{Addr: addr, Connections: connections, Ask: ask, Read: read})
}

// once sends one request whose answer has two lines.
func once(ctx context.Context, addr string, request []byte) error {
	c, err := load.Dial(ctx, addr)
	if err != nil {
		return err
	}
	err = c.Send(request)
	for range 2 {
		var line string
		if err == nil {
			line, err = c.In.ReadString('\n')
		}
		if err == nil && line[0] == '-' {
			err = fmt.Errorf("redis says %q", line)
		}
	}
	return errors.Join(err, c.Close())
}
