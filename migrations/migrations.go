// Package migrations holds the schema: one numbered SQL file for both databases;
// what only one of them understands stands in a comment that the migrator opens (see db.Migrate).
package migrations

import "embed"

// FS holds the numbered files.
//
//go:embed *.sql
var FS embed.FS
