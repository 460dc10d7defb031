#!/bin/sh
# Looks for what the tests use besides Go: PostgreSQL's server programs, Chromium and a C compiler
# (for the race detector). Installs what is missing on Debian when run as root, and explains otherwise.
set -eu

have() { command -v "$1" >/dev/null 2>&1; }

missing=
if [ -z "${TEST_POSTGRES_URL:-}" ] && ! have initdb && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
	missing="$missing postgresql"
fi
if ! have chromium && ! have chromium-browser && ! have google-chrome; then
	missing="$missing chromium"
fi
if ! have gcc && ! have cc; then
	missing="$missing gcc libc6-dev"
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && have apt-get; then
	echo "Installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of packages
	apt-get install -y -qq --no-install-recommends $missing
	exit 0
fi

echo "Install$missing to run every test (on Debian, as root: apt-get install$missing)."
if [ -n "${CI:-}" ]; then
	echo "CI is set, so no test may be left out."
	exit 1
fi
echo "Tests that need them are skipped."
