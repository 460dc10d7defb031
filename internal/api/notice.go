package api

import (
	"context"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/page"
)

// Notification is something that a person was told.
type Notification struct {
	ID      string            `json:"id"`
	Kind    string            `json:"kind" doc:"What happened, such as account_held or task_done. More kinds may come."`
	Topic   string            `json:"topic" enum:"account,membership,people,policy,quota,tasks"`
	Account string            `json:"account,omitempty" doc:"What it is about, unless the key may not know that account."`
	Target  string            `json:"target,omitempty" doc:"The id of what it leads to, when that is not the account: a task, a membership, a client."`
	Facts   map[string]string `json:"facts" doc:"Names, days (2006-01-02) and numbers as they were then, by the kind."`
	At      time.Time         `json:"at"`
	Read    bool              `json:"read"`
}

type listNotificationsIn struct {
	Turn
	Unread bool   `query:"unread" doc:"Only what has not been read."`
	Topic  string `query:"topic" enum:"account,membership,people,policy,quota,tasks" doc:"Only of one topic."`
	Limit  int    `query:"limit" minimum:"1" maximum:"50" default:"50" doc:"Rows of a page."`
}

func (a *API) listNotifications(ctx context.Context, by authz.Actor, in *listNotificationsIn) (*Answer[List[Notification]], error) {
	bind := binding(by, by.Account(), "notifications", in.Unread, in.Topic)
	q := notice.Query{Unread: in.Unread, Topic: notice.Topic(in.Topic), Limit: in.Limit}
	if in.Cursor != "" {
		c, err := a.Cursors.Open(bind, in.Cursor, 1)
		if err != nil {
			return nil, err
		}
		q.Before = ids.Notice(c.Key[0])
	}
	found, err := a.Notices.List(ctx, by, q)
	if err != nil {
		return nil, err
	}
	out := List[Notification]{Items: make([]Notification, len(found.Notices))}
	for i, n := range found.Notices {
		facts := n.Facts
		if facts == nil {
			facts = map[string]string{}
		}
		out.Items[i] = Notification{string(n.ID), string(n.Kind), string(n.Kind.Topic()), string(n.Account), n.Target, facts, n.At.UTC(), n.Read}
	}
	if found.Next != "" {
		out.Next = a.Cursors.Seal(bind, page.Cursor{Key: []string{string(found.Next)}})
	}
	return &Answer[List[Notification]]{out}, nil
}

type readNotificationsIn struct {
	Body struct {
		Notifications []ids.Notice `json:"notifications,omitempty" maxItems:"100" doc:"Their ids; without any, all that there are by now."`
	}
}

func (a *API) readNotifications(ctx context.Context, by authz.Actor, in *readNotificationsIn) (*struct{}, error) {
	if len(in.Body.Notifications) == 0 {
		return nil, a.Notices.ReadAll(ctx, by)
	}
	return nil, a.Notices.Read(ctx, by, in.Body.Notifications...)
}
