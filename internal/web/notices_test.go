package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/notice"
)

func TestANoticeOfALimitLeadsToWhereItStands(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_000)
	acme, below, sub := ids.NewAccount(at), ids.NewAccount(at), ids.NewSubAccount(at)
	for _, c := range []struct{ name, target, want string }{
		{"of the account", "", "/a/" + string(acme) + "/quotas"},
		{"of an account below", string(below), "/a/" + string(below) + "/quotas"},
		{"of a sub-account", string(sub), "/a/" + string(acme) + "/subaccounts/" + string(sub) + "/quotas"},
	} {
		if got := noticeHref(authz.Scope{}, notice.Notice{Kind: notice.QuotaNear, Account: acme, Target: c.target}); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestEveryNoticeLeadsToAPage follows each kind of notice along the routes of the portal.
func TestEveryNoticeLeadsToAPage(t *testing.T) {
	mux := http.NewServeMux()
	for _, r := range (&Server{}).Routes() {
		mux.HandleFunc(r.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	account := ids.NewAccount(now)
	for _, k := range notice.Kinds() {
		for _, target := range []string{"", string(account), string(ids.NewSubAccount(now)), string(ids.NewMembership(now))} {
			href := noticeHref(authz.Scope{}, notice.Notice{Kind: k, Account: account, Target: target})
			if href == "" || strings.HasSuffix(href, "/") {
				continue // of a kind that leads nowhere, or whose target is another
			}
			if strings.HasPrefix(href, "/a//") { // to the account one works in, which has no id here
				href = "/a/" + string(account) + strings.TrimPrefix(href, "/a/")
			}
			if _, pattern := mux.Handler(httptest.NewRequestWithContext(t.Context(), http.MethodGet, href, nil)); pattern == "" || pattern == "/" {
				t.Errorf("%s leads to %s, where no page is", k, href)
			}
		}
	}
}
