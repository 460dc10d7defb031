// Command commongen turns a JSON list of common passwords into the sorted
// hashes that package secret embeds.
package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"bailiwick/internal/secret"
)

func main() {
	in := flag.String("in", "", "JSON file: src/passwords.json of @zxcvbn-ts/language-common")
	out := flag.String("out", "common.bin", "file to write")
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
	var words []string
	if err := json.Unmarshal(text, &words); err != nil {
		return fmt.Errorf("read %s: %w", in, err)
	}
	hashes := make([]uint64, 0, len(words))
	for _, w := range words {
		hashes = append(hashes, secret.CommonHash(norm.NFKC.String(cases.Fold().String(w))))
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	var b []byte
	for _, h := range hashes {
		b = binary.BigEndian.AppendUint64(b, h)
	}
	return os.WriteFile(out, b, 0o644)
}
