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
	"strings"
	"time"

	"bailiwick/bench/load"
	"bailiwick/internal/clock"
)

// rolling keeps the nine counters that the server keeps: of each layer a rolling hour by the minute, a day and a month, in one hash.
// It looks at all, and counts if none would exceed its limit; else it says which layer has no room. The bucket of a minute is emptied
// when its place in the ring comes round, as in the server's ledger.
const rolling = `local n, minute, day, month = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local counts = {}
for i = 1, #KEYS do
  local v = redis.call('HMGET', KEYS[i], 'newest', 'hour', 'day', 'today', 'month', 'so far', minute % 62)
  local newest, hour, bucket = tonumber(v[1] or '0'), tonumber(v[2] or '0'), tonumber(v[7] or '0')
  for m = math.max(newest + 1, minute - 61), minute do
    local gone = redis.call('HGET', KEYS[i], m % 62)
    if gone then
      hour = hour - tonumber(gone)
      redis.call('HSET', KEYS[i], 'hour', hour)
      redis.call('HDEL', KEYS[i], m % 62)
    end
    bucket = 0
  end
  local today, sofar = 0, 0
  if v[3] == day then today = tonumber(v[4]) end
  if v[5] == month then sofar = tonumber(v[6]) end
  if hour + n > tonumber(ARGV[3 * i + 2]) or today + n > tonumber(ARGV[3 * i + 3]) or sofar + n > tonumber(ARGV[3 * i + 4]) then return i end
  counts[i] = {hour + n, today + n, sofar + n, bucket + n}
end
for i = 1, #KEYS do
  local c = counts[i]
  redis.call('HSET', KEYS[i], 'newest', minute, 'hour', c[1], 'day', day, 'today', c[2], 'month', month, 'so far', c[3], minute % 62, c[4])
end
return 0`

// simple keeps nine numbers, of which nothing rolls and no window ends: less than is asked for, and the least that Redis could do.
const simple = `for i = 1, #KEYS do local v = tonumber(redis.call('GET', KEYS[i]) or '0'); if v + tonumber(ARGV[1]) > tonumber(ARGV[1 + i]) then return i end end
for i = 1, #KEYS do redis.call('INCRBY', KEYS[i], ARGV[1]) end
return 0`

// redis is a Redis that counts.
type redis struct{ addr string }

// startRedis starts Redis. keep says whether, and how, it writes the counts down.
func startRedis(ctx context.Context, path, dir string, keep ...string) (p load.Program, r redis, err error) {
	if r.addr, err = load.FreeAddress(ctx); err != nil {
		return p, r, err
	}
	_, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		return p, r, err
	}
	p, err = load.Start(ctx, r.addr, "", nil, path, append([]string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning", "--daemonize", "no", "--dir", dir}, keep...)...)
	return p, r, err
}

// at is an instant as the rolling counters take it.
type at struct {
	minute     int64
	day, month string
}

func now() at {
	t := clock.System()
	return at{t.Unix() / 60, t.Format(time.DateOnly), t.Format("2006-01")}
}

// countRolling is a request to count one unit of three layers, with the same limit for all windows of each.
func countRolling(when at, layers, limits [3]string) []byte {
	all := append(call(rolling), "3", layers[0], layers[1], layers[2], "1", strconv.FormatInt(when.minute, 10), when.day, when.month)
	for _, l := range limits {
		all = append(all, l, l, l)
	}
	return words(all...)
}

// countSimple is a request to count one unit in three numbers of each layer.
func countSimple(layers, limits [3]string) []byte {
	all := append(call(simple), "9")
	for _, l := range layers {
		all = append(all, "simple:"+l+":hour", "simple:"+l+":day", "simple:"+l+":month")
	}
	all = append(all, "1")
	for _, l := range limits {
		all = append(all, l, l, l)
	}
	return words(all...)
}

// call has a script run by its name, as clients do that have loaded it.
func call(script string) []string {
	sum := sha1.Sum([]byte(script))
	return []string{"EVALSHA", hex.EncodeToString(sum[:])}
}

func words(all ...string) []byte {
	to := fmt.Appendf(nil, "*%d\r\n", len(all))
	for _, w := range all {
		to = fmt.Appendf(to, "$%d\r\n%s\r\n", len(w), w)
	}
	return to
}

const plenty = "1000000000000000"

// turn has a script count for customers of one reseller.
func (r redis) turn(script string, count func(layers, limits [3]string) []byte) turn {
	return func(ctx context.Context, lasts time.Duration) (float64, error) {
		requests := make([][]byte, customers)
		for c := range requests {
			requests[c] = count([3]string{"c" + strconv.Itoa(c), "r", "p"}, [3]string{plenty, plenty, plenty})
		}
		if _, err := r.once(ctx, words("SCRIPT", "LOAD", script), 2); err != nil {
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
		return load.Turn(ctx, lasts, load.Questions{Addr: r.addr, Connections: connections, Ask: ask, Read: read})
	}
}

func (r redis) countsRolling() turn {
	return r.turn(rolling, func(layers, limits [3]string) []byte { return countRolling(now(), layers, limits) })
}

func (r redis) countsSimple() turn { return r.turn(simple, countSimple) }

// rolls tries the rolling counters: what is measured must do what it says.
func (r redis) rolls(ctx context.Context) error {
	if _, err := r.once(ctx, words("SCRIPT", "LOAD", rolling), 2); err != nil {
		return err
	}
	for i, step := range []struct {
		at
		limits [3]string // of customer, reseller, platform
		want   string
	}{
		{at{1000, "a", "m"}, [3]string{"2", "9", "9"}, ":0"},
		{at{1030, "a", "m"}, [3]string{"2", "9", "9"}, ":0"},
		{at{1061, "a", "m"}, [3]string{"2", "9", "9"}, ":1"}, // the hour is full, with a minute for who reserved late
		{at{1062, "b", "n"}, [3]string{"2", "9", "9"}, ":0"}, // the first has left it
		{at{1063, "b", "n"}, [3]string{"9", "9", "2"}, ":3"}, // of the hour
		{at{1200, "b", "n"}, [3]string{"9", "9", "2"}, ":0"},
		{at{1300, "b", "n"}, [3]string{"9", "9", "2"}, ":3"}, // of the day
		{at{1300, "c", "n"}, [3]string{"9", "9", "2"}, ":3"}, // of the month
	} {
		line, err := r.once(ctx, countRolling(step.at, [3]string{"tried:c", "tried:r", "tried:p"}, step.limits), 1)
		if err == nil && line != step.want {
			err = fmt.Errorf("redis says %q to step %d, not %s", line, i, step.want)
		}
		if err != nil {
			return fmt.Errorf("try the script: %w", err)
		}
	}
	return nil
}

// once sends one request, and returns the last line of its answer, which has some lines.
func (r redis) once(ctx context.Context, request []byte, lines int) (line string, err error) {
	c, err := load.Dial(ctx, r.addr)
	if err != nil {
		return "", err
	}
	err = c.Send(request)
	for range lines {
		if err == nil {
			line, err = c.In.ReadString('\n')
		}
		if err == nil && line[0] == '-' {
			err = fmt.Errorf("redis says %q", line)
		}
	}
	return strings.TrimSpace(line), errors.Join(err, c.Close())
}
