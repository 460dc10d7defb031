package web

import (
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
