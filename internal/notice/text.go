package notice

import (
	"strings"
	"time"

	"bailiwick/internal/i18n"
	"bailiwick/internal/setting"
)

// Text says in the reader's language what the notice tells.
func (n Notice) Text(p i18n.Printer) string {
	key := "notices." + string(n.Kind)
	if n.Kind == PackageChanged && n.Facts["package"] == "" {
		key = "notices.package_none"
	}
	if (n.Kind == MembershipEnding || n.Kind == ClientEnding) && n.number("count") == 0 {
		key += "_today"
	}
	args := []any{"count", n.number("count"), "percent", n.Facts["percent"]}
	for _, name := range []string{"account", "client", "email", "inviter", "package", "person"} {
		args = append(args, name, n.Facts[name])
	}
	if day, err := time.Parse(time.DateOnly, n.Facts["date"]); err == nil {
		args = append(args, "date", p.Date(day))
	}
	if task := n.Facts["task"]; task != "" {
		args = append(args, "task", p.T("tasks.kind_"+task))
	}
	switch name := n.Facts["setting"]; name {
	case "":
	case "network.portal", "network.api": // these have a page of their own
		args = append(args, "setting", p.T("allowlist.title_"+strings.TrimPrefix(name, "network.")))
	default:
		args = append(args, "setting", p.T(setting.TextKey(name)))
	}
	if limit := n.Facts["limit"]; limit != "" {
		args = append(args, "limit", p.T("notices.limit_"+limit))
	}
	if channel := n.Facts["channel"]; channel != "" {
		args = append(args, "channel", p.T("limits.channel_"+channel), "units", n.number("units"))
	}
	return p.T(key, args...)
}

// More is the name of what the notice is about, where its text has no room for it; "" for none.
func (n Notice) More() string { return n.Facts["subject"] + n.Facts["of"] }
