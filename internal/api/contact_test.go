package api_test

import (
	"net/http"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
)

func TestContactsListsAndSuppressionsOverTheAPI(t *testing.T) {
	apptest.Each(t, func(t *testing.T, w *apptest.World) {
		d := newDesk(w)
		list := d.owner.Post(d.at(d.client, "/contact-lists"), `{"name": "Newsletter", "public": true}`).Want(http.StatusCreated).ID()
		made := d.owner.Post(d.at(d.client, "/contacts"), `{"email": "eve@reader.example", "details": [{"name": "City", "value": "Paris"}], "lists": ["`+list+`"]}`).Want(http.StatusCreated)
		at := d.at(d.client, "/contacts/"+made.ID())
		got := d.owner.Get(at).Want(http.StatusOK)
		for _, part := range []string{`"eve@reader.example"`, `"Paris"`, `"` + list + `"`, `"masked":"nothing"`, `"contacts.edit"`} {
			if !strings.Contains(got.Body, part) {
				t.Errorf("no %s in %s", part, got.Body)
			}
		}
		edited := d.owner.Patch(at, got.Header.Get("ETag"), `{"name": "Eve", "lists": []}`).Want(http.StatusOK)
		if !strings.Contains(edited.Body, `"lists":[]`) || !strings.Contains(edited.Body, "Paris") || !strings.Contains(edited.Body, `"Eve"`) {
			t.Errorf("edited: %s", edited.Body)
		}
		d.owner.Patch(at, got.Header.Get("ETag"), `{"name": "Ava"}`).Want(http.StatusPreconditionFailed)
		if all := d.owner.Get(d.at(d.client, "/contacts?q=ev")).Want(http.StatusOK); !strings.Contains(all.Body, made.ID()) {
			t.Errorf("searched: %s", all.Body)
		}
		if all := d.owner.Get(d.at(d.client, "/contacts?list="+list)).Want(http.StatusOK); strings.Contains(all.Body, made.ID()) {
			t.Errorf("on the list: %s", all.Body)
		}
		named := d.owner.Get(d.at(d.client, "/contact-lists/"+list)).Want(http.StatusOK)
		d.owner.Patch(d.at(d.client, "/contact-lists/"+list), named.Header.Get("ETag"), `{"public": false}`).Want(http.StatusOK)
		if all := d.owner.Get(d.at(d.client, "/contact-lists")).Want(http.StatusOK); !strings.Contains(all.Body, `"public":false`) {
			t.Errorf("the lists: %s", all.Body)
		}
		stop := d.owner.Post(d.at(d.client, "/suppressions"), `{"address": "EVE@reader.example", "list": "`+list+`", "reason": "complained"}`).Want(http.StatusCreated).ID()
		if all := d.owner.Get(d.at(d.client, "/suppressions?reason=complained&q=eve")).Want(http.StatusOK); !strings.Contains(all.Body, `"eve@reader.example"`) || !strings.Contains(all.Body, "Newsletter") {
			t.Errorf("suppressed: %s", all.Body)
		}
		d.owner.Post(d.at(d.client, "/suppressions"), `{"address": "eve@reader.example", "list": "`+list+`"}`).Want(http.StatusConflict)
		d.owner.Delete(d.at(d.client, "/suppressions/"+stop)).Want(http.StatusNoContent)
		d.owner.Delete(d.at(d.client, "/contact-lists/"+list)).Want(http.StatusNoContent)
		d.owner.Delete(at).Want(http.StatusNoContent)
		d.owner.Get(at).Want(http.StatusNotFound)
		d.seller.Get(d.at(d.reseller, "/contacts")).Want(http.StatusNotFound)
		if tab := d.owner.Get(d.at(d.client, "/settings?tab=preferences")).Want(http.StatusOK); !strings.Contains(tab.Body, "contact.masking") {
			t.Errorf("the settings: %s", tab.Body)
		}
	})
}
