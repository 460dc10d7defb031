package notice

import (
	"slices"

	"bailiwick/internal/errs"
	"bailiwick/internal/setting"
)

// Bell is which topics the bell tells somebody of.
var Bell = setting.Key[[]string]{Name: "notices.bell", Default: named(), Merge: setting.Override[[]string], Check: known,
	Control: setting.Control{Kind: setting.Choices, Options: named()}}

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

func known(names []string) error {
	for _, n := range names {
		if !slices.Contains(Topics(), Topic(n)) {
			return errs.New(errs.Invalid, "setting.not_offered", "Choose one of what is offered.")
		}
	}
	return nil
}

// Settings lists the settings of notices, which people also have for themselves.
func Settings() []setting.Any { return []setting.Any{Bell} }
