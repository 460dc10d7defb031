package rehearse

import (
	"slices"
	"time"

	"bailiwick/internal/quota"
)

// Result is what became of a day of traffic.
type Result struct {
	Senders []Sender  `json:"senders"`
	Refused []Refusal `json:"refused"`
}

// Sender is what became of the messages of one sender.
type Sender struct {
	Name     string `json:"name"`
	Messages int    `json:"messages"`
	Units    int64  `json:"units"`
	Sent     int    `json:"sent"`     // messages, those that were held before included
	Held     int    `json:"held"`     // messages that waited and were sent
	Rejected int    `json:"rejected"` // messages
	Overage  int    `json:"overage"`  // messages that were let through for billing
}

// Refusal is that a limit held or rejected messages of a sender.
type Refusal struct {
	Sender   string    `json:"sender"`
	Action   string    `json:"action"` // hold or reject
	Layer    string    `json:"layer"`
	Window   string    `json:"window"`
	Messages int       `json:"messages"`
	Units    int64     `json:"units"`
	First    time.Time `json:"first_at"`                  // when it refused first
	Last     time.Time `json:"last_at"`                   // and last
	SentBy   time.Time `json:"sent_by,omitzero"`          // when the last of what was held was sent
	Longest  int64     `json:"longest_minutes,omitempty"` // that one was held
}

// Play plays a scenario.
func (s Scenario) Play() Result {
	var out Result
	for _, f := range quota.Rehearse(s.Layers, s.Used, s.Begins, s.Trials) {
		i := slices.IndexFunc(out.Senders, func(x Sender) bool { return x.Name == f.Trial.Sender })
		if i < 0 {
			i = len(out.Senders)
			out.Senders = append(out.Senders, Sender{Name: f.Trial.Sender})
		}
		x := &out.Senders[i]
		x.Messages, x.Units = x.Messages+1, x.Units+f.Trial.Units
		if !f.Sent.IsZero() {
			x.Sent++
		}
		switch f.Action {
		case quota.Hold:
			x.Held++
		case quota.Reject:
			x.Rejected++
		case quota.Overage:
			x.Overage++
		}
		if f.Layer >= 0 {
			out.refuse(s, f)
		}
	}
	return out
}

func (r *Result) refuse(s Scenario, f quota.Fate) {
	layer := s.Layers[f.Layer].Name
	i := slices.IndexFunc(r.Refused, func(x Refusal) bool {
		return x.Sender == f.Trial.Sender && x.Action == string(f.Action) && x.Layer == layer && x.Window == f.Window.String()
	})
	if i < 0 {
		i = len(r.Refused)
		r.Refused = append(r.Refused, Refusal{Sender: f.Trial.Sender, Action: string(f.Action), Layer: layer, Window: f.Window.String(), First: f.Trial.At})
	}
	x := &r.Refused[i]
	x.Messages, x.Units, x.Last = x.Messages+1, x.Units+f.Trial.Units, f.Trial.At
	if f.Sent.After(x.SentBy) {
		x.SentBy = f.Sent.In(s.Begins.Location())
	}
	if !f.Sent.IsZero() {
		x.Longest = max(x.Longest, int64(f.Sent.Sub(f.Trial.At)/time.Minute))
	}
}
