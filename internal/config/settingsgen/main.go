// Command settingsgen prints docs/operators/settings.md from the list of settings.
package main

import (
	"fmt"
	"os"

	"bailiwick/internal/config"
)

func main() {
	if _, err := fmt.Fprint(os.Stdout, config.Document()); err != nil {
		fmt.Fprintln(os.Stderr, "settingsgen:", err)
		os.Exit(1)
	}
}
