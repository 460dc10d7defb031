// Package jobs runs work outside the request, from a queue in the database.
//
// A job is enqueued in the transaction that causes it, so it exists exactly when that transaction commits. It runs
// at least once: a worker whose process dies is replaced when its lease ends, so every worker must bear running
// twice. Only the worker that holds the lease (owner and attempt) can finish a job.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// Queue names the workers that run a job.
type Queue string

// The queues: Mail is for short jobs; in Bulk at most one job of an account runs at a time.
const (
	Mail Queue = "mail"
	Bulk Queue = "bulk"
)

// Args is what a job is told. It is stored as JSON, and its Kind is never renamed while jobs of it may exist.
type Args interface{ Kind() string }

// Options say where and when a job runs; the zero value is: in Bulk, now, with the usual number of attempts.
type Options struct {
	Queue       Queue
	RunAt       time.Time
	UniqueKey   string // while a job of this kind and key waits or runs, another is not added
	MaxAttempts int
	Account     ids.Account // the account the job is about
}

// usualAttempts spread over about twelve hours; see backoff.
const usualAttempts = 20

// insertAtOnce is how many jobs one statement adds.
const insertAtOnce = 100

// Enqueue adds a job in the caller's transaction. Runner.Wake after the commit makes it start at once.
func Enqueue(ctx context.Context, tx *db.Tx, args Args, o Options) error {
	return EnqueueAll(ctx, tx, []Args{args}, o)
}

// EnqueueAll adds jobs of one kind in the caller's transaction.
func EnqueueAll[A Args](ctx context.Context, tx *db.Tx, all []A, o Options) error {
	if o.Queue == "" {
		o.Queue = Bulk
	}
	if o.RunAt.IsZero() {
		o.RunAt = tx.Now()
	}
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = usualAttempts
	}
	for part := range slices.Chunk(all, insertAtOnce) {
		bodies := make([]string, len(part))
		for i, args := range part {
			body, err := json.Marshal(args)
			if err != nil {
				return fmt.Errorf("write the arguments of job %s: %w", args.Kind(), err)
			}
			bodies[i] = string(body)
		}
		if err := insert(ctx, tx, part[0].Kind(), bodies, o); err != nil {
			return err
		}
	}
	return nil
}

// Job is a claimed job, as its worker sees it.
type Job struct {
	ID          ids.Job
	Kind        string
	Queue       Queue
	Account     ids.Account
	Attempt     int // 1 for the first
	MaxAttempts int
	CreatedAt   time.Time

	owner string
	args  string // what was stored
	kept  string // what stays stored when the job is over
}

// Unended is a job that waits or runs.
type Unended struct {
	ID   ids.Job
	Args string // JSON
}

const unendedPage = 500

// EachUnended shows fn every job of a kind that waits or runs.
func EachUnended(ctx context.Context, q db.Queryer, kind string, fn func(Unended) error) error {
	return Walk(ctx, unendedPage, func(after Unended) ([]Unended, error) { return unended(ctx, q, kind, after, unendedPage) }, fn)
}

// ErrLost says that another worker has taken the job over; the transaction that meets it must not commit.
var ErrLost = errors.New("the job's lease has passed to another worker")

// CompleteTx marks the job done in the worker's own transaction, so that its effect and its end are one.
func CompleteTx(ctx context.Context, tx *db.Tx, j Job) error {
	n, err := complete(ctx, tx, j)
	if err != nil {
		return fmt.Errorf("complete job %s: %w", j.ID, err)
	}
	if n == 0 {
		return ErrLost
	}
	return nil
}

type permanentError struct{ err error }

func (e permanentError) Error() string { return e.err.Error() }
func (e permanentError) Unwrap() error { return e.err }

// Permanent marks an error that trying again cannot mend: the job is dead at once.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanentError{err}
}

func isPermanent(err error) bool {
	var p permanentError
	return errors.As(err, &p)
}

// Actor is who a job acts as: itself, with only the permissions its work needs, on one account and below. name is the
// job's kind, or the name of a periodic job.
func Actor(name string, on ids.Account, perms ...authz.Perm) authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Machine, ID: "job." + name, Name: "job." + name, Account: on, Perms: authz.SetOf(perms...), Credential: "job"})
}

// OnBehalf is a person whose work goes on after their request: with what they may do now, not when they asked.
func OnBehalf(user ids.User, name string, on ids.Account) authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Person, User: user, Name: name, Account: on, Credential: "task"})
}
