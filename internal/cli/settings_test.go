package cli

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/config"
)

// TestEverySettingButSecretsIsAFlag keeps the command line and the settings in step.
func TestEverySettingButSecretsIsAFlag(t *testing.T) {
	var flags, want []string
	for f := range reflect.TypeFor[settings]().Fields() {
		flags = append(flags, f.Tag.Get("name"))
	}
	for _, k := range config.Keys() {
		if !k.Secret {
			want = append(want, config.FlagName(k.Name))
		}
	}
	if d := cmp.Diff(want, flags); d != "" {
		t.Errorf("settings (-) and flags (+):\n%s", d)
	}
}
