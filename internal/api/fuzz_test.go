package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"bailiwick/internal/apptest"
)

// FuzzLists sends anything as the cursor, the search and the filters of lists: the answer is a page or a problem, never
// a fault of ours, and a cursor that was not given opens nothing (TEN10).
func FuzzLists(f *testing.F) {
	d := newDesk(apptest.OnSQLite(f))
	key := d.seller.Key.Reveal()
	for _, s := range []string{"", "a", "\x00", "%", "_", "'", `"`, "\\", "ended", "30", "-1", "name", "AXvhD9OtkQ", "é\u202e", string(d.client)} {
		f.Add(s, s, s, s)
	}
	f.Fuzz(func(t *testing.T, cursor, search, filter, sort string) {
		for _, at := range []string{
			d.at(d.reseller, "/clients?"+url.Values{"cursor": {cursor}, "q": {search}, "ends": {filter}, "sort": {sort}}.Encode()),
			d.at(d.reseller, "/clients?"+url.Values{"cursor": {cursor}}.Encode()),
			d.at(d.reseller, "/clients?"+url.Values{"q": {search}, "reseller": {filter}}.Encode()),
			d.at(d.reseller, "/users?"+url.Values{"cursor": {cursor}, "q": {search}, "role": {filter}}.Encode()),
			d.at(d.client, "/subaccounts?"+url.Values{"cursor": {cursor}, "q": {search}}.Encode()),
			d.at(d.client, "/events?"+url.Values{"cursor": {cursor}, "target": {search}, "actor": {filter}, "action": {sort}}.Encode()),
			"/accounts/" + url.PathEscape(filter) + "/locations",
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.Server.URL+"/api/v1"+at, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+key)
			got, err := d.Server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Body.Close(); err != nil {
				t.Fatal(err)
			}
			if got.StatusCode >= http.StatusInternalServerError {
				t.Fatalf("%s: %d", at, got.StatusCode)
			}
			if got.StatusCode == http.StatusOK && hasCursor(at) {
				t.Fatalf("%s: a cursor made by hand opens a page", at)
			}
		}
	})
}

func hasCursor(at string) bool {
	u, err := url.Parse(at)
	return err == nil && u.Query().Get("cursor") != ""
}
