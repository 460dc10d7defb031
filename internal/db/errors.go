package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"bailiwick/internal/errs"
)

// What a statement can run into, alike on both databases.
var (
	ErrNoRows         = sql.ErrNoRows
	ErrUnique         = errors.New("unique constraint")
	ErrFK             = errors.New("foreign key constraint")
	ErrCheck          = errors.New("check constraint")
	ErrRetry          = errors.New("serialization failure")
	ErrUnknownOutcome = errors.New("the connection was lost during commit")
)

// Classify maps driver errors by code, never by text. A full disk or an unreachable server becomes errs.Unavailable.
func Classify(err error) error {
	var known *errs.Error
	if err == nil || errors.Is(err, ErrNoRows) || errors.As(err, &known) {
		return err
	}
	var se *sqlite.Error
	if errors.As(err, &se) {
		return classifySQLite(se.Code(), err)
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return classifyPostgres(pe.Code, err)
	}
	if lost(err) {
		return unavailable(err)
	}
	return err
}

// lost reports whether the connection to the server could not be made or broke. A deadline of ours that passes is
// a net.Error as well, and is not the server's fault.
func lost(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var ce *pgconn.ConnectError
	var ne net.Error
	return errors.As(err, &ce) || errors.As(err, &ne) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

func classifySQLite(code int, err error) error {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("%w: %w", ErrUnique, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		return fmt.Errorf("%w: %w", ErrFK, err)
	case sqlite3.SQLITE_CONSTRAINT_CHECK:
		return fmt.Errorf("%w: %w", ErrCheck, err)
	}
	switch code & 0xff { // the primary code of an extended one
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", ErrRetry, err)
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return unavailable(err)
	}
	return err
}

// classifyPostgres reads SQLSTATE codes (PostgreSQL manual, appendix A).
func classifyPostgres(code string, err error) error {
	switch code {
	case "23505":
		return fmt.Errorf("%w: %w", ErrUnique, err)
	case "23503", "23001":
		return fmt.Errorf("%w: %w", ErrFK, err)
	case "23514":
		return fmt.Errorf("%w: %w", ErrCheck, err)
	case "40001", "40P01":
		return fmt.Errorf("%w: %w", ErrRetry, err)
	}
	switch code[:2] {
	case "08", "53", "57", "58": // connection, resources (disk full), intervention (shutdown), system
		return unavailable(err)
	}
	return err
}

func unavailable(err error) error {
	e := errs.New(errs.Unavailable, "database.unavailable", "Try again in a moment. The database cannot be reached or its disk is full; nothing was changed.")
	e.Err = err
	return e
}
