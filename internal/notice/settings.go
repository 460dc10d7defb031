package notice

import (
	"slices"

	"bailiwick/internal/errs"
	"bailiwick/internal/setting"
)

// Bell is which topics the bell tells somebody of.
var Bell = setting.Key[[]string]{Name: "notices.bell", Default: named(), Merge: setting.Override[[]string], Check: among(named()),
	Control: setting.Control{Kind: setting.Choices, Options: named()}}

// Mail is which topics somebody is also told of by mail, of those whose mails one can do without.
var Mail = setting.Key[[]string]{Name: "notices.mail", Default: mailed(), Merge: setting.Override[[]string], Check: among(mailed()),
	Control: setting.Control{Kind: setting.Choices, Options: mailed(), Mails: true}}

func mailed() []string { return []string{string(Membership), string(People), string(Quota)} }

func named() (out []string) {
	for _, t := range Topics() {
		out = append(out, string(t))
	}
	return out
}

func topics(names []string) (out []Topic) {
	for _, n := range names {
		out = append(out, Topic(n))
	}
	return out
}

func among(offered []string) func([]string) error {
	return func(names []string) error {
		for _, n := range names {
			if !slices.Contains(offered, n) {
				return errs.New(errs.Invalid, "setting.not_offered", "Choose one of what is offered.")
			}
		}
		return nil
	}
}

// Settings lists the settings of notices, which people also have for themselves.
func Settings() []setting.Any { return []setting.Any{Bell, Mail} }
