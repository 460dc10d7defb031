package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/op"
	"bailiwick/internal/page"
	"bailiwick/internal/user"
)

func (a *API) invitationOperations() {
	tag := "Invitations"
	add(a, operation{id: "listInvitations", route: "GET /accounts/{account}/invitations", tag: tag, perm: authz.UsersView, about: "List the open invitations of an account"}, a.listInvitations)
	add(a, operation{id: "sendInvitations", route: "POST /accounts/{account}/invitations", tag: tag, perm: authz.UsersInvite, status: http.StatusOK, about: "Invite up to 1,000 addresses",
		more: "Every address that can be invited is, in one step; the others come back with the reason."}, a.sendInvitations)
	add(a, operation{id: "checkInvitations", route: "POST /accounts/{account}/invitations/check", tag: tag, perm: authz.UsersInvite, status: http.StatusOK, optMark: true, about: "Say what would become of addresses, and send nothing"}, a.checkInvitations)
	add(a, operation{id: "changeInvitations", route: "POST /accounts/{account}/invitations/bulk", tag: tag, perm: authz.UsersInvite, status: http.StatusNoContent, about: "Resend or revoke up to 100 invitations, all or none"}, a.changeInvitations)
	add(a, operation{id: "getInvitation", route: "GET /accounts/{account}/invitations/{invitation}", tag: tag, perm: authz.UsersView, about: "Get an open invitation"}, a.getInvitation)
	add(a, operation{id: "resendInvitation", route: "POST /accounts/{account}/invitations/{invitation}/resend", tag: tag, perm: authz.UsersInvite, status: http.StatusNoContent, about: "Send a new link; the old one is dead"}, a.resendInvitation)
	add(a, operation{id: "revokeInvitation", route: "DELETE /accounts/{account}/invitations/{invitation}", tag: tag, perm: authz.UsersInvite, about: "Revoke an invitation"}, a.revokeInvitation)
}

// Invitation is an invitation that waits to be accepted. Its link is nowhere to be read.
type Invitation struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name,omitempty"`
	Access    Access    `json:"access"`
	RoleName  string    `json:"role_name,omitempty" doc:"Of the role group."`
	InvitedBy string    `json:"invited_by"`
	SentAt    time.Time `json:"sent_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Expired   bool      `json:"expired"`
	Can       []string  `json:"can" doc:"What the key may do with invitations here."`
}

func (a *API) invitationBody(i invite.Invitation, mine []string) Invitation {
	return Invitation{string(i.ID), i.Email, i.Name, accessBody(i.Access), i.RoleName, i.InvitedBy, i.SentAt, i.ExpiresAt, i.Expired(a.Clock()), mine}
}

func (a *API) listInvitations(ctx context.Context, by authz.Actor, in *listIn) (*Answer[List[Invitation]], error) {
	bind := binding(by, in.Account, "invitations")
	var after *invite.After
	if in.Cursor != "" {
		c, err := a.Cursors.Open(bind, in.Cursor, 2)
		if err != nil {
			return nil, err
		}
		at, err := number(c.Key[0])
		if err != nil {
			return nil, err
		}
		after = &invite.After{Back: c.Back, SentAt: at, ID: ids.Invitation(c.Key[1])}
	}
	p, err := a.Invites.List(ctx, by, in.Account, after)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "users")
	if err != nil {
		return nil, err
	}
	seal := func(at *invite.After) string {
		if at == nil {
			return ""
		}
		return a.Cursors.Seal(bind, page.Cursor{Back: at.Back, Key: []string{strconv.FormatInt(at.SentAt, 10), string(at.ID)}})
	}
	out := List[Invitation]{Items: make([]Invitation, len(p.Invitations)), Next: seal(p.Next), Previous: seal(p.Prev)}
	for i, inv := range p.Invitations {
		out.Items[i] = a.invitationBody(inv, mine)
	}
	return &Answer[List[Invitation]]{out}, nil
}

// Addresses are whom to invite.
type Addresses []string

func (x Addresses) text() string { return strings.Join(x, "\n") }

type sendInvitationsIn struct {
	AtAccount
	Body struct {
		Addresses Addresses            `json:"addresses" minItems:"1" maxItems:"1000" doc:"Each as name@example.com, or Name <name@example.com>."`
		Access    *NewAccess           `json:"access,omitempty" doc:"What they may do; without it they are Guests."`
		Each      map[string]NewAccess `json:"each,omitempty" doc:"What single addresses may do instead."`
	}
}

// InvitationsSent says what became of each address.
type InvitationsSent struct {
	Sent []string         `json:"sent" doc:"The addresses that were invited."`
	Left []AddressVerdict `json:"left" doc:"Those that were not, each with the reason."`
}

// AddressVerdict says whether an address can be invited.
type AddressVerdict struct {
	Address string `json:"address" doc:"As it was sent."`
	Verdict string `json:"verdict" enum:"ok,malformed,already_user,deactivated,already_invited,disposable,duplicate"`
	User    string `json:"user,omitempty" doc:"The membership of somebody who is or was a user here."`
}

type sentOut struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true when an earlier request with the same Idempotency-Key sent them; the reasons are then those of now."`
	Body     InvitationsSent
}

