package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// clone makes a database of the migrated template and drops it with the test.
func (c *cluster) clone(t testing.TB) (string, error) {
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		return "", err
	}
	tpl, err := c.template(ctx, conn)
	if err != nil {
		return "", errors.Join(err, conn.Close(ctx))
	}
	dsn, err := c.create(ctx, t, conn, tpl)
	return dsn, errors.Join(err, conn.Close(ctx))
}

// empty makes a database without tables and drops it with the test.
func (c *cluster) empty(t testing.TB) (string, error) {
	conn, err := pgx.Connect(t.Context(), c.url)
	if err != nil {
		return "", err
	}
	dsn, err := c.create(t.Context(), t, conn, "template0")
	return dsn, errors.Join(err, conn.Close(t.Context()))
}

func (c *cluster) create(ctx context.Context, t testing.TB, conn *pgx.Conn, template string) (string, error) {
	name := "test_" + strings.ToLower(rand.Text()[:16])
	copied := "" // as older servers do anyway
	if version, err := strconv.ParseFloat(strings.Fields(conn.PgConn().ParameterStatus("server_version"))[0], 64); err == nil && version >= 15 {
		copied = " STRATEGY FILE_COPY"
	}
	if _, err := conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s%s", name, template, copied)); err != nil {
		return "", err
	}
	// The test's own context has ended by then.
	t.Cleanup(func() {
		if err := c.drop(context.WithoutCancel(ctx), name); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return c.dsn(name)
}

func (c *cluster) drop(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	return errors.Join(err, conn.Close(ctx))
}

// template returns the migrated database of the present schema. Processes that
// need it at the same time wait for the one that builds it.
func (c *cluster) template(ctx context.Context, conn *pgx.Conn) (string, error) {
	hash, err := schemaHash()
	if err != nil {
		return "", err
	}
	name := "template_" + hash
	if found, err := exists(ctx, conn, name); found || err != nil {
		return name, err
	}
	// The lock goes with the connection, which clone closes.
	const lock = 0x6261696c // "bail"
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return "", err
	}
	if found, err := exists(ctx, conn, name); found || err != nil {
		return name, err
	}
	building := "building_" + hash
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+building+" WITH (FORCE)"); err != nil {
		return "", err
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+building); err != nil {
		return "", err
	}
	dsn, err := c.dsn(building)
	if err != nil {
		return "", err
	}
	if err := migrate(ctx, dsn); err != nil {
		return "", err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+building+" RENAME TO "+name)
	return name, err
}

func exists(ctx context.Context, conn *pgx.Conn, name string) (found bool, err error) {
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&found)
	return found, err
}

func (c *cluster) dsn(database string) (string, error) {
	u, err := url.Parse(c.url)
	if err != nil {
		return "", errors.New("write TEST_POSTGRES_URL as postgres://user:password@host:port/database")
	}
	u.Path = "/" + database
	return u.String(), nil
}
