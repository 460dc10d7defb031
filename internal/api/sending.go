package api

import (
	"errors"
	"fmt"
	"strings"

	"bailiwick/internal/errs"
	"bailiwick/internal/quota"
)

// Sending is how much may be sent in a channel and window.
type Sending struct {
	Channel string `json:"channel" enum:"email,sms"`
	Window  string `json:"window" enum:"hour,day,month"`
	Limit   int64  `json:"limit" minimum:"-1" doc:"-1: no limit; 0: none."`
	Action  string `json:"action,omitempty" enum:"reject,hold,overage" doc:"What happens at the limit; reject without it."`
	Cap     int64  `json:"cap,omitempty" minimum:"0" doc:"Up to where overage lets through."`
	Paced   bool   `json:"paced,omitempty" doc:"Spread evenly over the window."`
}

func sendingBodies(g quota.Grid) []Sending {
	out := []Sending{}
	for _, c := range quota.Channels() {
		for _, w := range quota.Windows() {
			if l := g.Of(c, w); l.Amount != quota.Unlimited {
				out = append(out, Sending{string(c), w.String(), l.Amount, string(l.Action), l.Cap, l.Paced})
			}
		}
	}
	return out
}

func gridOf(all []Sending) (out quota.Grid, err error) {
	seen := places{}
	for i, s := range all {
		w, _ := quota.ParseWindow(s.Window) // one of the three, by the contract
		if err := seen.add(s.field(), "sending", i); err != nil {
			return nil, err
		}
		out = out.With(quota.Channel(s.Channel), w, s.limit())
	}
	return out, nil
}

// field is what the limit is called in forms.
func (s Sending) field() string { return s.Channel + "_" + s.Window }

// sendingPlaces says where limits stand that gridOf has read.
func sendingPlaces(all []Sending) places {
	out := places{}
	for i, s := range all {
		out[s.field()] = fmt.Sprintf("sending[%d]", i)
	}
	return out
}

// places says where in the body something stands that is called otherwise in forms.
type places map[string]string

// add notes the place of one of a list, and refuses what is named before.
func (p places) add(name, list string, i int) error {
	at := fmt.Sprintf("%s[%d]", list, i)
	if p[name] != "" {
		return errs.Field(at, "input.twice", "Name each only once. This one is in the list before.")
	}
	p[name] = at
	return nil
}

// in names the places of what an error is about.
func (p places) in(err error) error {
	var e *errs.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	out := *e
	out.Fields = make(map[string]errs.Problem, len(e.Fields))
	for field, said := range e.Fields {
		out.Fields[p.of(field)] = said
	}
	return &out
}

func (p places) of(field string) string {
	if at := p[field]; at != "" {
		return at + ".limit"
	}
	for name, at := range p {
		if part, ok := strings.CutPrefix(field, name+"_"); ok {
			if part == "until" {
				part = "last_day"
			}
			return at + "." + part
		}
	}
	return field
}

func (s Sending) limit() quota.Limit {
	l := quota.Limit{Amount: s.Limit, Action: quota.Action(s.Action), Cap: s.Cap, Paced: s.Paced}
	if l.Action == "" {
		l.Action = quota.Reject
	}
	return l
}
