package remote

import (
	"strconv"

	"bailiwick/internal/api/client"
	"bailiwick/internal/sheet"
)

type usageCmd struct {
	limitsOf
	Channel string `enum:"email,sms" default:"email" help:"email or sms."`
	Grain   string `enum:"hour,day,month" default:"day" help:"hour, day or month; a month is one of the calendar."`
	From    string `help:"The first day, in the account's time zone." placeholder:"YYYY-MM-DD"`
	To      string `help:"The last day; today without it." placeholder:"YYYY-MM-DD"`
	CSV     bool   `name:"csv" help:"Print CSV, for spreadsheets and billing systems."`
}

// Run prints what was sent in each period.
func (c usageCmd) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	u, err := s.GetUsage(s.Ctx, at, client.GetUsageParams{Subaccount: c.Subaccount, User: c.User, Channel: c.Channel, Grain: c.Grain, From: c.From, To: c.To})
	switch {
	case err != nil:
		return err
	case s.json:
		return s.printJSON(u)
	case c.CSV:
		return s.usageCSV(u)
	}
	if err := s.done("%s sent %d by %s from %s to %s.", plain(u.Name), u.Units, u.Channel, u.From, u.To); err != nil {
		return err
	}
	return table(s.Out, u.Periods,
		column[client.UsagePeriod]{u.Grain, func(p client.UsagePeriod) string { return p.Period }},
		column[client.UsagePeriod]{"units", func(p client.UsagePeriod) string { return strconv.FormatInt(p.Units, 10) }},
		column[client.UsagePeriod]{"overage", func(p client.UsagePeriod) string { return strconv.FormatInt(p.Overage, 10) }})
}

func (s *session) usageCSV(u client.Usage) error {
	head, err := sheet.Head([]string{"account", "channel", u.Grain, "units", "overage_units"})
	if err != nil {
		return err
	}
	rows := make([][]string, len(u.Periods))
	for i, p := range u.Periods {
		rows[i] = []string{u.Name, u.Channel, p.Period, strconv.FormatInt(p.Units, 10), strconv.FormatInt(p.Overage, 10)}
	}
	lines, err := sheet.Lines(rows)
	if err != nil {
		return err
	}
	_, err = s.Out.Write(append(head, lines...))
	return err
}
