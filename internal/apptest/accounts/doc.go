// Package accounts holds tests of the pages of clients and accounts over HTTP, without scripts unless said.
package accounts
