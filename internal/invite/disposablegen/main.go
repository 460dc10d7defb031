// Command disposablegen turns a JSON list of throw-away mail domains into the sorted, compressed text that package
// invite embeds.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

func main() {
	in := flag.String("in", "", "JSON file: dist/dict/disposable_email_blocklist.json of disposable-email-domains-js")
	out := flag.String("out", "disposable.gz", "file to write")
	flag.Parse()
	if err := run(*in, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in, out string) error {
	text, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	var domains []string
	if err := json.Unmarshal(text, &domains); err != nil {
		return fmt.Errorf("read %s: %w", in, err)
	}
	for i, d := range domains {
		domains[i] = strings.ToLower(strings.TrimSpace(d))
	}
	slices.Sort(domains)
	domains = slices.Compact(domains)
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write([]byte(strings.Join(domains, "\n"))); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, b.Bytes(), 0o644)
}
