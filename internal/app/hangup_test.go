package app_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"bailiwick/internal/app"
	"bailiwick/internal/apptest"
	"bailiwick/internal/config"
	"bailiwick/internal/db/dbtest"
)

func TestAHangupReadsTheCertificateAndTheKeysAgain(t *testing.T) {
	files, _ := selfSigned(t)
	hangup := make(chan os.Signal)
	on := app.Listeners{Portal: open(t), Hangup: hangup}
	w := apptest.New(t, dbtest.SQLiteDSN(t), func(c *config.Config) { c.TLS = files })
	var err error
	if on.Certificates, err = w.Certificates(t.Context()); err != nil {
		t.Fatal(err)
	}
	running(t, w.App, on)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(30 * time.Second)
	for round := 1; round <= 2; round++ {
		hangup <- syscall.SIGHUP
		for logged := ""; strings.Count(logged, "the key file was read again") < round || strings.Count(logged, "certificate read") < round+1; logged = w.Journal.Text() {
			select {
			case <-tick.C:
			case <-end:
				t.Fatalf("round %d: not everything was read again", round)
			}
		}
	}
}
