package remote

import (
	"fmt"

	"bailiwick/internal/api/client"
)

type invitationsCmd struct {
	List   invitationsList   `cmd:"" help:"List the open invitations of the account."`
	Resend invitationsResend `cmd:"" help:"Send invitations again."`
	Revoke invitationsRevoke `cmd:"" help:"Revoke invitations."`
}

type invitationsList struct {
	flags
	paging
}

// Run lists invitations.
func (c invitationsList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Invitation, string, error) {
		l, err := s.ListInvitations(s.Ctx, at, client.ListInvitationsParams{Cursor: cursor})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Invitation, next string) any { return client.ListInvitation{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.Invitation]{"id", func(i client.Invitation) string { return i.ID }},
		column[client.Invitation]{"email", func(i client.Invitation) string { return i.Email }},
		column[client.Invitation]{"role", func(i client.Invitation) string { return or(i.RoleName, i.Access.Role) }},
		column[client.Invitation]{"invited by", func(i client.Invitation) string { return i.InvitedBy }},
		column[client.Invitation]{"sent", func(i client.Invitation) string { return day(i.SentAt) }},
		column[client.Invitation]{"expires", func(i client.Invitation) string {
			if i.Expired {
				return "expired"
			}
			return day(i.ExpiresAt)
		}})
}

func (f flags) invitations(p *Process, ids []string, action, did string) error {
	s, at, err := f.within(p)
	if err != nil {
		return err
	}
	if ids, err = s.lines(ids); err != nil {
		return fmt.Errorf("read the ids: %w", err)
	}
	if err := s.ChangeInvitations(s.Ctx, at, client.ChangeInvitationsInBody{Action: action, Invitations: ids}); err != nil {
		return err
	}
	return s.done("%s %d.", did, len(ids))
}

type invitationsResend struct {
	flags
	ID []string `arg:"" help:"Ids, or - for one on each line of the input."`
}

// Run sends invitations again.
func (c invitationsResend) Run(p *Process) error {
	return c.invitations(p, c.ID, "resend", "Invitations sent again:")
}

type invitationsRevoke struct {
	flags
	ID []string `arg:"" help:"Ids, or - for one on each line of the input."`
}

// Run revokes invitations.
func (c invitationsRevoke) Run(p *Process) error {
	return c.invitations(p, c.ID, "revoke", "Invitations revoked:")
}
