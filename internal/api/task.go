package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/exchange"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/sheet"
	"bailiwick/internal/stream"
	"bailiwick/internal/task"
)

func (a *API) taskOperations() {
	tag := "Tasks"
	add(a, operation{id: "listTasks", route: "GET /accounts/{account}/tasks", tag: tag, about: "List long work, the newest first",
		more: "Exports and imports of the owner of the key, for which the key has the permission; those of everybody with `audit.view`."}, a.listTasks)
	add(a, operation{id: "getTask", route: "GET /accounts/{account}/tasks/{task}", tag: tag, about: "Get a task: how far it is, and what it found"}, a.getTask)
	add(a, operation{id: "confirmTask", route: "POST /accounts/{account}/tasks/{task}/confirm", tag: tag, status: http.StatusNoContent, about: "Let an import that was looked through do its work",
		more: "The rest is done with what this key may do at each step, whoever uploaded the file."}, a.confirmTask)
	add(a, operation{id: "cancelTask", route: "POST /accounts/{account}/tasks/{task}/cancel", tag: tag, status: http.StatusNoContent, about: "End a task where it stands; what it did so far stays"}, a.cancelTask)
	add(a, operation{id: "getTaskResult", route: "GET /accounts/{account}/tasks/{task}/result", tag: tag, answers: append(slices.Clip(tables), typeLog), about: "Download the file that a task left",
		more: "The list that was exported; of an import, the remarks on its lines as CSV. It takes the permission that starting the task took, and is recorded."}, a.taskResult)
}

// Task is long work.
type Task struct {
	ID        string        `json:"id"`
	Kind      string        `json:"kind" doc:"export_ or import_ and the list." example:"import_clients"`
	State     string        `json:"state" enum:"waiting,running,confirm,done,failed,cancelled" doc:"confirm: an import was looked through and waits for confirmTask."`
	Subject   string        `json:"subject" doc:"The name of its file."`
	Done      int64         `json:"done"`
	Total     int64         `json:"total" doc:"0 while nobody knows."`
	User      string        `json:"user" doc:"The id of the person who asked for it."`
	UserName  string        `json:"user_name"`
	Key       string        `json:"key,omitempty" doc:"The id of the key that put it to work; absent: the person did."`
	Problem   *TaskProblem  `json:"problem,omitempty" doc:"Why it failed."`
	Import    *ImportReport `json:"import,omitempty" doc:"What an import found, and then what it did."`
	HasResult bool          `json:"has_result" doc:"There is a file to download."`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
	KeptUntil *time.Time    `json:"kept_until,omitempty" doc:"When it and its files are removed."`
	Can       []string      `json:"can" doc:"What the key may do with lists here."`
}

// TaskProblem is why a task failed.
type TaskProblem struct {
	Code   string `json:"code"`
	Detail string `json:"detail" doc:"What to do, then why, in English."`
}

// ImportReport is what an import found, and then what it did.
type ImportReport struct {
	Rows    int            `json:"rows"`
	New     int            `json:"new"`
	Ended   int            `json:"ended,omitempty" doc:"Of the new ones, clients whose membership ended before today: they are brought in, and held once their grace is over."`
	Updates int            `json:"updates"`
	Same    int            `json:"same" doc:"Lines that change nothing."`
	Bad     int            `json:"bad" doc:"Lines that need attention."`
	Unknown []string       `json:"unknown_columns" doc:"Columns that nobody knows and that are passed over."`
	Remarks []ImportRemark `json:"remarks" doc:"On the first bad lines, at most 100; the result has all."`
	Applied bool           `json:"applied" doc:"It was confirmed; the numbers below count."`
	Created int            `json:"created"`
	Updated int            `json:"updated"`
	LeftOut int            `json:"left_out"`
}

// ImportRemark is what is to be done about a line of a file.
type ImportRemark struct {
	Line   int    `json:"line" doc:"As an editor counts; of a workbook the row's number."`
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail" doc:"What to do about it, in English."`
}

