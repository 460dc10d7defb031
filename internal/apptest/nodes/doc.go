// Package nodes holds the tests that what one node writes acts on every node.
package nodes
