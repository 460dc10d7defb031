package db

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// Whoever wrote while the disk was busy waits for the next time, which serves all who wait.
func TestOneWaitForTheDiskServesAllWhoWroteBefore(t *testing.T) {
	var syncs, written, onDisk atomic.Int64
	began, goOn := make(chan struct{}), make(chan struct{})
	l := newLasting(func() error {
		upTo := written.Load()
		if syncs.Add(1) == 1 {
			close(began)
			<-goOn
		}
		onDisk.Store(upTo)
		return nil
	})
	var wg, wrote sync.WaitGroup
	write := func() {
		wrote.Add(1)
		wg.Go(func() {
			mine := written.Add(1)
			wrote.Done()
			if err := l.wait(); err != nil || onDisk.Load() < mine {
				t.Errorf("write %d was told saved when %d were on the disk, %v", mine, onDisk.Load(), err)
			}
		})
	}
	write()
	<-began
	for range 50 {
		write()
	}
	wrote.Wait()
	close(goOn)
	wg.Wait()
	if n := syncs.Load(); n < 2 || n > 51 {
		t.Errorf("the disk was waited for %d times", n)
	}
}

func TestAfterADiskHasFailedNothingIsSaidToBeSaved(t *testing.T) {
	failed := errors.New("the disk is broken")
	err := failed
	l := newLasting(func() error { return err })
	for range 2 {
		if got := l.wait(); !errors.Is(got, ErrUnknownOutcome) || !errors.Is(got, failed) {
			t.Errorf("told %v", got)
		}
		err = nil // what was written before is not there all the same
	}
}

// What only reads has no reason to wait for the disk; what writes does, once for all that met.
func TestWhatIsWrittenIsOnTheDiskBeforeItsWriterIsTold(t *testing.T) {
	d := openFile(t)
	var syncs int
	inner := d.lasting.sync
	d.lasting.sync = func() error { syncs++; return inner() }
	write := func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS t (n BIGINT)")
		return err
	}
	read := func(ctx context.Context, tx *Tx) error {
		_, err := One(ctx, tx, Value[int], "SELECT 1")
		return err
	}
	for _, step := range []struct {
		name string
		run  func(context.Context, func(context.Context, *Tx) error) error
		fn   func(context.Context, *Tx) error
		want int
	}{
		{"InTx that writes", d.InTx, write, 1},
		{"Batch that writes", d.Batch, write, 2},
		{"InTx that reads", d.InTx, read, 2},
		{"Batch that reads", d.Batch, read, 2},
	} {
		if err := step.run(t.Context(), step.fn); err != nil || syncs != step.want {
			t.Errorf("%s: the disk was waited for %d times, want %d; %v", step.name, syncs, step.want, err)
		}
	}
	lasts, err := d.Ahead(t.Context(), write)
	if err != nil || syncs != 2 {
		t.Errorf("Ahead waited for the disk: %d, %v", syncs, err)
	}
	if err := lasts(); err != nil || syncs != 3 {
		t.Errorf("what was written ahead was said to be saved after %d waits, %v", syncs, err)
	}
}
