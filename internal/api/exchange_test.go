package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

// work is a task as the API shows it.
type work struct {
	ID, Kind, State, User, Key string
	Done, Total                int
	Has_Result                 bool
	Problem                    *struct{ Code, Detail string }
	Import                     *struct {
		Rows, New, Bad, Created, Left_Out int
		Remarks                           []struct {
			Line                        int
			Column, Value, Code, Detail string
		}
	}
	Can []string
}

// task lets the workers work and returns a task.
func (d *desk) task(who *apptest.Program, at ids.Account, id string) (out work) {
	d.Drain()
	who.Get(d.at(at, "/tasks/"+id)).Into(&out)
	return out
}

const csvType, xlsxType = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func TestClientsComeInAndGoOutOverTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		file := "name,email,membership_end\nNorthwind,n@north.example,never\nOpen,,\nBolt,no address,2031-01-31\n"
		at := d.at(d.reseller, "/clients/import")
		d.seller.Post(at, file, "Content-Type", "application/json").Want(http.StatusUnsupportedMediaType)
		d.owner.Post(d.at(d.client, "/clients/import"), file, "Content-Type", csvType).Want(http.StatusNotFound)
		sent := d.seller.Post(at+"?name=june.csv", file, "Content-Type", csvType, "Idempotency-Key", "june").Want(http.StatusAccepted)
		if got := sent.Header.Get("Location"); got != "/api/v1"+d.at(d.reseller, "/tasks/"+sent.ID()) {
			t.Errorf("Location: %s", got)
		}
		again := d.seller.Post(at+"?name=june.csv", file, "Content-Type", csvType, "Idempotency-Key", "june").Want(http.StatusAccepted)
		if again.ID() != sent.ID() || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("sent again: %v %s", again.Header, again.Body)
		}
		d.seller.Post(at+"?name=june.csv", file+"More,,never\n", "Content-Type", csvType, "Idempotency-Key", "june").Want(http.StatusUnprocessableEntity)

		found := d.task(d.seller, d.reseller, sent.ID())
		if found.State != "confirm" || found.Kind != "import_clients" || found.Key != string(d.seller.ID) || found.Import == nil || found.Import.Rows != 3 || found.Import.New != 1 || found.Import.Bad != 2 || !found.Has_Result {
			t.Fatalf("%+v %+v", found, found.Import)
		}
		if r := found.Import.Remarks; len(r) != 2 || r[0].Line != 3 || r[1].Line != 4 || r[1].Column != "email" || r[1].Value != "no address" || r[1].Detail == "" {
			t.Errorf("%+v", found.Import.Remarks)
		}
		result := d.seller.Get(d.at(d.reseller, "/tasks/"+sent.ID()+"/result")).Want(http.StatusOK)
		if !strings.Contains(result.Body, "4,email,no address,") || result.Header.Get("Content-Type") != "text/csv" || !strings.Contains(result.Header.Get("Content-Disposition"), "june-remarks.csv") {
			t.Errorf("the remarks: %v %s", result.Header, result.Body)
		}
		confirm := d.at(d.reseller, "/tasks/"+sent.ID()+"/confirm")
		if got := d.seller.Post(confirm, `{}`).Want(http.StatusUnprocessableEntity); !strings.Contains(got.Body, "import.bad_lines") {
			t.Errorf("confirmed with bad lines: %s", got.Body)
		}
		d.seller.Post(confirm, `{"leave_out": true}`).Want(http.StatusNoContent)
		if done := d.task(d.seller, d.reseller, sent.ID()); done.State != "done" || done.Import.Created != 1 || done.Import.Left_Out != 2 {
			t.Errorf("%+v %+v", done, done.Import)
		}
		d.seller.Post(confirm, `{"leave_out": true}`).Want(http.StatusConflict)

		for format, kind := range map[string]string{"csv": "text/csv", "xlsx": xlsxType} {
			out := d.seller.Post(d.at(d.reseller, "/clients/export"), `{"format": "`+format+`", "q": "north"}`, "Idempotency-Key", "out-"+format).Want(http.StatusAccepted)
			if replayed := d.seller.Post(d.at(d.reseller, "/clients/export"), `{"format": "`+format+`", "q": "north"}`, "Idempotency-Key", "out-"+format).Want(http.StatusAccepted); replayed.ID() != out.ID() {
				t.Errorf("%s: %s, not %s", format, replayed.ID(), out.ID())
			}
			if got := d.task(d.seller, d.reseller, out.ID()); got.State != "done" || !got.Has_Result {
				t.Fatalf("%+v", got)
			}
			got := d.seller.Get(d.at(d.reseller, "/tasks/"+out.ID()+"/result")).Want(http.StatusOK)
			if got.Header.Get("Content-Type") != kind || format == "csv" && (!strings.Contains(got.Body, "Northwind") || strings.Contains(got.Body, "Acme")) {
				t.Errorf("%s: %v %.200s", format, got.Header, got.Body)
			}
			if format == "xlsx" {
				back := d.seller.Post(at+"?existing=update", got.Body, "Content-Type", xlsxType).Want(http.StatusAccepted)
				if found := d.task(d.seller, d.reseller, back.ID()); found.State != "confirm" || found.Import.Bad != 0 || found.Import.Rows != 1 {
					t.Errorf("what went out comes back: %+v %+v", found, found.Import)
				}
				d.seller.Post(d.at(d.reseller, "/tasks/"+back.ID()+"/cancel"), "").Want(http.StatusNoContent)
				if got := d.task(d.seller, d.reseller, back.ID()); got.State != "cancelled" {
					t.Errorf("%+v", got)
				}
			}
		}
		var list struct{ Items []work }
		d.seller.Get(d.at(d.reseller, "/tasks")).Want(http.StatusOK).Into(&list)
		if len(list.Items) != 4 || list.Items[0].Can == nil {
			t.Errorf("%+v", list)
		}
	})
}

