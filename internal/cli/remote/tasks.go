package remote

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/api/client"
)

type tasksCmd struct {
	List   tasksList   `cmd:"" help:"List exports and imports, the newest first."`
	Show   tasksShow   `cmd:"" help:"Show how far a task is and what it found."`
	Cancel tasksCancel `cmd:"" help:"End a task where it stands; what it did so far stays."`
	Result tasksResult `cmd:"" help:"Download the file that a task left."`
}

type tasksList struct {
	flags
	paging
}

// Run lists tasks.
func (c tasksList) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Task, string, error) {
		l, err := s.ListTasks(s.Ctx, at, client.ListTasksParams{Cursor: cursor})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Task, next string) any { return client.ListTask{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.Task]{"id", func(t client.Task) string { return t.ID }},
		column[client.Task]{"task", func(t client.Task) string { return strings.ReplaceAll(t.Kind, "_", " ") }},
		column[client.Task]{"file", func(t client.Task) string { return t.Subject }},
		column[client.Task]{"state", func(t client.Task) string { return t.State }},
		column[client.Task]{"done", howFar},
		column[client.Task]{"for", func(t client.Task) string { return t.UserName }},
		column[client.Task]{"started", func(t client.Task) string { return moment(t.CreatedAt) }})
}

func howFar(t client.Task) string {
	if t.Total == 0 {
		return strconv.FormatInt(t.Done, 10)
	}
	return fmt.Sprintf("%d of %d", t.Done, t.Total)
}

type tasksShow struct {
	flags
	ID string `arg:"" help:"Its id, tsk_..."`
}

// Run shows a task.
func (c tasksShow) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	t, err := s.GetTask(s.Ctx, at, c.ID)
	if err != nil {
		return err
	}
	if s.json {
		return s.printJSON(t)
	}
	return facts(s.Out, "Id", t.ID, "Task", strings.ReplaceAll(t.Kind, "_", " "), "File", t.Subject, "State", t.State, "Why", t.Problem.Detail, "Done", howFar(t),
		"Found", found(t), "For", t.UserName, "By key", t.Key, "Started", moment(t.CreatedAt), "Kept until", strings.TrimPrefix(moment(t.KeptUntil), "-"))
}

// found is what an import found, or did.
func found(t client.Task) string {
	r := t.Import
	switch {
	case !strings.HasPrefix(t.Kind, "import_") || r.Rows == 0:
		return ""
	case r.Applied:
		return fmt.Sprintf("%d created, %d updated, %d left out", r.Created, r.Updated, r.LeftOut)
	}
	return fmt.Sprintf("%d lines: %d new, %d to update, %d the same, %d to mend", r.Rows, r.New, r.Updates, r.Same, r.Bad)
}

type tasksCancel struct {
	flags
	ID string `arg:"" help:"Its id, tsk_..."`
}

// Run ends a task.
func (c tasksCancel) Run(p *Process) error {
	return c.one(p, "Cancelled", c.ID, func(s *session, at string) error { return s.CancelTask(s.Ctx, at, c.ID) })
}

type tasksResult struct {
	flags
	ID  string `arg:"" help:"Its id, tsk_..."`
	Out string `short:"o" help:"File to write; without it the standard output." placeholder:"FILE"`
}

// Run downloads a result.
func (c tasksResult) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	return s.fetch(at, c.ID, c.Out)
}

// fetch writes the result of a task to a file, or to the standard output.
func (s *session) fetch(at, id, out string) error {
	return s.into(out, func(to io.Writer) error { return s.GetTaskResult(s.Ctx, at, id, to) })
}

// into writes a new file, or to the standard output when it has no name. What could not be written whole is not left.
func (s *session) into(name string, write func(io.Writer) error) (err error) {
	if name == "" {
		return write(s.Out)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if os.IsExist(err) {
		return &Usage{fmt.Sprintf("Name another file. There is one called %s.", name)}
	}
	if err != nil {
		return &Usage{fmt.Sprintf("Correct the name of the file: %v.", err)}
	}
	err = write(f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(name) //nolint:errcheck // the first error is told
	}
	return err
}

// lookAgain is how long the first wait for a task takes; later ones are longer, up to lookAtLeast.
const (
	lookAgain   = 100 * time.Millisecond
	lookAtLeast = 2 * time.Second
)

// wait follows a task until there is nothing to wait for, with a bar on a terminal.
func (s *session) wait(at, id string) (client.Task, error) {
	bar := s.progress(0)
	defer bar.end()
	for pause := lookAgain; ; pause = min(2*pause, lookAtLeast) {
		t, err := s.GetTask(s.Ctx, at, id)
		if err != nil {
			return t, err
		}
		switch t.State {
		case "waiting", "running":
		case "failed":
			return t, &failedTask{t.ID, t.Problem.Detail}
		case "cancelled":
			return t, &failedTask{t.ID, "Start it again. Somebody has cancelled it."}
		default:
			return t, nil
		}
		bar.total = t.Total
		bar.show(t.Done)
		timer := time.NewTimer(pause)
		select {
		case <-s.Ctx.Done():
			timer.Stop()
			return t, s.Ctx.Err()
		case <-timer.C:
		}
	}
}

// failedTask is a task that did not end well.
type failedTask struct{ id, why string }

func (f *failedTask) Error() string { return plain(f.why) + " (" + plain(f.id) + ")" }
