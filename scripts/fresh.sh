#!/bin/sh
# Fails if a generated file is not what its source gives. Leaves the fresh files in place.
set -eu
cd "$(dirname "$0")/.."

sums() { find internal -name '*_templ.go' -exec cksum {} + | sort -k 3; }

before=$(sums)
out=$(${GO:-go} tool templ generate -path ./internal 2>&1) || { printf '%s\n' "$out"; exit 1; }
after=$(sums)
if [ "$before" != "$after" ]; then
	echo "Commit the generated files: they were not up to date with their templates (they are now)."
	exit 1
fi
# A template that was deleted leaves its generated file behind.
find internal -name '*_templ.go' | while read -r f; do
	if [ ! -f "${f%_templ.go}.templ" ]; then
		echo "Delete $f: its template is gone."
		exit 1
	fi
done

fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
${GO:-go} run ./internal/api/clientgen internal/api/testdata/openapi.yaml > "$fresh"
if ! cmp -s "$fresh" internal/api/client/client_gen.go; then
	cp "$fresh" internal/api/client/client_gen.go
	echo "Commit internal/api/client/client_gen.go: it was not up to date with the description of the API (it is now)."
	exit 1
fi
