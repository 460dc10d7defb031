package api

import (
	"context"
	"net/http"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/quota"
)

func (a *API) quotaOperations() {
	tag := "Quotas"
	add(a, operation{id: "reserveQuota", route: "POST /quota/reserve", tag: tag, perm: authz.MessagesSend, about: "May this be sent? Reserve its units", optMark: true, status: http.StatusOK,
		more: "Asks for one message, answered by `allowed`, or for up to 100 in `reserves`, answered in `results` in the same order. Units that are allowed are counted in every layer before the answer is sent. " +
			"Commit them when the message is on its way, or release them when it is not; after `deadline` they count as sent. Each request has a `key` of your own: sent again with it within 24 hours, it counts nothing and gets the first answer. " +
			"What is refused says which layer refuses and when it opens, and may be asked again with the same key."}, a.reserveQuota)
	add(a, operation{id: "commitQuota", route: "POST /quota/commit", tag: tag, perm: authz.MessagesSend, about: "Commit reserves: the messages are on their way", optMark: true, clashes: true, status: http.StatusOK,
		more: "Only reserves of the same API key. What was committed before is left as it is."}, a.commitQuota)
	add(a, operation{id: "releaseQuota", route: "POST /quota/release", tag: tag, perm: authz.MessagesSend, about: "Release reserves: the messages are not sent", optMark: true, clashes: true, status: http.StatusOK,
		more: "Their units can be used again at once, in every layer. Only reserves of the same API key. What was released before is left as it is."}, a.releaseQuota)
	add(a, operation{id: "explainQuota", route: "GET /quota/explain", tag: tag, about: "How do all layers stand, and which one binds?",
		more: "Every layer from the sub-account up to the platform: its limits and where they come from, what is used, what remains, when it opens. With `units`, what if that many were sent now, and when they could be sent. " +
			"Of layers above what the key sees only is told that they are there, and whether they refuse. quotas.view is needed, or messages.send."}, a.explainQuota)
	add(a, operation{id: "listLimits", route: "GET /accounts/{account}/limits", tag: tag, perm: authz.QuotasView, about: "List the limits that are set on an account, a sub-account or a person"}, a.listLimits)
	add(a, operation{id: "setLimits", route: "POST /accounts/{account}/limits", tag: tag, perm: authz.QuotasEdit, about: "Set limits of an account, a sub-account or a person", status: http.StatusOK,
		more: "All of them or none; limits that are not named stay. Those of an account itself belong to the account above it: the right is needed there. No limit may be above that of an account above, " +
			"and an account hands out no more than it has, unless its setting quota.oversell_percent says so. A limit below what is used is taken: nothing more is sent until the window opens, and `below_used` says so."}, a.setLimits)
}

// QuotaRequest asks for the units of one message.
type QuotaRequest struct {
	Key         string `json:"key" maxLength:"200" doc:"Your own name for this request, such as the message's id." example:"msg-4711"`
	Account     string `json:"account" maxLength:"64" doc:"Who sends." example:"acc_01k8e7w3q4n5p6r7s8t9v0w1x2"`
	SubAccount  string `json:"subaccount,omitempty" maxLength:"64" doc:"With which sub-account."`
	Channel     string `json:"channel" enum:"email,sms"`
	Recipients  int64  `json:"recipients" minimum:"1" doc:"An email counts one for each."`
	Parts       int64  `json:"parts,omitempty" minimum:"1" doc:"Of an SMS: it counts one for each part and recipient. 1 without it."`
	HoldSeconds int64  `json:"hold_seconds,omitempty" minimum:"1" maximum:"86400" doc:"How long it can be committed or released; 900 without it."`
}

