package remote

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/api/client"
)

type quotaCmd struct {
	Explain  quotaExplain  `cmd:"" help:"Say how every layer stands, which binds, and what would become of so many units now."`
	Reserve  quotaReserve  `cmd:"" help:"Ask for the units of a message; the exit code is 0 for yes and 4 for no."`
	Commit   quotaCommit   `cmd:"" help:"Commit a reserve: its message is on its way."`
	Release  quotaRelease  `cmd:"" help:"Release a reserve: its message is not sent."`
	Simulate quotaSimulate `cmd:"" help:"Play a day of traffic against limits that nobody has set yet: who would be held or rejected, when, by which layer."`
	Limits   limitsCmd     `cmd:"" help:"The limits that are set on an account, a sub-account or a person: list, set, remove; what is handed out, and to whom apart from packages."`
}

// sent is what is sent, and with which sub-account.
type sent struct {
	flags
	Channel    string `enum:"email,sms" default:"email" help:"email or sms."`
	Subaccount string `help:"With which sub-account." placeholder:"ID"`
}

type quotaExplain struct {
	sent
	User  string `help:"Whose key, when it is not this one: the id of a membership." placeholder:"ID"`
	Units int64  `default:"1" help:"What if that many were sent now?"`
}

// standing is one window of one layer, as a line of the table.
type standing struct {
	layer, name string
	client.QuotaWindow
}

// Run explains.
func (c quotaExplain) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	x, err := s.ExplainQuota(s.Ctx, client.ExplainQuotaParams{Account: at, Channel: c.Channel, Subaccount: c.Subaccount, User: c.User, Units: c.Units})
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(x)
	}
	if err := s.done("%s", verdict(x.Allowed, x.Units, x.Refusal)); err != nil {
		return err
	}
	var rows []standing
	for _, l := range x.Layers {
		if len(l.Windows) == 0 {
			rows = append(rows, standing{layer: l.Layer})
		}
		for _, w := range l.Windows {
			rows = append(rows, standing{l.Layer, l.Name, w})
		}
	}
	return table(s.Out, rows,
		column[standing]{"layer", func(r standing) string { return r.layer }},
		column[standing]{"name", func(r standing) string { return r.name }},
		column[standing]{"window", func(r standing) string { return r.Window }},
		column[standing]{"limit", func(r standing) string { return r.limit() }},
		column[standing]{"used", func(r standing) string { return r.cell(strconv.FormatInt(r.Used, 10)) }},
		column[standing]{"remaining", func(r standing) string { return r.left() }},
		column[standing]{"resets", func(r standing) string { return strings.TrimPrefix(moment(r.ResetsAt), "-") }},
		column[standing]{"from", func(r standing) string { return r.Source }},
		column[standing]{"", func(r standing) string { return map[bool]string{true: "binds"}[r.Binds] }})
}

func verdict(yes bool, units int64, r client.QuotaRefusal) string {
	if yes {
		return fmt.Sprintf("%d can be sent now.", units)
	}
	text := fmt.Sprintf("%d cannot be sent now: the limit of the %s for the %s", units, r.Layer, r.Window)
	if r.Layer != "provider" {
		text += fmt.Sprintf(" is %d, of which %d are used", r.Limit, r.Used)
	}
	if r.OpensAt.IsZero() {
		return text + ". So many could never be sent at once."
	}
	return text + ". They could be sent at " + moment(r.OpensAt) + "."
}

// cell leaves the cells of layers empty that are out of sight.
func (r standing) cell(text string) string {
	if r.Window == "" {
		return ""
	}
	return text
}

func (r standing) limit() string {
	if r.Limit < 0 {
		return "unlimited"
	}
	text := limitText(r.Limit, r.Action, r.Cap, r.Paced)
	if r.Credits > 0 {
		text += fmt.Sprintf(", and %d in credits", r.Credits)
	}
	return r.cell(text)
}

func (r standing) left() string {
	if r.Limit < 0 {
		return ""
	}
	return r.cell(strconv.FormatInt(r.Remaining, 10))
}

func limitText(limit int64, action string, most int64, paced bool) string {
	if limit < 0 {
		return "unlimited"
	}
	text := strconv.FormatInt(limit, 10)
	switch {
	case action == "overage":
		text += fmt.Sprintf(", overage to %d", most)
	case action == "hold":
		text += ", hold"
	}
	if paced {
		text += ", paced"
	}
	return text
}

type quotaReserve struct {
	sent
	Key        string `arg:"" help:"Your own name for the message: sent again, it counts nothing."`
	Recipients int64  `default:"1" help:"How many recipients."`
	Parts      int64  `default:"1" help:"Of an SMS: the parts of each."`
	Hold       int64  `name:"hold-seconds" help:"How long it can be committed or released; without it 900 seconds."`
}

// Run reserves.
func (c quotaReserve) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	a, err := s.ReserveQuota(s.Ctx, client.QuotaReserve{Key: c.Key, Account: at, Channel: c.Channel, Subaccount: c.Subaccount, Recipients: c.Recipients, Parts: c.Parts, HoldSeconds: c.Hold})
	if err != nil {
		return err
	}
	switch {
	case s.json:
		err = s.printJSON(a)
	case a.Allowed:
		err = s.done("%s", a.ID)
	default:
		err = s.done("%s", verdict(false, c.Recipients, a.Refusal))
	}
	if err == nil && !a.Allowed {
		err = ErrNotAllowed
	}
	return err
}

