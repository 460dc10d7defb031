package policy

import "testing"

func TestRulesOnlyBecomeStricterFurtherDown(t *testing.T) {
	for _, c := range []struct {
		name       string
		merge      func(above, own int) (int, bool)
		above, own int
		want       int
	}{
		{"a longer password", PasswordLength.Merge, 15, 20, 20},
		{"a shorter password", PasswordLength.Merge, 20, 15, 20},
		{"less idle time", SessionIdle.Merge, 60, 30, 30},
		{"more idle time", SessionIdle.Merge, 30, 60, 30},
		{"a shorter session", SessionAbsolute.Merge, 24, 8, 8},
		{"a longer session", SessionAbsolute.Merge, 8, 24, 8},
	} {
		if got, _ := c.merge(c.above, c.own); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestAValueOutOfRangeIsRefused(t *testing.T) {
	for _, err := range []error{PasswordLength.Check(8), SessionIdle.Check(1), SessionAbsolute.Check(0)} {
		if err == nil {
			t.Error("accepted")
		}
	}
}
