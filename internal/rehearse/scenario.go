// Package rehearse reads a day of traffic from a file and plays it against limits that nobody has set yet.
package rehearse

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/BurntSushi/toml"

	"bailiwick/internal/errs"
	"bailiwick/internal/quota"
)

// Limits of a scenario, so that a slip does not run for hours.
const (
	MostBytes = 1 << 20
	mostParts = 1000
	mostTries = 200_000
	mostUnits = 1 << 40
)

// file is a scenario as it is written.
type file struct {
	Day      string   `toml:"day"`
	TimeZone string   `toml:"time_zone"`
	MonthDay int      `toml:"month_day"`
	Channel  string   `toml:"channel"`
	Layers   []layer  `toml:"layer"`
	Senders  []sender `toml:"sender"`
}

type layer struct {
	Name   string  `toml:"name"`
	Kind   string  `toml:"kind"`
	Under  string  `toml:"under"`
	Used   used    `toml:"used"`
	Limits []limit `toml:"limit"`
}

type used struct {
	Hour  int64 `toml:"hour"`
	Day   int64 `toml:"day"`
	Month int64 `toml:"month"`
}

type limit struct {
	Per    string `toml:"per"`
	Amount int64  `toml:"amount"`
	Action string `toml:"action"`
	Cap    int64  `toml:"cap"`
	Paced  bool   `toml:"paced"`
}

type sender struct {
	Name  string    `toml:"name"`
	Under string    `toml:"under"`
	Sends []sending `toml:"send"`
}

type sending struct {
	At         string `toml:"at"`
	Messages   int64  `toml:"messages"`
	Recipients int64  `toml:"recipients"`
	Parts      int64  `toml:"parts"`
	Over       string `toml:"over"`
}

// Scenario is a day of traffic, and the limits that it meets.
type Scenario struct {
	Begins time.Time
	Layers []quota.Layer
	Used   [][3]int64
	Trials []quota.Trial
}