type quotaCommit struct {
	flags
	ID string `arg:"" help:"The reserve, rsv_..."`
}

// Run commits.
func (c quotaCommit) Run(p *Process) error {
	s, _, err := c.within(p)
	if err != nil {
		return err
	}
	out, err := s.CommitQuota(s.Ctx, client.QuotaSettle{ID: c.ID})
	return s.settled("Committed "+c.ID, out, err)
}

type quotaRelease struct {
	flags
	ID string `arg:"" help:"The reserve, rsv_..."`
}

// Run releases.
func (c quotaRelease) Run(p *Process) error {
	s, _, err := c.within(p)
	if err != nil {
		return err
	}
	out, err := s.ReleaseQuota(s.Ctx, client.QuotaSettle{ID: c.ID})
	return s.settled("Released "+c.ID, out, err)
}

func (s *session) settled(did string, out client.QuotaSettled, err error) error {
	if err != nil || s.json {
		return s.jsonOr(out, err)
	}
	return s.done("%s", did)
}

type limitsCmd struct {
	List      limitsList      `cmd:"" help:"List the limits that are set."`
	Set       limitsSet       `cmd:"" help:"Set a limit."`
	Remove    limitsRemove    `cmd:"" help:"Take a limit away that was set here."`
	Pool      limitsPool      `cmd:"" help:"Say how much an account has of this month, and what of it is sent and handed out."`
	Overrides limitsOverrides `cmd:"" help:"List the limits that clients have instead of those of their packages, the latest first."`
}

// limitsOf names what limits are set on.
type limitsOf struct {
	flags
	Subaccount string `help:"A sub-account of the account instead of the account itself." placeholder:"ID"`
	User       string `help:"A person of the account instead, by the id of the membership." placeholder:"ID"`
}

type limitsList struct{ limitsOf }

// Run lists limits.
func (c limitsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	l, err := s.ListLimits(s.Ctx, at, client.ListLimitsParams{Subaccount: c.Subaccount, User: c.User})
	if err != nil {
		return err
	}
	return s.limits(l)
}

func (s *session) limits(l client.ListQuotaLimit) error {
	if s.json {
		return s.printJSON(l)
	}
	err := table(s.Out, l.Items,
		column[client.QuotaLimit]{"channel", func(q client.QuotaLimit) string { return q.Channel }},
		column[client.QuotaLimit]{"window", func(q client.QuotaLimit) string { return q.Window }},
		column[client.QuotaLimit]{"limit", func(q client.QuotaLimit) string { return limitText(q.Limit, q.Action, q.Cap, q.Paced) }},
		column[client.QuotaLimit]{"used", func(q client.QuotaLimit) string { return strconv.FormatInt(q.Used, 10) }},
		column[client.QuotaLimit]{"ends", func(q client.QuotaLimit) string { return strings.TrimPrefix(moment(q.EndsAt), "-") }},
		column[client.QuotaLimit]{"from", func(q client.QuotaLimit) string { return q.Source }},
		column[client.QuotaLimit]{"in force", func(q client.QuotaLimit) string { return yes(q.InForce) }})
	for _, q := range l.Items {
		if err == nil && q.BelowUsed {
			_, err = fmt.Fprintf(s.Err, "More is used than the limit of the %s allows. Nothing more is sent by %s until the window opens.\n", q.Window, q.Channel)
		}
	}
	return err
}

type limitsSet struct {
	limitsOf
	Channel string `arg:"" enum:"email,sms" help:"email or sms."`
	Window  string `arg:"" enum:"hour,day,month" help:"hour, day or month."`
	Limit   string `arg:"" help:"A number, 0 for none, or unlimited."`
	Action  string `enum:"reject,hold,overage" default:"reject" help:"What happens at the limit: reject, hold or overage."`
	Cap     int64  `help:"Up to where overage lets through."`
	Paced   bool   `help:"Spread it evenly over the window."`
	Ends    string `help:"The last day on which it is in force, in the account's time zone." placeholder:"YYYY-MM-DD"`
}

// Run sets a limit.
func (c limitsSet) Run(p *Process) error {
	e := client.QuotaLimitEdit{Channel: c.Channel, Window: c.Window, Limit: -1, Action: c.Action, Cap: c.Cap, Paced: c.Paced}
	if c.Limit != "unlimited" {
		n, err := strconv.ParseInt(c.Limit, 10, 64)
		if err != nil {
			return &Usage{"Write the limit as a number, or unlimited."}
		}
		e.Limit = n
	}
	if c.Ends != "" {
		if _, err := time.Parse(time.DateOnly, c.Ends); err != nil {
			return &Usage{"Write the last day as YYYY-MM-DD."}
		}
		e.LastDay = c.Ends
	}
	return c.change(p, client.SetLimitsInBody{Limits: []client.QuotaLimitEdit{e}})
}

type limitsRemove struct {
	limitsOf
	Channel string `arg:"" enum:"email,sms" help:"email or sms."`
	Window  string `arg:"" enum:"hour,day,month" help:"hour, day or month."`
}

// Run removes a limit.
func (c limitsRemove) Run(p *Process) error {
	return c.change(p, client.SetLimitsInBody{Remove: []client.QuotaLimitName{{Channel: c.Channel, Window: c.Window}}})
}

func (c limitsOf) change(p *Process, body client.SetLimitsInBody) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	l, err := s.SetLimits(s.Ctx, at, client.SetLimitsParams{Subaccount: c.Subaccount, User: c.User}, body)
	if err != nil {
		return err
	}
	return s.limits(l)
}
