// Command bailiwick runs the accounts side of a sending platform: portal, jobs and the commands of its operator.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"bailiwick/internal/cli"
	"bailiwick/internal/clock"
)

// How much more than is in use the memory may grow to before it is swept, in percent: little while the program starts, which leaves
// much behind, so that it idles small; later more than Go's own 100. What is in use is small, and would be swept many times a second
// while much is asked.
const (
	garbageOfStart   = 60
	garbageOfService = 300
)

func main() {
	serving := func() { debug.SetGCPercent(garbageOfService) }
	if _, own := os.LookupEnv("GOGC"); own {
		serving = nil
	} else {
		debug.SetGCPercent(garbageOfStart)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	os.Exit(cli.Main(ctx, cli.Process{Args: os.Args[1:], Env: os.LookupEnv, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Clock: clock.System, Hangup: hangup, Serving: serving}))
}
