package db

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
)

// keepStatements is how many statements a connection to SQLite keeps ready: more than the pages and the bulk work have texts.
const keepStatements = 200

// preparing opens connections to SQLite that keep their statements, for to read a text often takes longer than to run it.
type preparing struct{ driver.Connector }

func newPreparing(dsn string) (preparing, error) {
	c, err := sqlite.NewConnector(dsn)
	return preparing{c}, err
}

func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("db: the driver of SQLite has changed its connections"), c.Close())
	}
	return &preparedConn{sqliteConn: conn, kept: map[string]*list.Element{}, recent: list.New()}, nil
}

// sqliteConn is what database/sql asks of a connection.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// preparedConn is a connection with its statements. A statement that runs is not among those that are kept.
type preparedConn struct {
	sqliteConn
	kept   map[string]*list.Element
	recent *list.List // of *prepared, the most recently used first
}

type prepared struct {
	text string
	sqliteStmt
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	res, err := s.ExecContext(ctx, args)
	return res, errors.Join(err, c.keep(s, err))
}

func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, c.keep(s, err))
	}
	return &preparedRows{rows, c, s}, nil
}

// preparedRows keeps the statement once its rows were read.
type preparedRows struct {
	driver.Rows
	c *preparedConn
	s *prepared
}

func (r *preparedRows) Close() error {
	err := r.Rows.Close()
	return errors.Join(err, r.c.keep(r.s, err))
}

// take returns a statement that nobody uses.
func (c *preparedConn) take(ctx context.Context, text string) (*prepared, error) {
	if e := c.kept[text]; e != nil {
		return c.forget(e), nil
	}
	s, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	stmt, ok := s.(sqliteStmt)
	if !ok {
		return nil, errors.Join(errors.New("db: the driver of SQLite has changed its statements"), s.Close())
	}
	return &prepared{text, stmt}, nil
}

// keep keeps a statement that has ended, unless it failed or runs twice.
func (c *preparedConn) keep(s *prepared, failed error) error {
	if failed != nil || c.kept[s.text] != nil {
		return s.Close()
	}
	c.kept[s.text] = c.recent.PushFront(s)
	if c.recent.Len() > keepStatements {
		return c.forget(c.recent.Back()).Close()
	}
	return nil
}

func (c *preparedConn) forget(e *list.Element) *prepared {
	s, _ := c.recent.Remove(e).(*prepared) // nothing else is in it
	delete(c.kept, s.text)
	return s
}

// Close closes the statements, without which SQLite does not let a connection go.
func (c *preparedConn) Close() error {
	var all []error
	for c.recent.Len() > 0 {
		all = append(all, c.forget(c.recent.Back()).Close())
	}
	return errors.Join(append(all, c.sqliteConn.Close())...)
}
