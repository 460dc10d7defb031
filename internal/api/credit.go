package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
	"bailiwick/internal/quota"
)

func (a *API) creditOperations() {
	tag := "Quotas"
	add(a, operation{id: "listCredits", route: "GET /accounts/{account}/credits", tag: tag, perm: authz.QuotasView, about: "List the credits of a client, the newest first",
		more: "Credits are units that were paid for in advance. They extend the client's month once its limit is used up, the one that ends first before the others; the hour, the day and all other layers still apply."}, a.listCredits)
	add(a, operation{id: "getCredit", route: "GET /accounts/{account}/credits/{credit}", tag: tag, perm: authz.QuotasView, about: "Get a credit"}, a.getCredit)
	add(a, operation{id: "grantCredit", route: "POST /accounts/{account}/credits", tag: tag, perm: authz.QuotasEdit, status: http.StatusCreated, about: "Grant a client credits",
		more: "The right is needed on the account above the client. A `reference` of your own that was given before grants nothing, and is answered with the credit that it stands for; with other units, another channel or another end it is refused."}, a.grantCredit)
	add(a, operation{id: "voidCredit", route: "POST /accounts/{account}/credits/{credit}/void", tag: tag, perm: authz.QuotasEdit, clashes: true, status: http.StatusNoContent, about: "Void a credit: it gives nothing more",
		more: "What was drawn of it stays drawn. The right is needed on the account above the client. A credit that is void already is left as it is."}, a.voidCredit)
}

// Credit is units that were paid for in advance.
type Credit struct {
	ID         string     `json:"id"`
	Channel    string     `json:"channel" enum:"email,sms"`
	Units      int64      `json:"units"`
	Used       int64      `json:"used" doc:"What was drawn of it."`
	Left       int64      `json:"left" doc:"What can still be drawn: 0 when it has ended."`
	State      string     `json:"state" enum:"next,waiting,used,expired,void" doc:"next: it is drawn on when the month is used up; waiting: others end before it."`
	ExpiresAt  time.Time  `json:"expires_at"`
	LastDay    string     `json:"last_day" doc:"YYYY-MM-DD in the client's time zone on which it can be used for the last time."`
	Reason     string     `json:"reason,omitempty"`
	Reference  string     `json:"reference,omitempty"`
	GrantedAt  time.Time  `json:"granted_at"`
	GrantedBy  string     `json:"granted_by,omitempty" doc:"Absent when it was granted from an account that the key does not see."`
	VoidedAt   *time.Time `json:"voided_at,omitempty"`
	VoidedBy   string     `json:"voided_by,omitempty"`
	VoidReason string     `json:"void_reason,omitempty"`
	Can        []string   `json:"can" doc:"What the key may do with quotas here."`
}

func creditBody(g quota.Granted, mine []string) Credit {
	out := Credit{ID: string(g.ID), Channel: string(g.Channel), Units: g.Units, Used: g.Used, Left: g.Left(), State: g.State, ExpiresAt: g.Expires, LastDay: g.LastDay,
		Reason: g.Reason, Reference: g.Reference, GrantedAt: g.At, GrantedBy: g.By, VoidedBy: g.VoidedBy, VoidReason: g.Void, Can: mine}
	if !g.VoidedAt.IsZero() {
		out.VoidedAt = &g.VoidedAt
	}
	return out
}

type listCreditsIn struct {
	AtAccount
	Turn
}

func (a *API) listCredits(ctx context.Context, by authz.Actor, in *listCreditsIn) (*Answer[List[Credit]], error) {
	bind := binding(by, in.Account, "credits")
	var after ids.Credit
	if in.Cursor != "" {
		c, err := a.Cursors.Open(bind, in.Cursor, 1)
		if err != nil {
			return nil, err
		}
		after = ids.Credit(c.Key[0])
	}
	p, err := a.Quotas.Credits(ctx, by, in.Account, after)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "quotas")
	if err != nil {
		return nil, err
	}
	out := List[Credit]{Items: make([]Credit, len(p.Credits))}
	for i, g := range p.Credits {
		out.Items[i] = creditBody(g, mine)
	}
	if p.Next != "" {
		out.Next = a.Cursors.Seal(bind, page.Cursor{Key: []string{string(p.Next)}})
	}
	return &Answer[List[Credit]]{out}, nil
}

// AtCredit names a credit in the path.
type AtCredit struct {
	AtAccount
	Credit ids.Credit `path:"credit" doc:"The credit's id."`
}

func (a *API) getCredit(ctx context.Context, by authz.Actor, in *AtCredit) (*Answer[Credit], error) {
	g, err := a.Quotas.Credit(ctx, by, in.Account, in.Credit)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "quotas")
	return &Answer[Credit]{creditBody(g, mine)}, err
}

type grantCreditIn struct {
	AtAccount
	Body struct {
		Channel   string     `json:"channel" enum:"email,sms"`
		Units     int64      `json:"units" minimum:"1" maximum:"1125899906842624"`
		LastDay   string     `json:"last_day,omitempty" maxLength:"10" doc:"YYYY-MM-DD in the client's time zone: until the end of this day it can be used." example:"2027-03-31"`
		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Instead of last_day: the moment from which on it gives nothing more, a whole minute."`
		Reason    string     `json:"reason,omitempty" maxLength:"200" doc:"Why it is granted. The client sees it."`
		Reference string     `json:"reference,omitempty" maxLength:"200" doc:"Your own name for it, such as an invoice: given twice, it is granted once." example:"invoice-2026-117"`
	}
}

func (a *API) grantCredit(ctx context.Context, by authz.Actor, in *grantCreditIn) (*Created, error) {
	b := in.Body
	g := quota.Grant{Channel: quota.Channel(b.Channel), Units: b.Units, LastDay: b.LastDay, Reason: b.Reason, Reference: b.Reference}
	if b.ExpiresAt != nil {
		g.Expires = *b.ExpiresAt
	}
	id, err := a.Quotas.Grant(ctx, by, in.Account, g)
	return made("/accounts/"+string(in.Account)+"/credits/", id, err)
}

type voidCreditIn struct {
	AtCredit
	Body struct {
		Reason string `json:"reason" maxLength:"200" doc:"Why. The client sees it."`
	}
}

func (a *API) voidCredit(ctx context.Context, by authz.Actor, in *voidCreditIn) (*Done, error) {
	return done(a.Quotas.Void(ctx, by, in.Account, in.Credit, in.Body.Reason))
}
