package invite

import (
	"compress/gzip"
	_ "embed" // the list of throw-away domains
	"io"
	"strings"
	"sync"
)

//go:generate go run ./disposablegen -in disposable_email_blocklist.json -out disposable.gz

// disposableList is the domains of disposable-email-domains-js 1.26.0 (CC0, see disposable.LICENSE).
//
//go:embed disposable.gz
var disposableList string

// disposable opens the list when it is first asked for.
var disposable = sync.OnceValues(func() (map[string]struct{}, error) {
	z, err := gzip.NewReader(strings.NewReader(disposableList))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	set := map[string]struct{}{}
	for d := range strings.SplitSeq(string(text), "\n") {
		set[d] = struct{}{}
	}
	return set, nil
})

// isDisposable reports whether a domain, or one above it, gives out throw-away addresses.
func isDisposable(domain string) (bool, error) {
	set, err := disposable()
	if err != nil {
		return false, err
	}
	for strings.Contains(domain, ".") {
		if _, listed := set[domain]; listed {
			return true, nil
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return false, nil
}
