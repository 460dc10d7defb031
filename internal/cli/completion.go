package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"bailiwick/internal/cli/remote"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints the script.
func (c completionCmd) Run(model *kong.Application, p *remote.Process) error {
	_, err := io.WriteString(p.Out, completion(model, c.Shell))
	return err
}

// completion is a script that completes commands and flags. Values, such as ids, are not asked of the server.
func completion(model *kong.Application, shell string) string {
	var b strings.Builder
	words := "_bailiwick_words() {\n  case \"$1\" in\n"
	for _, n := range nodes(model.Node) {
		words += fmt.Sprintf("    %q) echo %q ;;\n", pathOf(n), strings.Join(append(names(n), flagNames(n)...), " "))
	}
	words += "  esac\n}\n"
	// at walks the words before the cursor down the commands.
	switch shell {
	case "bash":
		b.WriteString("# bailiwick completion bash > /etc/bash_completion.d/bailiwick\n" + words + `_bailiwick() {
  local at="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case " $(_bailiwick_words "$at") " in *" $word "*) [[ $word == -* ]] || at="${at:+$at }$word" ;; esac
  done
  COMPREPLY=($(compgen -W "$(_bailiwick_words "$at")" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _bailiwick bailiwick
`)
	case "zsh":
		b.WriteString("#compdef bailiwick\n# bailiwick completion zsh > \"${fpath[1]}/_bailiwick\"\n" + words + `_bailiwick() {
  local at="" word
  for word in ${words[2,$((CURRENT - 1))]}; do
    case " $(_bailiwick_words "$at") " in *" $word "*) [[ $word == -* ]] || at="${at:+$at }$word" ;; esac
  done
  compadd -- ${=$(_bailiwick_words "$at")} || _files
}
compdef _bailiwick bailiwick
`)
	case "fish":
		b.WriteString("# bailiwick completion fish > ~/.config/fish/completions/bailiwick.fish\nfunction __bailiwick_at\n" + `  set -l at
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; or set at $at $word
  end
  string match -q -- "$argv[1]" "$at"
end
`)
		for _, n := range nodes(model.Node) {
			for _, child := range n.Children {
				if !child.Hidden {
					fmt.Fprintf(&b, "complete -c bailiwick -n '__bailiwick_at \"%s\"' -a %s -d '%s'\n", pathOf(n), child.Name, strings.ReplaceAll(child.Help, "'", `\'`))
				}
			}
			for _, f := range n.Flags {
				if !f.Hidden && (n.Parent != nil || f.Name == "help") {
					fmt.Fprintf(&b, "complete -c bailiwick -n '__bailiwick_at \"%s*\"' -l %s -d '%s'\n", pathOf(n), f.Name, strings.ReplaceAll(f.Help, "'", `\'`))
				}
			}
		}
	}
	return b.String()
}

// nodes are a command and all below, in order.
func nodes(n *kong.Node) []*kong.Node {
	out := []*kong.Node{n}
	for _, c := range n.Children {
		if !c.Hidden {
			out = append(out, nodes(c)...)
		}
	}
	return out
}

// pathOf is "clients list", "" for the program itself.
func pathOf(n *kong.Node) string {
	if n.Parent == nil {
		return ""
	}
	return strings.TrimSpace(pathOf(n.Parent) + " " + n.Name)
}

func names(n *kong.Node) (out []string) {
	for _, c := range n.Children {
		if !c.Hidden {
			out = append(out, c.Name)
		}
	}
	return out
}

// flagNames are the flags of a command; a command of the server takes the settings too.
func flagNames(n *kong.Node) (out []string) {
	for at := n; at != nil; at = at.Parent {
		for _, f := range at.Flags {
			if !f.Hidden && (at.Parent != nil || n.Parent == nil || !isRemote(n) || f.Name == "help") {
				out = append(out, "--"+f.Name)
			}
		}
	}
	return out
}

func isRemote(n *kong.Node) bool {
	for ; n != nil; n = n.Parent {
		if n.Group != nil && n.Group.Key == "remote" {
			return true
		}
	}
	return false
}
