package config

import (
	"fmt"
	"strings"
)

// Document describes every setting for operators, in Markdown.
func Document() string {
	var b strings.Builder
	b.WriteString(`# Settings

Made from the program by ` + "`make generate`" + `; do not edit.

A setting is looked for on the command line, then in the environment, then in the configuration file (TOML, named by
` + "`--config`" + ` or ` + "`BAILIWICK_CONFIG`" + `). What none of them says has its default. A key or flag that does not exist stops the
program with exit code 2.

| Key in the file | Flag | Environment | Default | Meaning |
|---|---|---|---|---|
`)
	for _, k := range Keys() {
		flag, def := "`--"+FlagName(k.Name)+"`", "none"
		if k.Secret {
			flag = "none: others on the machine could read it"
		}
		if k.Default != "" {
			def = "`" + k.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s |\n", k.Name, flag, k.EnvName(), def, k.Help)
	}
	b.WriteString(`
A key with a dot stands in a table of the file:

    listen = "127.0.0.1:8080"

    [smtp]
    host = "smtp.example.com"

Exit codes: 0 done, 1 the command could not do its work, 2 the command line or a setting needs correcting, 3 ` + "`doctor`" + `
found something to mend.
`)
	return b.String()
}
