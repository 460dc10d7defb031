package remote

import (
	"bailiwick/internal/api/client"
)

// oneUser names somebody of the account.
type oneUser struct {
	flags
	ID string `arg:"" help:"Id of the membership, mem_..."`
}

// usersPerson is what reaches the person behind a user.
type usersPerson struct {
	Profile    usersProfile    `cmd:"" help:"Show the profile of a person, which counts in all their accounts, or change it."`
	Email      usersEmail      `cmd:"" help:"Mail a confirmation to a new address of a person."`
	Sessions   usersSessions   `cmd:"" help:"List where a person is signed in."`
	EndSession usersEndSession `cmd:"" help:"End a session of a person."`
}

type usersProfile struct {
	oneUser
	Name     *string `help:"Their name." placeholder:"NAME"`
	Username *string `help:"Their user name." placeholder:"NAME"`
	Language *string `help:"A BCP 47 tag; empty: that of the browser." placeholder:"TAG"`
	TimeZone *string `help:"An IANA name; empty: that of the account." placeholder:"ZONE"`
}

// Run shows or edits a profile.
func (c usersProfile) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	who, version, err := s.GetIdentity(s.Ctx, at, c.ID)
	if err == nil && (c.Name != nil || c.Username != nil || c.Language != nil || c.TimeZone != nil) {
		who, _, err = s.EditIdentity(s.Ctx, at, c.ID, version, client.EditIdentityInBody{Name: c.Name, Username: c.Username, Language: c.Language, TimeZone: c.TimeZone})
	}
	if err != nil {
		return err
	}
	return s.profile(who)
}

func (s *session) profile(who client.Profile) error {
	if s.json {
		return s.printJSON(who)
	}
	return facts(s.Out, "Name", who.Name, "User name", who.Username, "Email", who.Email, "Language", or(who.Language, "that of the browser"), "Time zone", or(who.TimeZone, "that of the account"))
}

type usersEmail struct {
	oneUser
	Address string `arg:"" help:"The new address."`
}

// Run asks for a confirmation.
func (c usersEmail) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.AskUserEmail(s.Ctx, at, c.ID, client.AskUserEmailInBody{Email: c.Address}); err != nil {
		return err
	}
	return s.done("A link is on its way to %s.", plain(c.Address))
}

type usersSessions struct{ oneUser }

// Run lists sessions.
func (c usersSessions) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.sessions(func() (client.ListSession, error) { return s.ListUserSessions(s.Ctx, at, c.ID) })
}

type usersEndSession struct {
	oneUser
	Session string `arg:"" help:"Its id, ses_..."`
}

// Run ends a session.
func (c usersEndSession) Run(p *Process) error {
	return c.one(p, "Ended", c.Session, func(s *session, at string) error { return s.EndUserSession(s.Ctx, at, c.ID, c.Session) })
}

type usersTransfer struct {
	oneUser
	Keep bool `help:"The present Owners stay Owners; else they become Admins."`
}

// Run makes somebody the Owner.
func (c usersTransfer) Run(p *Process) error {
	return c.one(p, "Made Owner:", c.ID, func(s *session, at string) error {
		return s.TransferOwnership(s.Ctx, at, client.TransferInBody{To: c.ID, KeepOwners: c.Keep})
	})
}

type usersPermissions struct{ oneUser }

// Run lists permissions.
func (c usersPermissions) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.permissions(func() (client.ListPermission, error) { return s.GetEffectiveAccess(s.Ctx, at, c.ID) })
}

type accessPermissions struct{ flags }

// Run lists permissions.
func (c accessPermissions) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	return s.permissions(func() (client.ListPermission, error) { return s.ListPermissions(s.Ctx) })
}

func (s *session) permissions(all func() (client.ListPermission, error)) error {
	l, err := all()
	if err != nil || s.json {
		return s.jsonOr(l, err)
	}
	for _, x := range l.Items {
		if err := s.done("%s", plain(x.Name)); err != nil {
			return err
		}
	}
	return nil
}
