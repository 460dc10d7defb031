package web

import (
	"strings"

	"bailiwick/internal/audit"
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
	"bailiwick/internal/i18n"
	"bailiwick/internal/trail"
	"bailiwick/internal/web/ui/part"
)

// activityEvent is one line of a list of activity, in words.
func activityEvent(p i18n.Printer, e audit.Entry) part.Event {
	return part.Event{
		Icon: activityIcon(e.Action), Tone: activityTone(e.Action), Text: trail.What(p, e),
		Note: p.T("activity.by", "who", activityActor(p, e), "when", p.DateTime(e.At)),
	}
}

func activityActor(p i18n.Printer, e audit.Entry) string {
	switch {
	case e.ActorID == authn.Visitor:
		return p.T("activity.stranger")
	case e.ActorKind == string(authz.Machine):
		return p.T("role.machine")
	case e.ActorName == "":
		return p.T("activity.erased_person")
	}
	return e.ActorName
}

func activityIcon(action string) string {
	noun, _, _ := strings.Cut(action, ".")
	if icon, ok := map[string]string{"account": "building-2", "clients": "download", "location": "building", "user": "users", "invitation": "mail", "role": "key-round", "key": "key-round", "membership": "calendar-plus", "session": "monitor", "setting": "sliders-horizontal", "subaccount": "send", "view": "bookmark-plus", "task": "list-checks"}[noun]; ok {
		return icon
	}
	return "circle-user"
}

func activityTone(action string) part.Tone {
	switch {
	case strings.HasSuffix(action, ".held"), strings.HasSuffix(action, ".expired"), strings.HasSuffix(action, ".deactivated"):
		return part.Warning
	case strings.HasSuffix(action, ".closed"), strings.HasSuffix(action, ".removed"), strings.HasSuffix(action, ".erased"):
		return part.Danger
	}
	return ""
}
