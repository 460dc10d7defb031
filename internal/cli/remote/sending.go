package remote

import (
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

// readSending reads email/month=100000, email/hour=5000/hold, sms/day=100/paced and email/month=100000/overage=120000.
func readSending(said []string) ([]client.Sending, error) {
	var out []client.Sending
	for _, text := range said {
		s, ok := oneSending(text)
		if !ok {
			return nil, &Usage{"Write how much may be sent as CHANNEL/WINDOW=NUMBER, for example email/month=100000, email/hour=5000/hold, email/hour=5000/paced, email/month=100000/overage=120000 or sms/day=unlimited."}
		}
		out = append(out, s)
	}
	return out, nil
}

func oneSending(text string) (s client.Sending, ok bool) {
	parts := strings.Split(text, "/")
	if len(parts) < 2 {
		return s, false
	}
	window, number, ok := strings.Cut(parts[1], "=")
	if !ok || !slices.Contains([]string{"email", "sms"}, parts[0]) || !slices.Contains([]string{"hour", "day", "month"}, window) {
		return s, false
	}
	s = client.Sending{Channel: parts[0], Window: window, Limit: -1}
	if number != "unlimited" {
		if s.Limit, ok = wholeNumber(number); !ok {
			return s, false
		}
	}
	for _, part := range parts[2:] {
		word, number, _ := strings.Cut(part, "=")
		switch {
		case part == "reject" || part == "hold":
			s.Action = part
		case part == "paced":
			s.Paced = true
		case word == "overage":
			s.Action = word
			if s.Cap, ok = wholeNumber(number); !ok {
				return s, false
			}
		default:
			return s, false
		}
	}
	return s, true
}

func wholeNumber(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// withSending is what may be sent with some of it said anew; what is not named stays.
func withSending(all, said []client.Sending) []client.Sending {
	out := slices.Clone(all)
	for _, s := range said {
		out = append(slices.DeleteFunc(out, func(o client.Sending) bool { return o.Channel == s.Channel && o.Window == s.Window }), s)
	}
	return out
}

// sendingText says how much may be sent, one limit after the other.
func sendingText(all []client.Sending) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = s.Channel + " per " + s.Window + " " + limitText(s.Limit, s.Action, s.Cap, s.Paced)
	}
	return strings.Join(out, "; ")
}
