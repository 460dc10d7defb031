// Package effects tests that every setting acts: it is set, and where it acts something is different.
package effects
