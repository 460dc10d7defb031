package config_test

import (
	"os"
	"strings"
	"testing"

	"bailiwick/internal/config"
)

func TestTheDocumentationListsEverySetting(t *testing.T) {
	text, err := os.ReadFile("../../docs/operators/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != config.Document() {
		t.Error("run make generate and commit docs/operators/settings.md: the settings have changed")
	}
	for _, k := range config.Keys() {
		if !strings.Contains(string(text), "| `"+k.Name+"` |") {
			t.Errorf("%s is not documented", k.Name)
		}
	}
}
