package cli

import (
	"errors"
	"fmt"

	"bailiwick/internal/cli/remote"
)

type doctorCmd struct {
	Repair bool `help:"First write anew the lists of clients, numbers of contacts and sums of what was sent that do not say what they are made from."`
}

// Run prints one line for each thing looked at.
func (c doctorCmd) Run(r *run) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	if c.Repair {
		if err := a.Repair(r.ctx); err != nil {
			return errors.Join(err, a.Close())
		}
	}
	bad := 0
	for _, f := range a.Doctor(r.ctx) {
		mark := "ok  "
		if f.Remedy != "" {
			mark = "MEND"
			bad++
		}
		fmt.Fprintf(r.Out, "%s  %s\n", mark, f.What)
		if f.Remedy != "" {
			fmt.Fprintf(r.Out, "      %s\n", f.Remedy)
		}
	}
	if err := a.Close(); err != nil {
		return err
	}
	if bad > 0 {
		return remote.ErrFindings
	}
	return nil
}
