// Package journey holds tests that do in a real browser what people do.
package journey
