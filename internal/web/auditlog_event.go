package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/trail"
	"bailiwick/internal/web/ui/auditlog"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/shell"
)

// auditFrame is the frame of a page of the log. For an account other than the one chosen, crumbs lead to it.
func (s *Server) auditFrame(w http.ResponseWriter, r *http.Request, by authz.Actor, sc authz.Scope, at place) (shell.Page, error) {
	if sc.Account() != by.Account() {
		if len(at.crumbs) == 0 {
			at.crumbs = []part.Crumb{{Label: at.title}}
		}
		at.crumbs = append([]part.Crumb{{Label: sc.Name(), Href: accountPath(sc.Account(), "")}}, at.crumbs...)
	}
	return s.frame(w, r, by, at)
}

// auditEvent is the event that the address names, with the ways to its neighbours on the page.
func (s *Server) auditEvent(r *http.Request, by authz.Actor, account ids.Account, a auditAddress, page []audit.Entry) (auditlog.Event, error) {
	id, err := ids.ParseEvent(r.URL.Query().Get("event"))
	if err != nil {
		return auditlog.Event{}, errs.NoSuch("event")
	}
	e, err := s.Trail.Get(r.Context(), by, account, id)
	if err != nil {
		return auditlog.Event{}, err
	}
	p := i18n.From(r.Context())
	query := r.URL.Query()
	cursor, tab := query.Get("cursor"), query.Get("tab")
	link := func(id ids.Event) string { return a.with("cursor", cursor, "event", string(id)) }
	v := auditlog.Event{
		Title: trail.What(p, e.Entry), When: p.DateTime(e.At) + e.At.Format(":05") + " UTC", Back: a.with("cursor", cursor), Link: auditAddress{at: a.at}.with("event", string(id)),
		Tab: tab, Who: auditRow(p, e.Entry), About: e.Target, Facts: requestFacts(p, e.Entry), Chain: chainOf(p, e.Place), Raw: rawEvent(e),
		Tabs: part.Tabs{Label: p.T("audit.details"), Items: []part.Tab{
			{Label: p.T("audit.changes"), Href: link(id), Count: countOf(p, len(e.Changes)), Current: tab != "request" && tab != "raw"},
			{Label: p.T("audit.request"), Href: a.with("cursor", cursor, "event", string(id), "tab", "request"), Current: tab == "request"},
			{Label: p.T("audit.raw"), Href: a.with("cursor", cursor, "event", string(id), "tab", "raw"), Current: tab == "raw"},
		}},
	}
	if e.IP != "" {
		v.Who.Sub = p.T("audit.who_from", "account", e.AccountName, "address", e.IP)
	}
	if e.ActingAs != "" {
		v.Who.Sub += " · " + p.T("audit.acting_as", "who", e.ActingAs)
	}
	for _, c := range e.Changes {
		if lines, isList := listChange(offerOf(r.Context()), c); isList {
			v.Lists = append(v.Lists, lines)
			continue
		}
		v.Changes = append(v.Changes, auditlog.Change{Field: fieldLabel(p, c.Field), Before: fieldValue(p, c.Field, c.Before), After: fieldValue(p, c.Field, c.After), Hidden: c.Hidden})
	}
	if i := slices.IndexFunc(page, func(o audit.Entry) bool { return o.ID == id }); i >= 0 {
		if i > 0 {
			v.Newer = link(page[i-1].ID)
		}
		if i < len(page)-1 {
			v.Older = link(page[i+1].ID)
		}
	}
	more := auditAddress{at: a.at}
	if e.ActorName != "" {
		v.More = append(v.More, part.Link{Label: p.T("audit.more_person"), Href: more.with("actor", e.ActorID)})
	}
	if e.TargetID != "" {
		v.More = append(v.More, part.Link{Label: p.T("audit.more_target"), Href: more.with("target", e.TargetID)})
	}
	if e.IP != "" {
		v.More = append(v.More, part.Link{Label: p.T("audit.more_address"), Href: more.with("address", e.IP)})
	}
	return v, nil
}

// countOf is a number beside a label, nothing for none.
func countOf(p i18n.Printer, n int) string {
	if n == 0 {
		return ""
	}
	return p.Number(int64(n))
}

// requestFacts say by what means the thing was done.
func requestFacts(p i18n.Printer, e audit.Entry) []part.Fact {
	var out []part.Fact
	add := func(key, text string) {
		if text != "" {
			out = append(out, part.Fact{Term: p.T("audit.head_" + key), Text: text})
		}
	}
	add("account", e.AccountName)
	add("person_kind", activityKind(p, e.ActorKind))
	add("person_id", e.ActorID)
	add("acting_as", e.ActingAs)
	add("credential", e.Credential)
	add("address", e.IP)
	add("request", e.RequestID)
	add("action", e.Action)
	add("target_kind", e.TargetType)
	add("target_id", e.TargetID)
	add("result", p.T("audit.result_"+e.Result))
	add("event_id", string(e.ID))
	return out
}

