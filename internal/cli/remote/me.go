package remote

import "strings"

type meCmd struct{ flags }

// Run says for whom the key acts.
func (c meCmd) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	me, err := s.GetMe(s.Ctx)
	if err != nil || s.json {
		return s.jsonOr(me, err)
	}
	a, _, err := s.GetAccount(s.Ctx, me.Account)
	if err != nil && ExitOf(err) != ExitDenied {
		return err
	}
	return facts(s.Out, "Name", me.Name, "User", me.User, "Key", me.Key, "Account", strings.TrimSpace(me.Account+" "+a.Name), "May", strings.Join(me.Can, ", "))
}