func TestPeopleAndPlacesComeInOverTheAPI(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	for what, c := range map[string]struct{ query, file, sees string }{
		"users":     {"?people=create", "name,email,role\nUma User,uma@acme.example,guest\n", "uma@acme.example"},
		"locations": {"", "name,country\nHarbour,DE\n", "Harbour"},
	} {
		sent := d.owner.Post(d.at(d.client, "/"+what+"/import"+c.query), c.file, "Content-Type", csvType).Want(http.StatusAccepted)
		if found := d.task(d.owner, d.client, sent.ID()); found.State != "confirm" || found.Import.New != 1 {
			t.Fatalf("%s: %+v %+v", what, found, found.Import)
		}
		d.owner.Post(d.at(d.client, "/tasks/"+sent.ID()+"/confirm"), `{}`).Want(http.StatusNoContent)
		if done := d.task(d.owner, d.client, sent.ID()); done.State != "done" || done.Import.Created != 1 {
			t.Errorf("%s: %+v %+v", what, done, done.Problem)
		}
		out := d.owner.Post(d.at(d.client, "/"+what+"/export"), `{"format": "csv"}`).Want(http.StatusAccepted)
		d.task(d.owner, d.client, out.ID())
		if got := d.owner.Get(d.at(d.client, "/tasks/"+out.ID()+"/result")).Want(http.StatusOK); !strings.Contains(got.Body, c.sees) {
			t.Errorf("%s: %s", what, got.Body)
		}
	}
}

// TestESC06ATaskOutlivesNoKey: what a key started ends when the key does, and says why.
func TestESC06ATaskOutlivesNoKey(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	otto := d.Member(d.client, "otto@acme.example", apptest.As(authz.Admin))
	key := d.Program(otto.Actor, d.client, authz.UsersView, authz.LocationsCreate)
	sent := key.Post(d.at(d.client, "/locations/import"), "name\nHarbour\n", "Content-Type", csvType).Want(http.StatusAccepted)
	d.Drain()
	key.Post(d.at(d.client, "/tasks/"+sent.ID()+"/confirm"), `{}`).Want(http.StatusNoContent)
	key.Delete(d.at(d.client, "/keys/"+string(key.ID))).Want(http.StatusNoContent)
	got := d.task(d.owner, d.client, sent.ID())
	if got.State != "failed" || got.Problem == nil || got.Problem.Code != "task.key_gone" {
		t.Errorf("%+v %+v", got, got.Problem)
	}
	if places := d.owner.Get(d.at(d.client, "/locations")).Want(http.StatusOK); strings.Contains(places.Body, "Harbour") {
		t.Errorf("the work was done: %s", places.Body)
	}
}

func TestAFileThatIsTooLarge(t *testing.T) {
	d := newDesk(apptest.OnSQLite(t))
	big := strings.Repeat("x", 64<<20+1)
	d.seller.Post(d.at(d.reseller, "/clients/import"), big, "Content-Type", csvType).Want(http.StatusRequestEntityTooLarge)
}
