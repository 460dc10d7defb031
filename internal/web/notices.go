package web

import (
	"net/http"
	"net/url"
	"strings"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
	"bailiwick/internal/page"
	"bailiwick/internal/web/ui/notices"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/shell"
)

const (
	noticesPath     = "/notifications"
	noticesReadPath = noticesPath + "/read"
	mostLatest      = 8 // in the list below the bell
)

// noticeRoutes are the pages of what the bell tells.
func (s *Server) noticeRoutes() []Route {
	return []Route{
		{Pattern: "GET " + noticesPath, Signed: s.noticesPage},
		{Pattern: "POST " + noticesReadPath, Signed: s.readNotices},
	}
}

// bell is the bell of the frame. Who belongs to no account has none.
func (s *Server) bell(r *http.Request, p i18n.Printer, by authz.Actor) (*shell.Bell, error) {
	n, err := s.Notices.Count(r.Context(), by)
	if err != nil {
		return nil, err
	}
	b := &shell.Bell{Href: noticesPath, Key: "i", Label: p.T("notices.bell_none")}
	if n > 0 {
		b.Count, b.Label = p.Number(int64(n)), p.T("notices.bell", "count", n)
	}
	if n == notice.MostCounted {
		b.Count, b.Label = p.T("notices.count_more", "count", n-1), p.T("notices.bell_many", "count", n-1)
	}
	return b, nil
}

// noticesPage lists what the person was told in the account they work in. The bell asks for the latest alone.
func (s *Server) noticesPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	p := i18n.From(r.Context())
	_, sc, err := s.Ops.See(r.Context(), by, by.Account())
	if err != nil {
		return err
	}
	w.Header().Add("Vary", "HX-Request, HX-Target")
	if fragment(r, shell.BellID) {
		found, err := s.Notices.List(r.Context(), by, notice.Query{Limit: mostLatest})
		if err != nil {
			return err
		}
		v := notices.Latest{Rows: s.noticeRows(p, sc, found.Notices), Read: noticesReadPath}
		v.Unread = anyUnread(v.Rows)
		return s.render(w, r, http.StatusOK, v)
	}
	asked := r.URL.Query()
	in := noticesAsked(asked)
	bind := page.Binding{Actor: by.ID(), Root: string(by.Account()), Query: "notices " + asked.Get("show") + " " + string(in.Topic)}
	if c := asked.Get("cursor"); c != "" {
		at, err := s.Cursors.Open(bind, c, 1)
		if err != nil {
			return err
		}
		in.Before = ids.Notice(at.Key[0])
	}
	found, err := s.Notices.List(r.Context(), by, in)
	if err != nil {
		return err
	}
	v := notices.List{Text: p.T("notices.text", "account", sc.Name()), Rows: s.noticeRows(p, sc, found.Notices), Settings: "/me/settings", All: noticesPath, Read: readPath(in, asked.Get("cursor")), Filtered: in.Unread || in.Topic != ""}
	v.Unread = anyUnread(v.Rows)
	v.Views, v.Filter, v.Choices = noticeFilters(p, in)
	if in.Before != "" {
		v.Pager.Prev = noticesAt(in, "")
	}
	if found.Next != "" {
		v.Pager.Next = noticesAt(in, s.Cursors.Seal(bind, page.Cursor{Key: []string{string(found.Next)}}))
	}
	if v.Page, err = s.frame(w, r, by, place{title: p.T("notices.title")}); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

// noticesAsked is the view of the page that a query names.
func noticesAsked(q url.Values) notice.Query {
	return notice.Query{Unread: q.Get("show") == "unread", Topic: notice.Topic(q.Get("topic"))}
}

// noticesAt is the address of a view of the page.
func noticesAt(in notice.Query, cursor string) string {
	v := url.Values{}
	if in.Unread {
		v.Set("show", "unread")
	}
	if in.Topic != "" {
		v.Set("topic", string(in.Topic))
	}
	if cursor != "" {
		v.Set("cursor", cursor)
	}
	return withQuery(noticesPath, v)
}

// readPath is where notices are marked as read. It says which view of the page to come back to.
func readPath(in notice.Query, cursor string) string {
	return strings.Replace(noticesAt(in, cursor), noticesPath, noticesReadPath, 1)
}

func noticeFilters(p i18n.Printer, in notice.Query) (part.Segmented, part.Filter, []part.MenuItem) {
	views := part.Segmented{Label: p.T("notices.views"), Items: []part.Tab{
		{Label: p.T("notices.all"), Href: noticesAt(notice.Query{Topic: in.Topic}, ""), Current: !in.Unread},
		{Label: p.T("notices.unread"), Href: noticesAt(notice.Query{Unread: true, Topic: in.Topic}, ""), Current: in.Unread},
	}}
	f := part.Filter{Label: p.T("notices.topic"), Menu: "notice-topics"}
	var choices []part.MenuItem
	for _, t := range notice.Topics() {
		label := p.T("notices.topic_" + string(t))
		if t == in.Topic {
			f.Value, f.Menu, f.Href = label, "", noticesAt(notice.Query{Unread: in.Unread}, "")
		}
		choices = append(choices, part.MenuItem{Label: label, Icon: noticeIcons[t], Href: noticesAt(notice.Query{Unread: in.Unread, Topic: t}, "")})
	}
	return views, f, choices
}