// QuotaReserve asks for one message, or for many.
type QuotaReserve struct {
	Key         string         `json:"key,omitempty" maxLength:"200" doc:"Your own name for this request, such as the message's id." example:"msg-4711"`
	Account     string         `json:"account,omitempty" maxLength:"64" doc:"Who sends." example:"acc_01k8e7w3q4n5p6r7s8t9v0w1x2"`
	SubAccount  string         `json:"subaccount,omitempty" maxLength:"64" doc:"With which sub-account."`
	Channel     string         `json:"channel,omitempty" enum:"email,sms"`
	Recipients  int64          `json:"recipients,omitempty" minimum:"1" doc:"An email counts one for each."`
	Parts       int64          `json:"parts,omitempty" minimum:"1" doc:"Of an SMS: it counts one for each part and recipient. 1 without it."`
	HoldSeconds int64          `json:"hold_seconds,omitempty" minimum:"1" maximum:"86400" doc:"How long it can be committed or released; 900 without it."`
	Reserves    []QuotaRequest `json:"reserves,omitempty" minItems:"1" maxItems:"100" doc:"Many messages instead of the one above."`
}

// QuotaPromise is what was promised for a message, or why nothing was.
type QuotaPromise struct {
	ID       string        `json:"id,omitempty" doc:"The reserve, to commit or release."`
	Units    int64         `json:"units,omitempty" doc:"What it counts."`
	State    string        `json:"state,omitempty" doc:"held, or what became of it when the request was sent before." enum:"held,committed,released"`
	Deadline *time.Time    `json:"deadline,omitempty" doc:"Until then it can be committed or released."`
	Replayed bool          `json:"replayed,omitempty" doc:"The request was sent before; nothing was counted now."`
	Overage  bool          `json:"overage,omitempty" doc:"It exceeds a limit that lets through for billing."`
	Refusal  *QuotaRefusal `json:"refusal,omitempty"`
}

// QuotaAnswer is the answer about one message of many.
type QuotaAnswer struct {
	Allowed bool `json:"allowed"`
	QuotaPromise
	Error *ItemProblem `json:"error,omitempty" doc:"Why it was not answered."`
}

// ItemProblem is why one of many could not be done.
type ItemProblem struct {
	Code    string `json:"code" example:"reserve.not_found"`
	Message string `json:"message"`
}

// QuotaRefusal says which layer refuses.
type QuotaRefusal struct {
	Action    string     `json:"action" enum:"reject,hold" doc:"hold: send it when the window opens."`
	Layer     string     `json:"layer" enum:"subaccount,user,department,customer,reseller,platform,provider" doc:"provider: above what the key sees."`
	Subject   string     `json:"subject,omitempty" doc:"The id of the sub-account, person or account."`
	Name      string     `json:"name,omitempty"`
	Window    string     `json:"window" enum:"hour,day,month"`
	Limit     *int64     `json:"limit,omitempty"`
	Used      *int64     `json:"used,omitempty"`
	Remaining *int64     `json:"remaining,omitempty"`
	Credits   int64      `json:"credits,omitempty" doc:"What credits add to the limit of the month."`
	OpensAt   *time.Time `json:"opens_at,omitempty" doc:"When it could be sent if nothing else is; absent when it never could."`
}

// QuotaAnswers is the answer about one message, or about many.
type QuotaAnswers struct {
	Allowed *bool `json:"allowed,omitempty" doc:"The answer about a single message."`
	QuotaPromise
	Results []QuotaAnswer `json:"results,omitempty" doc:"The answers to reserves, in their order."`
}

func (r QuotaRequest) ask() quota.Ask {
	return quota.Ask{Key: r.Key, Account: ids.Account(r.Account), Sub: ids.SubAccount(r.SubAccount), Channel: quota.Channel(r.Channel),
		Recipients: r.Recipients, Parts: max(r.Parts, 1), Lasts: time.Duration(r.HoldSeconds) * time.Second}
}

func (r QuotaReserve) asks() ([]quota.Ask, error) {
	single := r.Key != "" || r.Account != "" || r.SubAccount != "" || r.Channel != "" || r.Recipients != 0
	switch {
	case single && r.Reserves != nil:
		return nil, errs.Field("reserves", "quota.both", "Send one request, or reserves, not both.")
	case r.Reserves == nil && (r.Account == "" || r.Key == ""):
		return nil, errs.Field("account", "quota.incomplete", "Name an account and a key, or send reserves.")
	case r.Reserves == nil:
		return []quota.Ask{QuotaRequest{r.Key, r.Account, r.SubAccount, r.Channel, r.Recipients, r.Parts, r.HoldSeconds}.ask()}, nil
	}
	out := make([]quota.Ask, len(r.Reserves))
	for i, one := range r.Reserves {
		out[i] = one.ask()
	}
	return out, nil
}

