package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"bailiwick/internal/cli/remote"
)

// common are the flags that every command on an installation takes; they are told once.
var common = []string{"server", "key-file", "account", "json", "help"}

// Document is docs/operators/command-line.md.
func Document() (string, error) {
	k, err := parser(&commands{})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(`# Command line

Made from the program by ` + "`make generate`" + `; do not edit.

The same program runs the server and works on one. What works on a server does so over its [API](../integrators/api.md), with a key:

    export BAILIWICK_SERVER=https://portal.example.com
    install -m 600 /dev/null ~/.bailiwick-key       # then put the key into it
    export BAILIWICK_KEY_FILE=~/.bailiwick-key
    bailiwick clients list
    bailiwick clients list --all --json | jq -r '.items[].id'

You make keys in the portal, under your name. A key may do what you ticked for it, and never more than you. It stands in a
file that only you can read or in ` + "`BAILIWICK_API_KEY`" + `, and never on a command line, which others on the machine can see.

Tables are for people and may change; ` + "`--json`" + ` is for programs and is what the API answers. Commands that take ids take
` + "`-`" + ` for ids on the standard input, one on each line. ` + "`bailiwick completion bash`" + ` (or zsh, fish) prints what the shell needs to
complete commands.

## Exit codes

| Code | Meaning |
|---|---|
`)
	for code, words := range remote.Exits() {
		fmt.Fprintf(&b, "| %d | %s |\n", code, words)
	}
	b.WriteString("\n## On an installation\n\nEvery one of these takes")
	b.WriteString(" `--server`, `--key-file`, `--account` (where to work; without it the key's own account) and `--json`.\n")
	all := nodes(k.Model.Node)
	section(&b, all, true)
	b.WriteString("\n## On the server itself\n\nThese take the [settings](settings.md) as flags.\n")
	section(&b, all, false)
	return b.String(), nil
}

func section(b *strings.Builder, all []*kong.Node, onInstallation bool) {
	for _, n := range all {
		if n.Parent == nil || len(n.Children) > 0 || isRemote(n) != onInstallation {
			continue
		}
		line := "bailiwick " + pathOf(n)
		for _, a := range n.Positional {
			line += " " + a.Summary()
		}
		fmt.Fprintf(b, "\n### `%s`\n\n%s\n", line, n.Help)
		about := ""
		for _, f := range n.Flags {
			if !f.Hidden && f.Name != "help" && !(onInstallation && isCommon(f)) {
				about += fmt.Sprintf("| `--%s%s` | %s |\n", f.Name, valueOf(f), strings.ReplaceAll(f.Help, "|", `\|`))
			}
		}
		if about != "" {
			b.WriteString("\n| Flag | Meaning |\n|---|---|\n" + about)
		}
	}
}

func isCommon(f *kong.Flag) bool {
	for _, name := range common {
		if f.Name == name {
			return true
		}
	}
	return false
}

func valueOf(f *kong.Flag) string {
	if f.IsBool() {
		return ""
	}
	return "=" + strings.ReplaceAll(f.FormatPlaceHolder(), "|", `\|`)
}