func (a *API) sendInvitations(ctx context.Context, by authz.Actor, in *sendInvitationsIn) (*sentOut, error) {
	access, err := given(in.Body.Access)
	if err != nil {
		return nil, err
	}
	rows := map[string]user.Access{}
	for address, x := range in.Body.Each {
		if rows[ids.Fold(address)], err = x.access("each"); err != nil {
			return nil, err
		}
	}
	res, err := a.Invites.Invite(ctx, by, in.Account, invite.Input{Addresses: in.Body.Addresses.text(), Access: access, Rows: rows})
	if r := op.Replayed(err); r != nil {
		return a.sentBefore(ctx, by, in, r)
	}
	if err != nil {
		return nil, err
	}
	return &sentOut{Body: InvitationsSent{append([]string{}, res.Sent...), verdictBodies(res.Left)}}, nil
}

// sentBefore tells again what became of the addresses.
func (a *API) sentBefore(ctx context.Context, by authz.Actor, in *sendInvitationsIn, r *op.Replay) (*sentOut, error) {
	all, err := a.Invites.Check(ctx, by, in.Account, in.Body.Addresses.text())
	if err != nil {
		return nil, err
	}
	out := &sentOut{Replayed: "true", Body: InvitationsSent{Sent: []string{}}}
	sent := map[string]bool{}
	for _, made := range r.Results {
		sent[ids.Fold(made.Name)] = true
		out.Body.Sent = append(out.Body.Sent, made.Name)
	}
	left := []invite.Verdict{}
	for _, v := range all {
		if v.Why == invite.Duplicate || !sent[ids.Fold(v.Email)] {
			left = append(left, v)
		}
	}
	out.Body.Left = verdictBodies(left)
	return out, nil
}

func verdictBodies(all []invite.Verdict) []AddressVerdict {
	out := make([]AddressVerdict, len(all))
	for i, v := range all {
		out[i] = AddressVerdict{v.Raw, string(v.Why), string(v.Membership)}
	}
	return out
}

type checkInvitationsIn struct {
	AtAccount
	Body struct {
		Addresses Addresses `json:"addresses" minItems:"1" maxItems:"1000"`
	}
}

func (a *API) checkInvitations(ctx context.Context, by authz.Actor, in *checkInvitationsIn) (*Answer[List[AddressVerdict]], error) {
	all, err := a.Invites.Check(ctx, by, in.Account, in.Body.Addresses.text())
	if err != nil {
		return nil, err
	}
	return &Answer[List[AddressVerdict]]{List[AddressVerdict]{Items: verdictBodies(all)}}, nil
}

type changeInvitationsIn struct {
	AtAccount
	Body struct {
		Action      string           `json:"action" enum:"resend,revoke"`
		Invitations []ids.Invitation `json:"invitations" minItems:"1" maxItems:"100"`
	}
}

func (a *API) changeInvitations(ctx context.Context, by authz.Actor, in *changeInvitationsIn) (*Done, error) {
	if in.Body.Action == "resend" {
		return done(a.Invites.Resend(ctx, by, in.Account, in.Body.Invitations...))
	}
	return done(a.Invites.Revoke(ctx, by, in.Account, in.Body.Invitations...))
}

// AtInvitation names an invitation in the path.
type AtInvitation struct {
	AtAccount
	Invitation ids.Invitation `path:"invitation" doc:"The invitation's id."`
}

func (a *API) getInvitation(ctx context.Context, by authz.Actor, in *AtInvitation) (*Answer[Invitation], error) {
	i, err := a.Invites.Get(ctx, by, in.Account, in.Invitation)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "users")
	if err != nil {
		return nil, err
	}
	return &Answer[Invitation]{a.invitationBody(i, mine)}, nil
}

func (a *API) resendInvitation(ctx context.Context, by authz.Actor, in *AtInvitation) (*Done, error) {
	return done(a.Invites.Resend(ctx, by, in.Account, in.Invitation))
}

func (a *API) revokeInvitation(ctx context.Context, by authz.Actor, in *AtInvitation) (*struct{}, error) {
	return nil, a.Invites.Revoke(ctx, by, in.Account, in.Invitation)
}
