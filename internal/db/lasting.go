package db

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
)

// lasting has what SQLite wrote to its log survive a power cut. A commit itself does not wait for the disk, so that the next
// writer goes on meanwhile; whoever wrote waits here before anybody is told, and all who wait together share one wait for the disk.
type lasting struct {
	sync func() error // brings to the disk what was written before it was called; nil where a commit has done that

	mu      sync.Mutex
	moved   sync.Cond
	begun   uint64 // how many times it was called
	ended   uint64
	running bool
	broken  error // a sync has failed: nobody knows what of the log is on the disk from then on
}

func newLasting(sync func() error) *lasting {
	l := &lasting{sync: sync}
	l.moved.L = &l.mu
	return l
}

// wait returns when all that was committed before it was called survives a power cut.
func (l *lasting) wait() error {
	if l.sync == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for mine := l.begun + 1; l.ended < mine && l.broken == nil; {
		if l.running {
			l.moved.Wait()
			continue
		}
		l.begun, l.running = l.begun+1, true
		this := l.begun
		l.mu.Unlock()
		err := l.sync()
		l.mu.Lock()
		l.ended, l.running = this, false
		if err != nil {
			l.broken = fmt.Errorf("%w: bring the log of SQLite to the disk: %w", ErrUnknownOutcome, err)
		}
		l.moved.Broadcast()
	}
	return l.broken
}

// syncLog brings SQLite's log at a path to the disk. Nothing is in a log that is not there.
func syncLog(path string) func() error {
	return func() error {
		err := syncFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
}
