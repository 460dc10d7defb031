package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/page"
	"bailiwick/internal/trail"
)

func (a *API) eventOperations() {
	add(a, operation{id: "listEvents", route: "GET /accounts/{account}/events", tag: "Audit", perm: authz.AuditView, about: "List what was done, the latest first"}, a.listEvents)
	add(a, operation{id: "getEvent", route: "GET /accounts/{account}/events/{event}", tag: "Audit", perm: authz.AuditView, about: "Get something that was done in an account or below"}, a.getEvent)
	add(a, operation{id: "getRetention", route: "GET /accounts/{account}/retention", tag: "Audit", perm: authz.AuditView, about: "Say for how many days the log is kept"}, a.getRetention)
	add(a, operation{id: "setRetention", route: "POST /accounts/{account}/retention", tag: "Audit", perm: authz.AccountTransfer, status: http.StatusNoContent, about: "Change for how many days the log of the whole installation is kept",
		more: "The account is the platform; it takes the rights of its Owner. What is older is deleted within a day."}, a.setRetention)
	add(a, operation{id: "exportEvents", route: "POST /accounts/{account}/events/export", tag: "Audit", perm: authz.AuditExport, status: http.StatusAccepted, about: "Write the log into a file",
		more: exportsAnswer + " The form `ndjson` holds all that `bailiwick audit verify` checks without the installation; of the filters only the days and `below` count for it."}, a.exportEvents)
}

// Event is something that was done.
type Event struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Account    string    `json:"account" doc:"Whose log it stands in."`
	ActorKind  string    `json:"actor_kind" doc:"user, key, job or console."`
	Actor      string    `json:"actor" doc:"The id of who did it."`
	ActorName  string    `json:"actor_name,omitempty"`
	ActingAs   string    `json:"acting_as,omitempty"`
	Credential string    `json:"credential" doc:"session, or the id of a key."`
	IP         string    `json:"ip,omitempty"`
	RequestID  string    `json:"request_id,omitempty"`
	Action     string    `json:"action" example:"account.updated"`
	TargetType string    `json:"target_type"`
	TargetID   string    `json:"target_id"`
	Target     string    `json:"target,omitempty" doc:"Its name then."`
	Result     string    `json:"result" example:"done"`
	Changes    []Change  `json:"changes"`
}

// Change is what became of one field.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	Hidden bool   `json:"hidden,omitempty" doc:"It changed, and neither value is told."`
}

type listEventsIn struct {
	AtAccount
	Turn
	Target string `query:"target" maxLength:"64" doc:"The id of what it was done to."`
	Actor  string `query:"actor" maxLength:"64" doc:"The id of who did it."`
	Action string `query:"action" maxLength:"100"`
	Below  bool   `query:"below" doc:"Also the logs of the accounts below."`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Rows of a page."`
}

func (a *API) listEvents(ctx context.Context, by authz.Actor, in *listEventsIn) (*Answer[List[Event]], error) {
	q, sc, err := a.Ops.Read(ctx, by, authz.AuditView, in.Account)
	if err != nil {
		return nil, err
	}
	bind := binding(by, in.Account, "events", in.Target, in.Actor, in.Action, strconv.FormatBool(in.Below))
	f := audit.Filter{Limit: in.Limit, Target: in.Target, Actor: in.Actor, Action: in.Action, Below: in.Below}
	if in.Cursor != "" {
		c, err := a.Cursors.Open(bind, in.Cursor, 2)
		if err != nil {
			return nil, err
		}
		if f.After.At, err = number(c.Key[0]); err != nil {
			return nil, err
		}
		f.After.ID = ids.Event(c.Key[1])
	}
	entries, next, err := audit.List(ctx, q, sc, f)
	if err != nil {
		return nil, err
	}
	out := List[Event]{Items: make([]Event, len(entries))}
	for i, e := range entries {
		out.Items[i] = eventBody(e)
	}
	if next != (audit.Cursor{}) {
		out.Next = a.Cursors.Seal(bind, page.Cursor{Key: []string{strconv.FormatInt(next.At, 10), string(next.ID)}})
	}
	return &Answer[List[Event]]{out}, nil
}

func eventBody(e audit.Entry) Event {
	out := Event{string(e.ID), e.At, string(e.Account), e.ActorKind, e.ActorID, e.ActorName, e.ActingAs, e.Credential, e.IP, e.RequestID,
		e.Action, e.TargetType, e.TargetID, e.Target, e.Result, make([]Change, len(e.Changes))}
	for i, c := range e.Changes {
		out.Changes[i] = Change(c)
	}
	return out
}

type getEventIn struct {
	AtAccount
	Event ids.Event `path:"event" doc:"The event's id."`
}

func (a *API) getEvent(ctx context.Context, by authz.Actor, in *getEventIn) (*Answer[Event], error) {
	e, err := a.Trail.Get(ctx, by, in.Account, in.Event)
	if err != nil {
		return nil, err
	}
	return &Answer[Event]{eventBody(e.Entry)}, nil
}

// Retention is for how long events are kept.
type Retention struct {
	Days int `json:"days" minimum:"30" maximum:"3650"`
}

func (a *API) getRetention(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[Retention], error) {
	days, err := a.Trail.Retention(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	return &Answer[Retention]{Retention{days}}, nil
}

type setRetentionIn struct {
	AtAccount
	Body Retention
}

func (a *API) setRetention(ctx context.Context, by authz.Actor, in *setRetentionIn) (*Done, error) {
	return done(a.Trail.SetRetention(ctx, by, in.Account, in.Body.Days))
}

type exportEventsIn struct {
	AtAccount
	Body struct {
		Format  string      `json:"format" enum:"csv,ndjson"`
		Below   bool        `json:"below,omitempty" doc:"Also the logs of the accounts below."`
		Within  string      `json:"within,omitempty" enum:"day,week,month,year" doc:"Only the latest."`
		From    string      `json:"from,omitempty" maxLength:"10" doc:"Or from this day, YYYY-MM-DD in UTC."`
		To      string      `json:"to,omitempty" maxLength:"10" doc:"To this day and with it."`
		Search  string      `json:"q,omitempty" maxLength:"200" doc:"Part of a name or an address."`
		Noun    string      `json:"noun,omitempty" maxLength:"100" doc:"What it is about." example:"account"`
		Action  string      `json:"action,omitempty" maxLength:"100" example:"account.updated"`
		Actor   string      `json:"actor,omitempty" maxLength:"64" doc:"The id of who did it."`
		Target  string      `json:"target,omitempty" maxLength:"64" doc:"The id of what it was done to."`
		At      ids.Account `json:"at,omitempty" maxLength:"64" doc:"The log of this account below alone."`
		Address string      `json:"address,omitempty" maxLength:"64" doc:"The IP address that it came from."`
		Refused bool        `json:"refused,omitempty" doc:"Only what was refused."`
	}
}

func (a *API) exportEvents(ctx context.Context, by authz.Actor, in *exportEventsIn) (*Created, error) {
	b := in.Body
	id, err := a.Trail.Export(ctx, by, in.Account, trail.Query{
		Within: b.Within, From: b.From, To: b.To, Noun: b.Noun, Action: b.Action, Actor: b.Actor, Target: b.Target, At: b.At, Address: b.Address, Text: b.Search, Refused: b.Refused, Below: b.Below,
	}, trail.Form(b.Format), "")
	return made("/accounts/"+string(in.Account)+"/tasks/", id, err)
}
