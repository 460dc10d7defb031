// Package restart holds the tests that stopping the real program loses nothing.
package restart