func anyUnread(rows []notices.Notice) bool {
	for _, n := range rows {
		if n.Unread {
			return true
		}
	}
	return false
}

func (s *Server) noticeRows(p i18n.Printer, sc authz.Scope, all []notice.Notice) []notices.Notice {
	out := make([]notices.Notice, len(all))
	for i, n := range all {
		out[i] = notices.Notice{
			Text: n.Text(p), More: n.More(), Icon: noticeIcons[n.Kind.Topic()], Tone: noticeTone(n.Kind), When: p.Relative(n.At, s.Clock()), At: p.DateTime(n.At),
			Href: noticeHref(sc, n), Unread: !n.Read, ID: string(n.ID),
		}
	}
	return out
}

// noticeIcons are the icons of the topics.
var noticeIcons = map[notice.Topic]string{
	notice.Account: "building-2", notice.Membership: "calendar-clock", notice.People: "user-plus", notice.Policy: "shield-check", notice.Quota: "gauge", notice.Tasks: "list-checks",
}

func noticeTone(k notice.Kind) part.Tone {
	switch k {
	case notice.AccountHeld, notice.AccountClosed, notice.MembershipExpired, notice.ClientExpired, notice.TaskFailed, notice.QuotaReached, notice.OwnQuotaReached, notice.InvitationRefused:
		return part.Danger
	case notice.MembershipEnding, notice.MembershipGrace, notice.ClientEnding, notice.QuotaNear, notice.OwnQuotaNear, notice.CreditVoided, notice.TaskConfirm:
		return part.Warning
	case notice.AccountResumed, notice.AccountReopened, notice.InvitationAccepted, notice.CreditGranted, notice.TaskDone:
		return part.Success
	case notice.OwnerChanged, notice.PackageChanged, notice.RuleChanged:
	}
	return part.Neutral
}

// noticeHref is where a notice leads, "" when there is nothing to open. What leads above the reader's account leads to the same page of theirs.
func noticeHref(sc authz.Scope, n notice.Notice) string {
	about, target := n.Account, n.Target
	switch n.Kind {
	case notice.AccountHeld, notice.AccountResumed, notice.AccountClosed, notice.AccountReopened:
		return accountPath(sc.Account(), "/home")
	case notice.RuleChanged:
		return accountPath(sc.Account(), "/security")
	case notice.OwnerChanged, notice.InvitationAccepted:
		return accountPath(about, "/users/"+target)
	case notice.InvitationRefused:
		return accountPath(about, "/users/invite")
	case notice.PackageChanged, notice.CreditGranted, notice.CreditVoided:
		return accountPath(about, "/quotas")
	case notice.MembershipEnding, notice.MembershipGrace, notice.MembershipExpired:
		return accountPath(about, "")
	case notice.ClientEnding, notice.ClientExpired:
		return accountPath(ids.Account(target), "")
	case notice.TaskDone, notice.TaskFailed, notice.TaskConfirm:
		return taskPath(about, ids.Task(target))
	case notice.QuotaNear, notice.QuotaReached:
		return limitHref(about, target)
	case notice.OwnQuotaNear, notice.OwnQuotaReached:
	}
	return ""
}

// limitHref is where the limits of an account stand, or those of what lies in it: an account below, or a sub-account.
func limitHref(about ids.Account, target string) string {
	if below, err := ids.ParseAccount(target); err == nil {
		return accountPath(below, "/quotas")
	}
	if sub, err := ids.ParseSubAccount(target); err == nil {
		return accountPath(about, "/subaccounts/"+string(sub)+"/quotas")
	}
	return accountPath(about, "/quotas")
}

// readNotices marks one notice as read, or all of them without an id, and leads back to the view that it was done on.
func (s *Server) readNotices(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	f, err := readForm(w, r, "id")
	if err != nil {
		return err
	}
	if f.text("id") == "" {
		if err := s.Notices.ReadAll(r.Context(), by); err != nil {
			return err
		}
		s.setFlash(w, "notices_read")
		return seeOther(w, r, noticesAt(noticesAsked(r.URL.Query()), ""))
	}
	id, err := ids.ParseNotice(f.text("id"))
	if err != nil {
		return errs.NoSuch("notice")
	}
	if err := s.Notices.Read(r.Context(), by, id); err != nil {
		return err
	}
	return seeOther(w, r, noticesAt(noticesAsked(r.URL.Query()), r.URL.Query().Get("cursor")))
}