func at(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := time.UnixMilli(ms).UTC()
	return &t
}

func quotaAnswer(t quota.Told) QuotaAnswer {
	if r := t.Outcome.Refused; r != nil {
		b := r.Binding
		out := &QuotaRefusal{Action: string(r.Action), Layer: "provider", Window: b.Window.String(), OpensAt: at(r.OpensAt)}
		if !t.Hidden && b.Layer >= 0 {
			l := t.Outcome.Layers[b.Layer]
			out.Layer, out.Subject, out.Name, out.Limit, out.Used, out.Remaining, out.Credits = string(l.Kind), l.Subject, l.Name, &b.Limit.Amount, &b.Used, &b.Remaining, b.Credits
		}
		return QuotaAnswer{QuotaPromise: QuotaPromise{Refusal: out}}
	}
	p := t.Outcome.Reserve
	return QuotaAnswer{Allowed: p.State != quota.Released, QuotaPromise: QuotaPromise{ID: string(p.ID), Units: p.Units, State: p.State, Deadline: &p.Deadline, Replayed: t.Outcome.Replayed, Overage: t.Outcome.Over}}
}

func (a *API) reserveQuota(ctx context.Context, by authz.Actor, in *struct{ Body QuotaReserve }) (*Answer[QuotaAnswers], error) {
	asks, err := in.Body.asks()
	if err != nil {
		return nil, err
	}
	told, err := a.Quotas.Reserve(ctx, by, asks)
	if err != nil {
		return nil, err
	}
	if in.Body.Reserves == nil {
		if told[0].Err != nil {
			return nil, told[0].Err
		}
		one := quotaAnswer(told[0])
		return &Answer[QuotaAnswers]{QuotaAnswers{Allowed: &one.Allowed, QuotaPromise: one.QuotaPromise}}, nil
	}
	out := QuotaAnswers{Results: make([]QuotaAnswer, len(told))}
	for i, t := range told {
		if t.Err != nil {
			out.Results[i] = QuotaAnswer{Error: a.itemProblem(ctx, t.Err)}
			continue
		}
		out.Results[i] = quotaAnswer(t)
	}
	return &Answer[QuotaAnswers]{out}, nil
}

// itemProblem is an error as one of many shows it.
func (a *API) itemProblem(ctx context.Context, err error) *ItemProblem {
	if err == nil {
		return nil
	}
	p := answerTo(ctx, a.Log, err)
	return &ItemProblem{p.Code, p.Detail}
}

// QuotaSettle names reserves.
type QuotaSettle struct {
	ID  string   `json:"id,omitempty" maxLength:"64" doc:"A reserve." example:"rsv_01k8e7w3q4n5p6r7s8t9v0w1x2"`
	IDs []string `json:"ids,omitempty" minItems:"1" maxItems:"100" doc:"Many reserves instead of the one above."`
}

// QuotaSettled is what became of reserves.
type QuotaSettled struct {
	Done    *bool         `json:"done,omitempty" doc:"The answer about a single reserve."`
	Results []QuotaResult `json:"results,omitempty" doc:"The answers about ids, in their order."`
}

// QuotaResult is what became of one reserve of many.
type QuotaResult struct {
	Done  bool         `json:"done"`
	Error *ItemProblem `json:"error,omitempty"`
}

func (a *API) commitQuota(ctx context.Context, by authz.Actor, in *struct{ Body QuotaSettle }) (*Answer[QuotaSettled], error) {
	return a.settleQuota(ctx, by, in.Body, false)
}

func (a *API) releaseQuota(ctx context.Context, by authz.Actor, in *struct{ Body QuotaSettle }) (*Answer[QuotaSettled], error) {
	return a.settleQuota(ctx, by, in.Body, true)
}

