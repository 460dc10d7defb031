package cli_test

import (
	"os"
	"testing"

	"bailiwick/internal/cli"
)

func TestTheDocumentationListsEveryCommand(t *testing.T) {
	text, err := os.ReadFile("../../docs/operators/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := cli.Document()
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Error("run make generate and commit docs/operators/command-line.md: the commands have changed")
	}
}
