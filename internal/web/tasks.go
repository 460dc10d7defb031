package web

import (
	"io"
	"net/http"
	"strconv"

	"bailiwick/internal/account"
	"bailiwick/internal/authz"
	"bailiwick/internal/errs"
	"bailiwick/internal/exchange"
	"bailiwick/internal/i18n"
	"bailiwick/internal/ids"
	"bailiwick/internal/stream"
	"bailiwick/internal/task"
	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/tasks"
)

// taskRoutes are the pages of long work.
func (s *Server) taskRoutes() []Route {
	return []Route{
		{Pattern: "GET /a/{account}/tasks", Signed: s.tasksPage},
		{Pattern: "GET /a/{account}/tasks/{task}", Signed: s.taskPage},
		{Pattern: "POST /a/{account}/tasks/{task}/cancel", Signed: s.cancelTask},
		{Pattern: "GET /a/{account}/tasks/{task}/result", Signed: s.taskResult},
	}
}

func taskPath(at ids.Account, id ids.Task) string { return accountPath(at, "/tasks/"+string(id)) }

func (s *Server) tasksPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	sc, err := s.seen(r, by)
	if err != nil {
		return err
	}
	found, err := s.Tasks.List(r.Context(), by, sc.Account(), r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	at := accountPath(sc.Account(), "/tasks")
	v := tasks.List{Text: p.T("tasks.text", "account", sc.Name()), All: found.All, Pager: part.Pager{Prev: cursorLink(at, found.Prev), Next: cursorLink(at, found.Next)}}
	if found.All {
		v.Text = p.T("tasks.text_all", "account", sc.Name())
	}
	for _, t := range found.Tasks {
		v.Rows = append(v.Rows, s.taskRow(p, t))
	}
	if fragment(r, "tasks") {
		return s.render(w, r, http.StatusOK, tasks.Region(v))
	}
	if v.Page, err = s.frame(w, r, by, place{title: p.T("tasks.title"), nav: "tasks"}); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, v)
}

// taskRow is what every page shows of a task.
func (s *Server) taskRow(p i18n.Printer, t task.Task) tasks.Task {
	row := tasks.Task{
		Href: taskPath(t.Account, t.ID), Title: p.T("tasks.kind_" + t.Kind), Subject: t.Subject, Owner: t.OwnerName, Started: p.DateTime(t.CreatedAt),
		Moving: t.State == task.Waiting || t.State == task.Running, Status: part.Status{Label: p.T("tasks.state_" + string(t.State)), Tone: taskTone(t.State)},
	}
	switch {
	case row.Owner == "":
		row.Owner = p.T("tasks.machine")
	case t.Key != "":
		row.Owner = p.T("tasks.by_key", "name", t.OwnerName)
	}
	row.Progress = part.Progress{Label: row.Title, Percent: t.Percent(), Unknown: t.Total == 0}
	switch {
	case t.State == task.Waiting:
		row.Progress.Text = p.T("tasks.queued")
	case t.Total > 0:
		row.Progress.Text = p.T("tasks.of", "done", p.Number(t.Done), "total", p.Number(t.Total))
	default:
		row.Progress.Text = p.T("tasks.so_far", "done", p.Number(t.Done))
	}
	if t.Kind == account.MoveTask && t.State == task.Running {
		s.movingRow(p, t, &row)
	}
	if t.Problem != nil {
		row.Problem = words(p, *t.Problem)
	}
	return row
}

// movingRow shows how far a move is by the time it takes: all of it happens in one transaction, which nobody sees before its end.
func (s *Server) movingRow(p i18n.Printer, t task.Task, row *tasks.Task) {
	var x account.MoveExpected
	if err := t.Summary(&x); err != nil || x.Seconds == 0 {
		return
	}
	spent := int(s.Clock().Sub(t.UpdatedAt).Seconds())
	row.Progress.Percent, row.Progress.Unknown = min(99, max(0, 100*spent/x.Seconds)), false
	row.Progress.Text = p.T("tasks.seconds_left", "count", max(1, x.Seconds-spent))
	row.Note = p.T("tasks.moving_still")
}

