package remote

import (
	"fmt"
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

type securityCmd struct {
	Lists     securityLists     `cmd:"" help:"List from which addresses the account is reached, by people and by keys."`
	Allow     securityAllow     `cmd:"" help:"Put an address or a range on a list."`
	Disallow  securityDisallow  `cmd:"" help:"Take an address or a range off a list."`
	On        securityOn        `cmd:"" help:"Put a list in force."`
	Off       securityOff       `cmd:"" help:"Put a list out of force; what is on it stays."`
	Trial     securityTrial     `cmd:"" help:"Keep a list that somebody tries, or undo it."`
	Concerned securityConcerned `cmd:"" help:"Count the people whom the rules for passwords and second factors concern."`
	SignOut   securitySignOut   `cmd:"" help:"End all sessions of everybody in the account and below."`
}

type securityLists struct {
	flags
	SubAccount string `name:"subaccount" help:"The list of this sub-account alone, sub_..." placeholder:"ID"`
}

// Run lists addresses.
func (c securityLists) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	l, err := s.ListAllowlists(s.Ctx, at, client.ListAllowlistsParams{Subaccount: c.SubAccount})
	if err != nil || s.json {
		return s.jsonOr(l, err)
	}
	for _, x := range l.Items {
		standing := "off"
		if x.On {
			standing = "on"
		}
		if !x.TrialUntil.IsZero() {
			standing += ", tried until " + moment(x.TrialUntil)
		}
		if len(x.Above) > 0 {
			standing += "; those of " + plain(strings.Join(x.Above, ", ")) + " count as well"
		}
		if _, err := fmt.Fprintf(s.Out, "%s: %s\n", x.List, standing); err != nil {
			return err
		}
		for _, sub := range x.Own {
			if _, err := fmt.Fprintf(s.Out, "%s has a list of its own: %s\n", plain(sub.Name), sub.ID); err != nil {
				return err
			}
		}
		if len(x.Entries) == 0 {
			continue
		}
		if err := table(s.Out, x.Entries,
			column[client.AllowedNetwork]{"network", func(n client.AllowedNetwork) string { return n.Network }},
			column[client.AllowedNetwork]{"note", func(n client.AllowedNetwork) string { return n.Note }},
			column[client.AllowedNetwork]{"last used", func(n client.AllowedNetwork) string { return moment(n.LastUsed) }}); err != nil {
			return err
		}
	}
	return nil
}

// onList names one of the lists.
type onList struct {
	flags
	List       string `arg:"" enum:"portal,api" help:"portal, for people who sign in, or api, for keys."`
	SubAccount string `name:"subaccount" help:"With api: the list of this sub-account, sub_..." placeholder:"ID"`
}

type securityAllow struct {
	onList
	Network string `arg:"" help:"An address, or a range in CIDR notation."`
	Note    string `help:"What it is." placeholder:"TEXT"`
}

// Run adds an address.
func (c securityAllow) Run(p *Process) error {
	return c.one(p, "Added", c.Network, func(s *session, at string) error {
		return s.AddToAllowlist(s.Ctx, at, client.AddToAllowlistInBody{List: c.List, Subaccount: c.SubAccount, Network: c.Network, Note: c.Note})
	})
}

type securityDisallow struct {
	onList
	Network string `arg:"" help:"As the list has it."`
	trial
}

// trial lets a list exclude whoever changes it, for a while.
type trial struct {
	Trial bool `help:"Try a list that would exclude you: it is undone after ten minutes unless somebody keeps it."`
}

// Run removes an address.
func (c securityDisallow) Run(p *Process) error {
	return c.one(p, "Removed", c.Network, func(s *session, at string) error {
		return s.RemoveFromAllowlist(s.Ctx, at, client.RemoveFromAllowlistInBody{List: c.List, Subaccount: c.SubAccount, Network: c.Network, Trial: c.Trial})
	})
}

func (c onList) set(p *Process, did string, on, trial bool) error {
	return c.one(p, did, "the list "+c.List, func(s *session, at string) error {
		return s.SwitchAllowlist(s.Ctx, at, client.SwitchAllowlistInBody{List: c.List, Subaccount: c.SubAccount, On: on, Trial: trial})
	})
}

type securityOn struct {
	onList
	trial
}

// Run puts a list in force.
func (c securityOn) Run(p *Process) error { return c.set(p, "Switched on", true, c.Trial) }

type securityOff struct{ onList }

// Run puts a list out of force.
func (c securityOff) Run(p *Process) error { return c.set(p, "Switched off", false, false) }

type securityTrial struct {
	flags
	Do   string `arg:"" enum:"keep,undo" help:"keep or undo."`
	List string `enum:"portal,api" default:"portal" help:"The list: portal or api."`
}

// Run ends a trial.
func (c securityTrial) Run(p *Process) error {
	return c.one(p, "Ended", "the trial", func(s *session, at string) error {
		return s.EndAllowlistTrial(s.Ctx, at, client.EndTrialInBody{List: c.List, Keep: c.Do == "keep"})
	})
}

type securityConcerned struct {
	flags
	Expiry int `default:"-1" help:"As if passwords expired after so many days, 0 for never; without it as they do now." placeholder:"DAYS"`
}

// Run counts people.
func (c securityConcerned) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	n, err := s.CountConcerned(s.Ctx, at, client.CountConcernedParams{Expiry: int64(c.Expiry)})
	if err != nil || s.json {
		return s.jsonOr(n, err)
	}
	if n.Many {
		return s.done("There are too many people to count.")
	}
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	return facts(s.Out, "People", count(n.People), "Password to change", count(n.Expired), "Without a second factor", count(n.Lacking), "Admins", count(n.Admins), "Of them without one", count(n.AdminsLacking))
}

type securitySignOut struct{ flags }

// Run ends all sessions.
func (c securitySignOut) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.SignEveryoneOut(s.Ctx, at); err != nil {
		return err
	}
	return s.done("Signed everyone out.")
}
