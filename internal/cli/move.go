package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"bailiwick/internal/account"
	"bailiwick/internal/app"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

type moveCmd struct {
	Account string            `arg:"" help:"The account's id."`
	To      string            `required:"" help:"The account to move it below." placeholder:"ID"`
	Role    map[string]string `help:"What stands in for a role group that does not reach there, repeated for several." placeholder:"GROUP=ROLE"`
	Package map[string]string `help:"What stands in for a package that does not reach there, or none; repeated for several." placeholder:"PACKAGE=PACKAGE"`
	Yes     bool              `help:"Do not ask for the account's name."`
}

// Run says what the move does, has the account's name typed, and moves it.
func (c moveCmd) Run(r *run) error {
	id, err := ids.ParseAccount(c.Account)
	if err != nil {
		return errs.NoSuch("account")
	}
	to, err := ids.ParseAccount(c.To)
	if err != nil {
		return errs.NoSuch("account")
	}
	in := account.MoveInput{To: to, Roles: map[ids.Role]authz.Role{}, Packages: map[ids.Package]ids.Package{}, Tell: progress(r.Out, "Moving")}
	for group, next := range c.Role {
		in.Roles[ids.Role(group)] = authz.Role(next)
	}
	for pkg, next := range c.Package {
		if next == string(account.NoPackage) {
			next = ""
		}
		in.Packages[ids.Package(pkg)] = ids.Package(next)
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	return errors.Join(c.move(r, a, id, in), a.Close())
}

func (c moveCmd) move(r *run, a *app.App, id ids.Account, in account.MoveInput) error {
	by, err := a.Mover(r.ctx)
	if err != nil {
		return err
	}
	d, err := a.Accounts.Get(r.ctx, by, id)
	if err != nil {
		return err
	}
	p, err := a.Accounts.PreviewMove(r.ctx, by, id, in.To)
	if err != nil {
		return err
	}
	tellPlan(r.Out, d.Name, p, in)
	if p.Changeable && !c.Yes {
		fmt.Fprintf(r.Out, "Type the account's name to move it: ")
		typed := bufio.NewScanner(r.In)
		typed.Scan()
		if ids.Fold(typed.Text()) != ids.Fold(d.Name) {
			fmt.Fprintln(r.Out)
			return errs.Field("typed", "account.name_mismatch", "Type the account's name, {name}, as it is shown.", "name", d.Name)
		}
	}
	if _, err := a.Accounts.Move(r.ctx, by, id, in); err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "Moved %s with everything below it.\n", d.Name)
	return nil
}

// tellPlan lists what moves, what stands in the way, and which role groups need a replacement.
func tellPlan(out io.Writer, name string, p account.Move, in account.MoveInput) {
	fmt.Fprintf(out, "%s moves from %s to %s. Accounts: %d, expected time: %s. Until it is done, everything below can be read and not changed.\n",
		name, p.From.Name, p.To.Name, p.Accounts, p.Takes)
	if p.TimeZone != "" {
		fmt.Fprintf(out, "The time zone changes from %s to %s, since it is inherited.\n", p.ZoneBefore, p.TimeZone)
	}
	for _, m := range p.Settings {
		how := "does not apply there any more"
		if m.Gained {
			how = "applies there"
		}
		fmt.Fprintf(out, "The setting %s of %s %s.\n", m.Name, m.Account, how)
	}
	if p.NameTaken {
		fmt.Fprintf(out, "In the way: a department called %s is there already.\n", name)
	}
	for _, ref := range p.RefsTaken {
		fmt.Fprintf(out, "In the way: the reference %s=%s is taken there.\n", ref.Source, ref.Reference)
	}
	for _, n := range p.NamesTaken {
		fmt.Fprintf(out, "In the way: the name %s of a sub-account is taken there.\n", n)
	}
	for _, l := range p.Limits {
		fmt.Fprintf(out, "In the way: the limit %s. %s\n", l.Name, l.Why.Text())
	}
	for _, k := range p.Packages {
		if _, chosen := in.Packages[k.Package]; chosen {
			continue
		}
		var choices []string
		for _, ch := range k.Choices {
			if ch.ID == "" {
				ch.ID = account.NoPackage
			}
			choices = append(choices, strings.TrimSpace(string(ch.ID)+" "+ch.Name))
		}
		fmt.Fprintf(out, "The package %s does not reach there (%d clients): give --package %s=PACKAGE, one of %s.\n", k.Name, k.Clients, k.Package, strings.Join(choices, ", "))
	}
	for _, g := range p.Stranded {
		if in.Roles[g.Group] != "" {
			continue
		}
		var choices []string
		for _, ch := range g.Choices {
			choices = append(choices, strings.TrimSpace(string(ch.Role)+" "+ch.Name))
		}
		fmt.Fprintf(out, "The role group %s does not reach there (%d people, %d invitations): give --role %s=ROLE, one of %s.\n",
			g.Name, g.Members, g.Invitations, g.Group, strings.Join(choices, ", "))
	}
}