func (a *API) settleQuota(ctx context.Context, by authz.Actor, in QuotaSettle, release bool) (*Answer[QuotaSettled], error) {
	if (in.ID == "") == (in.IDs == nil) {
		return nil, errs.Field("id", "quota.settle_which", "Send the id of one reserve, or ids.")
	}
	all := []ids.Reserve{ids.Reserve(in.ID)}
	if in.IDs != nil {
		all = make([]ids.Reserve, len(in.IDs))
		for i, id := range in.IDs {
			all[i] = ids.Reserve(id)
		}
	}
	failed, err := a.Quotas.Settle(ctx, by, all, release)
	if err != nil {
		return nil, err
	}
	if in.IDs == nil {
		if failed[0] != nil {
			return nil, failed[0]
		}
		yes := true
		return &Answer[QuotaSettled]{QuotaSettled{Done: &yes}}, nil
	}
	out := QuotaSettled{Results: make([]QuotaResult, len(failed))}
	for i, err := range failed {
		out.Results[i] = QuotaResult{err == nil, a.itemProblem(ctx, err)}
	}
	return &Answer[QuotaSettled]{out}, nil
}

type explainQuotaIn struct {
	Account    string `query:"account" required:"true" maxLength:"64" doc:"Who would send."`
	Channel    string `query:"channel" enum:"email,sms" default:"email"`
	SubAccount string `query:"subaccount" maxLength:"64" doc:"With which sub-account."`
	User       string `query:"user" maxLength:"64" doc:"Whose key, when it is not this one: the id of a membership."`
	Units      int64  `query:"units" minimum:"1" maximum:"1099511627776" default:"1" doc:"What if that many were sent now?"`
}

// QuotaExplanation is how every layer stands.
type QuotaExplanation struct {
	Allowed bool          `json:"allowed" doc:"Whether the units could be sent now."`
	Units   int64         `json:"units"`
	Refusal *QuotaRefusal `json:"refusal,omitempty"`
	OpensAt *time.Time    `json:"opens_at,omitempty" doc:"When they could be sent if nothing else is; absent when they never could."`
	Layers  []QuotaLayer  `json:"layers" doc:"From the sub-account up to the platform."`
}

// QuotaLayer is one layer of a send.
type QuotaLayer struct {
	Layer   string        `json:"layer" enum:"subaccount,user,department,customer,reseller,platform,provider" doc:"provider: above what the key sees."`
	Subject string        `json:"subject,omitempty"`
	Name    string        `json:"name,omitempty"`
	Leased  int64         `json:"leased" doc:"Units of the month that servers hold ready to be sent; they are not in used."`
	Windows []QuotaWindow `json:"windows"`
}

// QuotaWindow is one window of a layer.
type QuotaWindow struct {
	Window    string     `json:"window" enum:"hour,day,month"`
	Limit     int64      `json:"limit" doc:"-1: no limit."`
	Action    string     `json:"action,omitempty" doc:"What happens at the limit: reject, hold or overage."`
	Cap       int64      `json:"cap,omitempty" doc:"Up to where overage lets through."`
	Paced     bool       `json:"paced,omitempty" doc:"Spread evenly over the window."`
	Source    string     `json:"source,omitempty" doc:"Where the limit comes from: pool, package, allocation, role, limit or override."`
	Used      int64      `json:"used"`
	Remaining *int64     `json:"remaining,omitempty" doc:"Absent without a limit."`
	ResetsAt  *time.Time `json:"resets_at,omitempty" doc:"When the day or month ends; of the hour, which rolls, when all that is used in it counts no more. Absent for an hour in which nothing is used."`
	Binds     bool       `json:"binds,omitempty" doc:"This is what leaves least, or what refuses."`
	Credits   int64      `json:"credits,omitempty" doc:"What credits add to the limit of the month: what was drawn of them in it, and what can still be."`
	// NextCredit is drawn on when the month is used up.
	NextCredit *NextCredit `json:"next_credit,omitempty" doc:"The credit that is drawn on next when the month is used up."`
}

