package api

import "bailiwick/internal/quota"

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

func gridOf(all []Sending) quota.Grid {
	var out quota.Grid
	for _, s := range all {
		w, _ := quota.ParseWindow(s.Window) // one of the three, by the contract
		out = out.With(quota.Channel(s.Channel), w, s.limit())
	}
	return out
}

func (s Sending) limit() quota.Limit {
	l := quota.Limit{Amount: s.Limit, Action: quota.Action(s.Action), Cap: s.Cap, Paced: s.Paced}
	if l.Action == "" {
		l.Action = quota.Reject
	}
	return l
}