// Parse reads a scenario. What is wrong is said with its line, or with the part of the file it stands in.
func Parse(text []byte) (Scenario, error) {
	if len(text) > MostBytes {
		return Scenario{}, fmt.Errorf("make the scenario smaller: it has more than %d bytes", MostBytes)
	}
	var f file
	meta, err := toml.Decode(string(text), &f)
	var wrong toml.ParseError
	switch {
	case errors.As(err, &wrong):
		return Scenario{}, fmt.Errorf("line %d: %s", wrong.Position.Line, wrong.Message)
	case err != nil:
		return Scenario{}, fmt.Errorf("read the scenario: %w", err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return Scenario{}, fmt.Errorf("%s: there is no such field; correct its name", unknown[0])
	}
	return f.scenario()
}

func (f file) scenario() (s Scenario, err error) {
	if f.TimeZone == "" {
		f.TimeZone = "UTC"
	}
	zone, err := time.LoadLocation(f.TimeZone)
	if err != nil || f.TimeZone == "Local" {
		return s, errors.New("time_zone: choose one like Europe/Paris")
	}
	if s.Begins, err = time.ParseInLocation(time.DateOnly, f.Day, zone); err != nil || s.Begins.Year() < 1970 || s.Begins.Year() > 2200 {
		return s, errors.New("day: write it like 2026-11-30")
	}
	if f.MonthDay < 0 || f.MonthDay > 31 {
		return s, errors.New("month_day: write a day from 1 to 31")
	}
	channel := quota.Channel(f.Channel)
	if f.Channel == "" {
		channel = quota.Email
	}
	if !slices.Contains(quota.Channels(), channel) {
		return s, errors.New("channel: write email or sms")
	}
	if len(f.Layers) == 0 || len(f.Senders) == 0 || len(f.Layers) > mostParts || len(f.Senders) > mostParts {
		return s, fmt.Errorf("layer, sender: describe 1 to %d of each", mostParts)
	}
	calendar := quota.Calendar{Zone: zone, MonthDay: max(f.MonthDay, 1)}
	for i, l := range f.Layers {
		made, err := l.layer(calendar)
		if err != nil {
			return s, fmt.Errorf("layer %d %q: %w", i+1, l.Name, err)
		}
		if slices.ContainsFunc(s.Layers, func(o quota.Layer) bool { return o.Name == made.Name }) {
			return s, fmt.Errorf("layer %d %q: take another name; there is one like it", i+1, l.Name)
		}
		s.Layers, s.Used = append(s.Layers, made), append(s.Used, [3]int64{l.Used.Hour, l.Used.Day, l.Used.Month})
	}
	for i, x := range f.Senders {
		if err := s.add(f, x, channel); err != nil {
			return s, fmt.Errorf("sender %d %q: %w", i+1, x.Name, err)
		}
	}
	slices.SortStableFunc(s.Trials, func(a, b quota.Trial) int { return a.At.Compare(b.At) })
	return s, nil
}

func (l layer) layer(calendar quota.Calendar) (quota.Layer, error) {
	out := quota.Layer{Subject: l.Name, Name: l.Name, Kind: quota.Kind(l.Kind), Limits: quota.NoLimits(), Calendar: calendar}
	if l.Name == "" {
		return out, errors.New("name: give it one")
	}
	if out.Kind == "" {
		out.Kind = "customer"
	}
	if min(l.Used.Hour, l.Used.Day, l.Used.Month) < 0 || max(l.Used.Hour, l.Used.Day, l.Used.Month) > quota.MostAmount {
		return out, fmt.Errorf("used: write numbers from 0 to %d", int64(quota.MostAmount))
	}
	for i, x := range l.Limits {
		w, ok := quota.ParseWindow(x.Per)
		if !ok {
			return out, fmt.Errorf("limit %d: per: write hour, day or month", i+1)
		}
		made := quota.Limit{Amount: x.Amount, Action: quota.Action(x.Action), Cap: x.Cap, Paced: x.Paced, Source: quota.FromPackage}
		if made.Action == "" {
			made.Action = quota.Reject
		}
		if err := made.Check(); err != nil {
			return out, fmt.Errorf("limit %d: %s", i+1, words(err))
		}
		out.Limits[w] = made
	}
	return out, nil
}

// add adds what a sender sends.
func (s *Scenario) add(f file, x sender, channel quota.Channel) error {
	if x.Name == "" {
		return errors.New("name: give it one")
	}
	through, err := f.through(x.Under)
	if err != nil {
		return err
	}
	for i, e := range x.Sends {
		made, err := e.trials(s.Begins, channel)
		if err != nil {
			return fmt.Errorf("send %d: %w", i+1, err)
		}
		if len(s.Trials)+len(made) > mostTries {
			return fmt.Errorf("send %d: send fewer messages; a scenario has %d at most", i+1, mostTries)
		}
		for _, t := range made {
			t.Sender, t.Through = x.Name, through
			s.Trials = append(s.Trials, t)
		}
	}
	return nil
}

// through are the layers from the one that is named up.
func (f file) through(name string) (out []int, err error) {
	for name != "" {
		i := slices.IndexFunc(f.Layers, func(l layer) bool { return l.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("under: there is no layer %q", name)
		}
		if slices.Contains(out, i) {
			return nil, fmt.Errorf("under: the layer %q lies under itself", name)
		}
		out = append(out, i)
		name = f.Layers[i].Under
	}
	if len(out) == 0 {
		return nil, errors.New("under: name the layer it sends in")
	}
	return out, nil
}

// trials spreads messages evenly, from a time of the day on.
func (e sending) trials(begins time.Time, channel quota.Channel) ([]quota.Trial, error) {
	at, err := time.Parse("15:04", e.At)
	if err != nil {
		return nil, errors.New("at: write a time of the day like 09:30")
	}
	over := time.Duration(0)
	if e.Over != "" {
		if over, err = time.ParseDuration(e.Over); err != nil || over < 0 || over > 24*time.Hour {
			return nil, errors.New("over: write a length up to 24h, like 90m")
		}
	}
	if e.Messages == 0 {
		e.Messages = 1
	}
	if e.Messages < 0 || e.Messages > mostTries {
		return nil, fmt.Errorf("messages: write a number from 1 to %d", mostTries)
	}
	units, err := quota.Units(channel, max(e.Recipients, 1), max(e.Parts, 1))
	if err != nil || e.Recipients < 0 || e.Parts < 0 || units > mostUnits {
		return nil, fmt.Errorf("recipients, parts: write numbers of 1 and up, %d together at most", int64(mostUnits))
	}
	y, m, d := begins.Date()
	first := time.Date(y, m, d, at.Hour(), at.Minute(), 0, 0, begins.Location())
	out := make([]quota.Trial, e.Messages)
	for i := range out {
		out[i] = quota.Trial{At: first.Add(over / time.Duration(e.Messages) * time.Duration(i)), Units: units}
	}
	return out, nil
}

// words is what an error of a single field says.
func words(err error) string {
	var e *errs.Error
	if errors.As(err, &e) && len(e.Fields) == 1 {
		for name, p := range e.Fields {
			return fmt.Sprintf("%v: %s", name, p.Text())
		}
	}
	return err.Error()
}
