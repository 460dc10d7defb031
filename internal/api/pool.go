package api

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
	"bailiwick/internal/quota"
)

// poolOperations say what who sells has handed out.
func (a *API) poolOperations() {
	tag := "Quotas"
	add(a, operation{id: "getPool", route: "GET /accounts/{account}/limits/pool", tag: tag, perm: authz.QuotasView, about: "Get how much an account has of this month, and what of it is sent and handed out"}, a.getPool)
	add(a, operation{id: "listOverrides", route: "GET /accounts/{account}/limits/overrides", tag: tag, perm: authz.QuotasView, about: "List the limits that clients have instead of those of their packages, the latest first",
		more: "Those of the account's clients and of all below it, while they are in force."}, a.listOverrides)
}

type getPoolIn struct {
	AtAccount
	Channel quota.Channel `query:"channel" enum:"email,sms" default:"email"`
}

// Pool is what an account has of a month's units, and what became of it.
type Pool struct {
	Channel string    `json:"channel" enum:"email,sms"`
	Limit   int64     `json:"limit" doc:"Of the month; -1: no limit."`
	Sent    int64     `json:"sent" doc:"By the account and all below it."`
	Given   int64     `json:"given" doc:"To the accounts right below, by their limits."`
	Left    int64     `json:"left" doc:"What can still be handed out, with what the account may oversell; 0 without a limit."`
	Began   time.Time `json:"began" doc:"The month, in the account's time zone."`
}

func (a *API) getPool(ctx context.Context, by authz.Actor, in *getPoolIn) (*Answer[Pool], error) {
	p, err := a.Quotas.Pool(ctx, by, in.Account, in.Channel, 0)
	if err != nil {
		return nil, err
	}
	return &Answer[Pool]{Pool{Channel: string(in.Channel), Limit: p.Limit, Sent: p.Sent, Given: p.Given, Left: p.Left(), Began: p.Began}}, nil
}

type listOverridesIn struct {
	AtAccount
	Turn
}

// Override is a limit that a client has instead of that of its package.
type Override struct {
	Account ids.Account `json:"account"`
	Name    string      `json:"name" doc:"Of the client."`
	Channel string      `json:"channel" enum:"email,sms"`
	Window  string      `json:"window" enum:"hour,day,month"`
	Limit   int64       `json:"limit" doc:"-1: no limit; 0: none."`
	Action  string      `json:"action" enum:"reject,hold,overage" doc:"What happens at the limit."`
	Cap     int64       `json:"cap,omitempty" doc:"Up to where overage lets through."`
	Paced   bool        `json:"paced,omitempty" doc:"Spread evenly over the window."`
	Package int64       `json:"package" doc:"What the package has there; -1: no limit."`
	LastDay string      `json:"last_day,omitempty" doc:"YYYY-MM-DD in the client's time zone on which it is in force for the last time; absent: for good."`
}

func (a *API) listOverrides(ctx context.Context, by authz.Actor, in *listOverridesIn) (*Answer[List[Override]], error) {
	bind, after := binding(by, in.Account, "overrides"), []string(nil)
	if in.Cursor != "" {
		c, err := a.Cursors.Open(bind, in.Cursor, quota.OverridesKeyed)
		if err != nil {
			return nil, err
		}
		after = c.Key
	}
	all, next, err := a.Quotas.Overrides(ctx, by, in.Account, after, page.Size)
	if err != nil {
		return nil, err
	}
	out := List[Override]{Items: make([]Override, len(all))}
	for i, o := range all {
		out.Items[i] = Override{Account: o.Account, Name: o.Name, Channel: string(o.Channel), Window: o.Window.String(), Limit: o.Limit.Amount, Action: string(o.Limit.Action), Cap: o.Limit.Cap, Paced: o.Limit.Paced, Package: o.Package.Amount, LastDay: o.LastDay}
	}
	if next != nil {
		out.Next = a.Cursors.Seal(bind, page.Cursor{Key: next})
	}
	return &Answer[List[Override]]{out}, nil
}