func taskBody(t task.Task, mine []string) (Task, error) {
	out := Task{ID: string(t.ID), Kind: t.Kind, State: string(t.State), Subject: t.Subject, Done: t.Done, Total: t.Total, User: t.Owner, UserName: t.OwnerName, Key: string(t.Key),
		HasResult: t.Result != "", CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, Can: mine}
	if t.Problem != nil {
		out.Problem = &TaskProblem{t.Problem.Code, t.Problem.Text()}
	}
	if !t.ExpiresAt.IsZero() {
		out.KeptUntil = &t.ExpiresAt
	}
	if exchange.Loads(t.Kind) == "" {
		return out, nil
	}
	var r exchange.Report
	if err := t.Summary(&r); err != nil {
		return out, err
	}
	out.Import = importBody(r)
	return out, nil
}

func importBody(r exchange.Report) *ImportReport {
	out := &ImportReport{r.Rows, r.New, r.Ended, r.Updates, r.Same, r.Bad, append([]string{}, r.Unknown...), make([]ImportRemark, len(r.First)), r.Applied, r.Created, r.Updated, r.LeftOut}
	for i, m := range r.First {
		out.Remarks[i] = ImportRemark{m.Line, m.Column, m.Value, m.Problem.Code, m.Problem.Text()}
	}
	return out
}

func (a *API) listTasks(ctx context.Context, by authz.Actor, in *listIn) (*Answer[List[Task]], error) {
	found, err := a.Tasks.List(ctx, by, in.Account, in.Cursor)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "clients", "users", "locations", "audit")
	if err != nil {
		return nil, err
	}
	out := List[Task]{Items: make([]Task, len(found.Tasks)), Next: found.Next, Previous: found.Prev}
	for i, t := range found.Tasks {
		if out.Items[i], err = taskBody(t, mine); err != nil {
			return nil, err
		}
	}
	return &Answer[List[Task]]{out}, nil
}

// AtTask names a task in the path.
type AtTask struct {
	AtAccount
	Task ids.Task `path:"task" doc:"The task's id."`
}

func (a *API) getTask(ctx context.Context, by authz.Actor, in *AtTask) (*Answer[Task], error) {
	t, err := a.Tasks.Get(ctx, by, in.Account, in.Task)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "clients", "users", "locations", "audit")
	if err != nil {
		return nil, err
	}
	body, err := taskBody(t, mine)
	return &Answer[Task]{body}, err
}

type confirmTaskIn struct {
	AtTask
	Body struct {
		LeaveOut bool `json:"leave_out,omitempty" doc:"Go on without the lines that need attention."`
	}
}

func (a *API) confirmTask(ctx context.Context, by authz.Actor, in *confirmTaskIn) (*Done, error) {
	return done(a.Exchange.Confirm(ctx, by, in.Account, in.Task, in.Body.LeaveOut))
}

func (a *API) cancelTask(ctx context.Context, by authz.Actor, in *AtTask) (*Done, error) {
	return done(a.Tasks.Cancel(ctx, by, in.Account, in.Task))
}

// The media types of tables.
const (
	typeCSV  = "text/csv"
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	typeLog  = "application/x-ndjson" // of the audit log
)

var tables = []string{typeCSV, typeXLSX}

func (a *API) taskResult(ctx context.Context, by authz.Actor, in *AtTask) (*huma.StreamResponse, error) {
	t, err := a.Tasks.Get(ctx, by, in.Account, in.Task)
	if err != nil {
		return nil, err
	}
	f, err := a.Tasks.Result(ctx, by, in.Account, in.Task)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(to huma.Context) {
		if err := send(to, t, f); err != nil {
			a.Log.WarnContext(ctx, "a result was not sent to its end", "task", t.ID, "error", err)
		}
	}}, nil
}

func send(to huma.Context, t task.Task, f *file.Reader) error {
	kind := typeCSV
	switch {
	case strings.HasSuffix(f.Name, "."+string(sheet.XLSX)):
		kind = typeXLSX
	case strings.HasSuffix(f.Name, ".ndjson"):
		kind = typeLog
	}
	to.SetHeader("Content-Type", kind)
	to.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	if exchange.Loads(t.Kind) != "" {
		return exchange.RemarksTable(to.BodyWriter(), f, []string{"line", "column", "value", "what to do"}, errs.Problem.Text)
	}
	to.SetHeader("Content-Length", strconv.FormatInt(f.Bytes, 10))
	_, w := humago.Unwrap(to)
	out, err := stream.To(w)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, f)
	return err
}
