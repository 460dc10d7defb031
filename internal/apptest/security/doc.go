// Package security holds tests of the rules of security of an account at the edges where they act.
package security
