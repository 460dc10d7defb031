package remote

import (
	"strconv"
	"strings"

	"bailiwick/internal/api/client"
)

type rolesCmd struct {
	List   rolesList   `cmd:"" help:"List the role groups that can be used in the account."`
	Show   rolesShow   `cmd:"" help:"Show a role group."`
	Create rolesCreate `cmd:"" help:"Define a role group in the account; prints its id."`
	Edit   rolesEdit   `cmd:"" help:"Change a role group, at once for everybody who has it."`
	Delete rolesDelete `cmd:"" help:"Delete a role group that nobody has."`

	Holders  rolesHolders  `cmd:"" help:"List who has a role group, in the account and below."`
	Reassign rolesReassign `cmd:"" help:"Give everybody who has a role group another role."`
}

type rolesHolders struct {
	flags
	ID string `arg:"" help:"Its id, rol_..."`
}

// Run lists who has a role group.
func (c rolesHolders) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(string) ([]client.RoleHolder, string, error) {
		l, err := s.ListRoleHolders(s.Ctx, at, c.ID)
		return l.Items, "", err
	}
	whole := func(rows []client.RoleHolder, _ string) any { return client.ListRoleHolder{Items: rows} }
	return list(s, paging{}, unknown, read, whole,
		column[client.RoleHolder]{"name", func(h client.RoleHolder) string { return h.Name }},
		column[client.RoleHolder]{"email", func(h client.RoleHolder) string { return h.Email }},
		column[client.RoleHolder]{"in", func(h client.RoleHolder) string { return h.AccountName }},
		column[client.RoleHolder]{"user", func(h client.RoleHolder) string { return or(h.User, "invited") }})
}

type rolesReassign struct {
	flags
	ID string `arg:"" help:"Its id, rol_..."`
	To string `arg:"" help:"A built-in role, or the id of a role group."`
}

// Run gives another role.
func (c rolesReassign) Run(p *Process) error {
	return c.one(p, "Reassigned", c.ID, func(s *session, at string) error {
		return s.ReassignRole(s.Ctx, at, c.ID, client.ReassignInBody{To: c.To})
	})
}

type rolesList struct{ flags }

// Run lists role groups.
func (c rolesList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(string) ([]client.Role, string, error) {
		l, err := s.ListRoles(s.Ctx, at)
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Role, next string) any { return client.ListRole{Items: rows, Next: next} }
	return list(s, paging{}, unknown, read, whole,
		column[client.Role]{"id", func(r client.Role) string { return r.ID }},
		column[client.Role]{"name", func(r client.Role) string { return r.Name }},
		column[client.Role]{"permissions", func(r client.Role) string { return strconv.Itoa(len(r.Permissions)) }},
		column[client.Role]{"people", func(r client.Role) string { return strconv.FormatInt(r.Members+r.Invitations, 10) }},
		column[client.Role]{"defined at", func(r client.Role) string {
			if r.Inherited {
				return or(r.AccountName, "above")
			}
			return "here"
		}})
}

func (s *session) role(r client.Role) error {
	if s.json {
		return s.printJSON(r)
	}
	return facts(s.Out, "Id", r.ID, "Name", r.Name, "Description", r.Description, "Permissions", strings.Join(r.Permissions, ", "), "Sends", sendingText(r.Sending), "People", strconv.FormatInt(r.Members+r.Invitations, 10))
}

type rolesShow struct {
	flags
	ID string `arg:"" help:"Its id, rol_..."`
}

// Run shows a role group.
func (c rolesShow) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	r, _, err := s.GetRole(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	return s.role(r)
}

type rolesCreate struct {
	flags
	Name        string   `arg:"" help:"Its name."`
	Description string   `help:"What it is for." placeholder:"TEXT"`
	Perm        []string `help:"What it may do, for example clients.view; repeated or with commas." placeholder:"PERMISSION"`
	Send        []string `help:"How much each of its people may send, for example email/day=500 or sms/hour=20/hold; repeated or with commas. What is left out has no limit." placeholder:"CHANNEL/WINDOW=NUMBER"`
}

// Run defines a role group.
func (c rolesCreate) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	perms := c.Perm
	if perms == nil {
		perms = []string{}
	}
	sending, err := readSending(c.Send)
	if err != nil {
		return err
	}
	return s.made(s.CreateRole(s.Ctx, at, client.CreateRoleInBody{Name: c.Name, Description: c.Description, Permissions: perms, Sending: sending}))
}

type rolesEdit struct {
	flags
	ID          string    `arg:"" help:"Its id, rol_..."`
	Name        *string   `help:"Its name." placeholder:"TEXT"`
	Description *string   `help:"What it is for." placeholder:"TEXT"`
	Perm        *[]string `help:"All that it may do from now on; repeated or with commas." placeholder:"PERMISSION"`
	Send        []string  `help:"How much each of its people may send, for example email/day=500 or sms/hour=unlimited; what is not named stays." placeholder:"CHANNEL/WINDOW=NUMBER"`
}

// Run changes a role group.
func (c rolesEdit) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	sending, err := readSending(c.Send)
	if err != nil {
		return err
	}
	r, version, err := s.GetRole(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	body := client.EditRoleInBody{Name: c.Name, Description: c.Description, Permissions: c.Perm}
	if len(sending) > 0 {
		all := withSending(r.Sending, sending)
		body.Sending = &all
	}
	if r, _, err = s.EditRole(s.Ctx, at, c.ID, version, body); err != nil {
		return err
	}
	return s.role(r)
}

type rolesDelete struct {
	flags
	ID string `arg:"" help:"Its id, rol_..."`
}

// Run deletes a role group.
func (c rolesDelete) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.DeleteRole(s.Ctx, at, c.ID); err != nil {
		return err
	}
	return s.done("Deleted %s.", plain(c.ID))
}