// NextCredit is a credit that is drawn on next.
type NextCredit struct {
	ID        string    `json:"id"`
	Left      int64     `json:"left"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *API) explainQuota(ctx context.Context, by authz.Actor, in *explainQuotaIn) (*Answer[QuotaExplanation], error) {
	x, err := a.Quotas.Explain(ctx, by, ids.Account(in.Account), quota.Question{Sub: ids.SubAccount(in.SubAccount), Member: ids.Membership(in.User), Channel: quota.Channel(in.Channel), Units: in.Units})
	if err != nil {
		return nil, err
	}
	d := x.Decision
	out := QuotaExplanation{Allowed: d.Allowed, Units: in.Units, OpensAt: at(d.OpensAt), Layers: make([]QuotaLayer, len(x.Layers))}
	layers := make([]quota.Layer, len(x.Layers))
	for i, l := range x.Layers {
		layers[i] = l.Layer
		out.Layers[i] = quotaLayer(l, i, d, a.Clock())
	}
	if !d.Allowed {
		hidden := d.Binding.Layer >= 0 && x.Layers[d.Binding.Layer].Hidden
		out.Refusal = quotaAnswer(quota.Told{Outcome: quota.Outcome{Refused: &d, Layers: layers}, Hidden: hidden}).Refusal
	}
	return &Answer[QuotaExplanation]{out}, nil
}

func quotaLayer(l quota.Shown, i int, d quota.Decision, now time.Time) QuotaLayer {
	if l.Hidden {
		return QuotaLayer{Layer: "provider", Windows: []QuotaWindow{}}
	}
	out := QuotaLayer{Layer: string(l.Kind), Subject: l.Subject, Name: l.Name, Leased: l.Leased, Windows: []QuotaWindow{}}
	for _, w := range quota.Windows() {
		limit := l.Limits[w]
		v := QuotaWindow{Window: w.String(), Limit: limit.Amount, Source: string(limit.Source), Used: l.Used[w], ResetsAt: at(l.Ends[w]), Cap: limit.Cap, Paced: limit.Paced}
		if limit.Amount != quota.Unlimited {
			v.Action = string(limit.Action)
			if w == quota.Month {
				v.Credits = l.Credits(now)
				if c, ok := l.Next(now); ok {
					v.NextCredit = &NextCredit{string(c.ID), c.Left(now), time.UnixMilli(c.Expires).UTC()}
				}
			}
		}
		for _, s := range d.All {
			if s.Layer == i && s.Window == w {
				v.Remaining, v.Binds = &s.Remaining, d.Binding.Layer == i && d.Binding.Window == w
			}
		}
		out.Windows = append(out.Windows, v)
	}
	return out
}

// LimitsOf names what of an account limits are set on.
type LimitsOf struct {
	AtAccount
	SubAccount string `query:"subaccount" maxLength:"64" doc:"One of its sub-accounts instead of the account itself."`
	User       string `query:"user" maxLength:"64" doc:"One of its people instead, by the id of the membership."`
}

func (l LimitsOf) target() quota.Target {
	return quota.Target{Sub: ids.SubAccount(l.SubAccount), Member: ids.Membership(l.User)}
}

// QuotaLimit is a limit that is set.
type QuotaLimit struct {
	Channel   string     `json:"channel" enum:"email,sms"`
	Window    string     `json:"window" enum:"hour,day,month"`
	Limit     int64      `json:"limit" doc:"-1: no limit; 0: none."`
	Action    string     `json:"action" enum:"reject,hold,overage" doc:"What happens at the limit."`
	Cap       int64      `json:"cap,omitempty" doc:"Up to where overage lets through."`
	Paced     bool       `json:"paced,omitempty" doc:"Spread evenly over the window."`
	Source    string     `json:"source" doc:"Where it comes from: pool, package, allocation, role, limit or override."`
	EndsAt    *time.Time `json:"ends_at,omitempty" doc:"From then on it is not in force."`
	InForce   bool       `json:"in_force"`
	Used      int64      `json:"used" doc:"Of the window, units that servers hold ready included."`
	BelowUsed bool       `json:"below_used,omitempty" doc:"More is used than the limit allows: nothing more is sent until the window opens."`
}

func limitBodies(all []quota.Set) List[QuotaLimit] {
	out := List[QuotaLimit]{Items: make([]QuotaLimit, len(all))}
	for i, s := range all {
		out.Items[i] = QuotaLimit{Channel: string(s.Channel), Window: s.Window.String(), Limit: s.Amount, Action: string(s.Action), Cap: s.Cap, Paced: s.Paced, Source: string(s.Source), InForce: s.InForce, Used: s.Used, BelowUsed: s.Below()}
		if !s.Ends.IsZero() {
			out.Items[i].EndsAt = &all[i].Ends
		}
	}
	return out
}

func (a *API) listLimits(ctx context.Context, by authz.Actor, in *LimitsOf) (*Answer[List[QuotaLimit]], error) {
	all, err := a.Quotas.Limits(ctx, by, in.Account, in.target())
	if err != nil {
		return nil, err
	}
	return &Answer[List[QuotaLimit]]{limitBodies(all)}, nil
}

// QuotaLimitEdit is what becomes of a limit.
type QuotaLimitEdit struct {
	Channel string     `json:"channel" enum:"email,sms"`
	Window  string     `json:"window" enum:"hour,day,month"`
	Limit   int64      `json:"limit" minimum:"-1" doc:"-1: no limit; 0: none."`
	Action  string     `json:"action,omitempty" enum:"reject,hold,overage" doc:"What happens at the limit; reject without it."`
	Cap     int64      `json:"cap,omitempty" minimum:"0" doc:"Up to where overage lets through."`
	Paced   bool       `json:"paced,omitempty" doc:"Spread evenly over the window."`
	EndsAt  *time.Time `json:"ends_at,omitempty" doc:"From then on it is not in force."`
	LastDay string     `json:"last_day,omitempty" doc:"Instead: YYYY-MM-DD in the account's time zone, the last day on which it is in force."`
}

// QuotaLimitName names a limit.
type QuotaLimitName struct {
	Channel string `json:"channel" enum:"email,sms"`
	Window  string `json:"window" enum:"hour,day,month"`
}

type setLimitsIn struct {
	LimitsOf
	Body struct {
		Limits []QuotaLimitEdit `json:"limits,omitempty" maxItems:"6"`
		Remove []QuotaLimitName `json:"remove,omitempty" maxItems:"6" doc:"Limits to take away that were set here."`
	}
}

func (a *API) setLimits(ctx context.Context, by authz.Actor, in *setLimitsIn) (*Answer[List[QuotaLimit]], error) {
	edits, named := make([]quota.Edit, len(in.Body.Limits)), places{}
	for i, l := range in.Body.Limits {
		if err := named.add(l.Channel+"_"+l.Window, "limits", i); err != nil {
			return nil, err
		}
		w, _ := quota.ParseWindow(l.Window) // one of the three, by the contract
		edits[i] = quota.Edit{Channel: quota.Channel(l.Channel), Window: w, Limit: quota.Limit{Amount: l.Limit, Action: quota.Action(l.Action), Cap: l.Cap, Paced: l.Paced}, LastDay: l.LastDay}
		if l.EndsAt != nil {
			edits[i].Ends = *l.EndsAt
		}
	}
	for i, l := range in.Body.Remove {
		if err := named.add(l.Channel+"_"+l.Window, "remove", i); err != nil {
			return nil, err
		}
		w, _ := quota.ParseWindow(l.Window)
		edits = append(edits, quota.Edit{Channel: quota.Channel(l.Channel), Window: w, Remove: true})
	}
	all, err := a.Quotas.SetLimits(ctx, by, in.Account, in.target(), edits)
	if op.Replayed(err) != nil {
		all, err = a.Quotas.Limits(ctx, by, in.Account, in.target())
	}
	if err != nil {
		return nil, named.in(err)
	}
	return &Answer[List[QuotaLimit]]{limitBodies(all)}, nil
}
