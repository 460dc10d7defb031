// Package stream answers requests for longer than a request may take: files to whoever reads slowly, and news to whoever watches.
package stream

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"bailiwick/internal/clock"
)

// perWrite is how long whoever reads may take for a part, some hundred kilobytes at the most.
const perWrite = 30 * time.Second

// Writer writes an answer a part at a time, each with its own deadline instead of one for all of them.
type Writer struct {
	w  http.ResponseWriter
	to *http.ResponseController
}

// To begins a long answer to a request that was read whole. The deadline for reading is taken from the connection: when it passes,
// net/http takes that for a client that has gone. An answer that is no connection has none.
func To(w http.ResponseWriter) (*Writer, error) {
	s := &Writer{w, http.NewResponseController(w)}
	return s, given(s.to.SetReadDeadline(time.Time{}))
}

func given(err error) error {
	if err == nil || errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return fmt.Errorf("give an answer its time: %w", err)
}

// Write sends a part.
func (s *Writer) Write(part []byte) (int, error) {
	if err := given(s.to.SetWriteDeadline(clock.System().Add(perWrite))); err != nil {
		return 0, err
	}
	return s.w.Write(part)
}

// Flush sends what was written so far.
func (s *Writer) Flush() error { return s.to.Flush() }
