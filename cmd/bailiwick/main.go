// Command bailiwick runs the accounts side of a sending platform: portal, jobs and the commands of its operator.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"bailiwick/internal/cli"
	"bailiwick/internal/clock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	os.Exit(cli.Main(ctx, cli.Process{Args: os.Args[1:], Env: os.LookupEnv, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Clock: clock.System, Hangup: hangup}))
}
