package remote

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"

	"bailiwick/internal/rehearse"
)

type quotaSimulate struct {
	Scenario string `required:"" help:"The file that describes the day; docs/operators/bookshop.toml is one." placeholder:"FILE"`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run plays a day of traffic against limits that nobody has set yet. It asks no server.
func (c quotaSimulate) Run(p *Process) error {
	f, err := os.Open(c.Scenario)
	if err != nil {
		return &Usage{fmt.Sprintf("Name a file that can be read: %v.", err)}
	}
	text, err := io.ReadAll(io.LimitReader(f, rehearse.MostBytes+1))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", c.Scenario, err)
	}
	s, err := rehearse.Parse(text)
	if err != nil {
		return &Usage{fmt.Sprintf("Correct %s: %v.", c.Scenario, err)}
	}
	out := s.Play()
	if c.JSON {
		e := json.NewEncoder(p.Out)
		e.SetIndent("", "  ")
		return e.Encode(out)
	}
	return simulated(p.Out, out)
}

func simulated(out io.Writer, r rehearse.Result) error {
	number := func(n int) string { return strconv.Itoa(n) }
	err := table(out, r.Senders,
		column[rehearse.Sender]{"sender", func(s rehearse.Sender) string { return s.Name }},
		column[rehearse.Sender]{"messages", func(s rehearse.Sender) string { return number(s.Messages) }},
		column[rehearse.Sender]{"units", func(s rehearse.Sender) string { return strconv.FormatInt(s.Units, 10) }},
		column[rehearse.Sender]{"sent", func(s rehearse.Sender) string { return number(s.Sent) }},
		column[rehearse.Sender]{"of them held", func(s rehearse.Sender) string { return number(s.Held) }},
		column[rehearse.Sender]{"overage", func(s rehearse.Sender) string { return number(s.Overage) }},
		column[rehearse.Sender]{"rejected", func(s rehearse.Sender) string { return number(s.Rejected) }})
	if err != nil {
		return err
	}
	if len(r.Refused) == 0 {
		_, err = fmt.Fprintln(out, "\nNothing is held or rejected.")
		return err
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	const clock = "2006-01-02 15:04"
	return table(out, r.Refused,
		column[rehearse.Refusal]{"sender", func(x rehearse.Refusal) string { return x.Sender }},
		column[rehearse.Refusal]{"what", func(x rehearse.Refusal) string {
			return map[string]string{"hold": "held", "reject": "rejected"}[x.Action]
		}},
		column[rehearse.Refusal]{"messages", func(x rehearse.Refusal) string { return number(x.Messages) }},
		column[rehearse.Refusal]{"by", func(x rehearse.Refusal) string { return x.Layer + ", " + x.Window }},
		column[rehearse.Refusal]{"first", func(x rehearse.Refusal) string { return x.First.Format(clock) }},
		column[rehearse.Refusal]{"last", func(x rehearse.Refusal) string { return x.Last.Format(clock) }},
		column[rehearse.Refusal]{"all sent by", func(x rehearse.Refusal) string {
			if x.SentBy.IsZero() {
				return ""
			}
			return x.SentBy.Format(clock)
		}})
}