func taskTone(s task.State) part.Tone {
	switch s {
	case task.Done:
		return part.Success
	case task.Failed:
		return part.Danger
	case task.Confirm:
		return part.Warning
	case task.Waiting, task.Running, task.Cancelled:
	}
	return part.Neutral
}

func taskOf(r *http.Request) (ids.Account, ids.Task, error) {
	at, err := accountOf(r)
	if err != nil {
		return "", "", err
	}
	id, err := ids.ParseTask(r.PathValue("task"))
	if err != nil {
		return "", "", errs.NoSuch("task")
	}
	return at, id, nil
}

func (s *Server) taskPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, id, err := taskOf(r)
	if err != nil {
		return err
	}
	t, err := s.Tasks.Get(r.Context(), by, at, id)
	if err != nil {
		return err
	}
	return s.showTask(w, r, by, http.StatusOK, t, part.Remarks{})
}

func (s *Server) showTask(w http.ResponseWriter, r *http.Request, by authz.Actor, status int, t task.Task, remarks part.Remarks) error {
	p := i18n.From(r.Context())
	row := s.taskRow(p, t)
	v := tasks.One{It: row}
	fact := func(key, text string) {
		if text != "" {
			v.Facts = append(v.Facts, part.Fact{Term: p.T("tasks." + key), Text: text})
		}
	}
	v.Facts = append(v.Facts, part.Fact{Term: p.T("tasks.state"), Body: row.Status})
	fact("owner", row.Owner)
	fact("started", row.Started)
	fact("updated", p.DateTime(t.UpdatedAt))
	if !t.State.Open() && !t.ExpiresAt.IsZero() {
		fact("kept", p.DateTime(t.ExpiresAt))
	}
	if t.State.Open() && t.Owner == by.ID() {
		v.Cancel = row.Href + "/cancel"
	}
	if t.Result != "" && t.State == task.Done {
		v.Download = row.Href + "/result"
	}
	if exchange.Loads(t.Kind) != "" && (t.State == task.Confirm || t.State == task.Running || t.State == task.Done) {
		found, err := s.importFound(p, by, t, remarks)
		if err != nil {
			return err
		}
		if v.Download = ""; found.Rows != nil || found.Report.Rows > 0 {
			v.Body = found
		}
	}
	if fragment(r, "task") {
		return s.render(w, r, status, tasks.OneRegion(v))
	}
	frame, err := s.frame(w, r, by, place{title: row.Title, nav: "tasks", crumbs: []part.Crumb{{Label: p.T("tasks.title"), Href: accountPath(t.Account, "/tasks")}, {Label: row.Title}}})
	if err != nil {
		return err
	}
	v.Page = frame
	return s.render(w, r, status, v)
}

func (s *Server) cancelTask(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	if _, err := readForm(w, r); err != nil {
		return err
	}
	at, id, err := taskOf(r)
	if err != nil {
		return err
	}
	if err := s.Tasks.Cancel(r.Context(), by, at, id); err != nil {
		return err
	}
	s.setFlash(w, "task_cancelled")
	return seeOther(w, r, taskPath(at, id))
}

// taskResult sends the file that a task left.
func (s *Server) taskResult(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	at, id, err := taskOf(r)
	if err != nil {
		return err
	}
	f, err := s.Tasks.Result(r.Context(), by, at, id)
	if err != nil {
		return err
	}
	t, err := s.Tasks.Get(r.Context(), by, at, id)
	if err != nil {
		return err
	}
	if exchange.Loads(t.Kind) != "" {
		return sendRemarks(w, i18n.From(r.Context()), f)
	}
	attach(w, f.Name)
	w.Header().Set("Content-Length", strconv.FormatInt(f.Bytes, 10))
	if r.Method == http.MethodHead {
		return nil
	}
	to, err := stream.To(w)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, f); err != nil {
		s.Log.WarnContext(r.Context(), "a result was not sent to its end", "task", id, "error", err)
	}
	return nil
}
