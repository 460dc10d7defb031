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

// How much more than is in use the memory may grow to before it is swept, in percent. What is in use is small, so that Go's
// own 100 would sweep many times a second while much is asked.
const (
	garbage = 300
	ofGo    = 100
)

func main() {
	if before := debug.SetGCPercent(garbage); before != ofGo {
		debug.SetGCPercent(before) // the operator has set GOGC
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	os.Exit(cli.Main(ctx, cli.Process{Args: os.Args[1:], Env: os.LookupEnv, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Clock: clock.System, Hangup: hangup}))
}
