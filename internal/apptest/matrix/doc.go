// Package matrix holds the tests that ask everything of everything: routes, rights, roles and secrets.
package matrix