// activityKind names what kind of thing acted.
func activityKind(p i18n.Printer, kind string) string {
	if key := "audit.kind_" + kind; p.Has(key) {
		return p.T(key)
	}
	return kind
}

func chainOf(p i18n.Printer, at audit.Place) auditlog.Chain {
	switch {
	case at.Seq == 0:
		return auditlog.Chain{Text: p.T("audit.unsealed"), Tone: part.Neutral}
	case !at.Proven:
		return auditlog.Chain{Entry: p.Number(at.Seq), Text: p.T("audit.broken"), Tone: part.Danger}
	case at.Erased:
		return auditlog.Chain{Entry: p.Number(at.Seq), Text: p.T("audit.proven_erased"), Tone: part.Success}
	}
	return auditlog.Chain{Entry: p.Number(at.Seq), Text: p.T("audit.proven"), Tone: part.Success}
}

// rawEvent is the event as data.
func rawEvent(e trail.Event) string {
	b, err := json.MarshalIndent(struct {
		Entry      int64          `json:"entry"`
		ID         ids.Event      `json:"id"`
		At         time.Time      `json:"at"`
		Account    ids.Account    `json:"account"`
		ActorKind  string         `json:"actor_kind"`
		Actor      string         `json:"actor"`
		ActingAs   string         `json:"acting_as,omitempty"`
		Credential string         `json:"credential"`
		Request    string         `json:"request"`
		Action     string         `json:"action"`
		TargetType string         `json:"target_type"`
		Target     string         `json:"target"`
		Result     string         `json:"result"`
		Changes    []audit.Change `json:"changes"`
	}{e.Seq, e.ID, e.At, e.Account, e.ActorKind, e.ActorID, e.ActingAs, e.Credential, e.RequestID, e.Action, e.TargetType, e.TargetID, e.Result, e.Changes}, "", "  ")
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}

// fieldLabel names a changed field: "membership_end", or "address.city" inside another.
func fieldLabel(p i18n.Printer, field string) string {
	parts := strings.Split(field, ".")
	for i, f := range parts {
		if key := "field.log_" + f; p.Has(key) {
			parts[i] = p.T(key)
		}
	}
	return strings.Join(parts, " · ")
}

// listFields are the fields whose values are lists, shown line by line.
var listFields = []string{"perms", "scopes", "sub_accounts", "refs", "tags", "actions"}

// fieldValue writes a value as people read it.
func fieldValue(p i18n.Printer, field, value string) string {
	switch value {
	case "true", "false":
		return p.T("audit.value_" + value)
	case "":
		return ""
	}
	if at, err := time.Parse(time.RFC3339, value); err == nil {
		return p.DateTime(at)
	}
	for _, key := range []string{field + "." + value, "account." + field + "_" + value} {
		if (field == "role" || field == "kind" || field == "status") && p.Has(key) {
			return p.T(key)
		}
	}
	return value
}

// listChange shows what came and went of a list.
func listChange(p offer, c audit.Change) (auditlog.Lines, bool) {
	if c.Hidden || !slices.Contains(listFields, c.Field) {
		return auditlog.Lines{}, false
	}
	before, after := items(c.Before), items(c.After)
	out := auditlog.Lines{Field: fieldLabel(p.Printer, c.Field)}
	text := func(item string) string {
		if perm := authz.Perm(item); slices.Contains(p.perms(), perm) {
			return p.permName(perm)
		}
		return item
	}
	gone, added := 0, 0
	for _, item := range before {
		kind := ""
		if !slices.Contains(after, item) {
			kind = "del"
			gone++
		}
		out.Lines = append(out.Lines, auditlog.Line{Text: text(item), Kind: kind})
	}
	for _, item := range after {
		if !slices.Contains(before, item) {
			added++
			out.Lines = append(out.Lines, auditlog.Line{Text: text(item), Kind: "add"})
		}
	}
	if added > 0 {
		out.Added = "+" + p.Number(int64(added))
	}
	if gone > 0 {
		out.Gone = "−" + p.Number(int64(gone))
	}
	return out, true
}

func items(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ", ")
}

// nounOf is what an action is about.
func nounOf(action string) string {
	noun, _, _ := strings.Cut(action, ".")
	return noun
}
