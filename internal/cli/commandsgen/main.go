// Command commandsgen prints docs/operators/command-line.md from the commands of the program.
package main

import (
	"fmt"
	"os"

	"bailiwick/internal/cli"
)

func main() {
	text, err := cli.Document()
	if err == nil {
		_, err = fmt.Fprint(os.Stdout, text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "commandsgen:", err)
		os.Exit(1)
	}
}
