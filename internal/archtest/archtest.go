// Package archtest checks the rules of the house: who may import whom, what only some may call, where SQL
// stands, and the signatures that make a permission check impossible to forget.
//
// The tests read every file themselves rather than ask the go command, so that the test cache sees each edit.
package archtest
