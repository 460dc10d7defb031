package quota

import (
	"bailiwick/internal/errs"
	"bailiwick/internal/setting"
)

// The settings of quotas.
var (
	// MonthDay is the day on which an account's month begins.
	MonthDay = setting.Key[int]{Name: "quota.month_day", Default: 1, Merge: setting.Override[int], Check: between(1, 31), Parents: true,
		Control: setting.Control{Kind: setting.Number, Low: 1, High: 31}}
	// Oversell is how much an account may hand out of what it has, in percent.
	Oversell = setting.Key[int]{Name: "quota.oversell_percent", Default: 100, Merge: setting.Override[int], Check: between(100, 10_000), Parents: true,
		Control: setting.Control{Kind: setting.Number, Unit: "percent", Low: 100, High: 10_000}}
)

// Settings are those that are set under the tabs of an account.
func Settings() []setting.Any { return []setting.Any{MonthDay, Oversell} }

func between(low, high int) func(int) error {
	return func(n int) error {
		if n < low || n > high {
			return errs.New(errs.Invalid, "quota.out_of_range", "Write a number from {low} to {high}.", "low", low, "high", high)
		}
		return nil
	}
}
