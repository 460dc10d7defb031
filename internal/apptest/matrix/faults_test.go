package matrix_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"bailiwick/internal/apptest"
)

// TestTheSweepCanFail runs each comparison of the sweep on a site in which one guard is missing.
func TestTheSweepCanFail(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	ours, who := o.ours.sets[1], o.Stranger()
	foreign := ours["location"]
	answer := func(status int, body string) apptest.Answer {
		return apptest.Answer{Status: status, Header: http.Header{}, Body: body}
	}
	// sample has one route; its answer depends on whether a foreign id was named, in the path or in the form.
	sample := func(pattern string, named, missing apptest.Answer) site {
		return site{
			patterns: []string{pattern}, signed: map[string]bool{pattern: true},
			forms: map[string][]form{pattern: {{action: "/a/" + o.theirs.sets[1]["account"] + "/x", fields: url.Values{"id": {o.theirs.sets[1]["membership"]}}, many: map[string]bool{"id": true}}}},
			ask: func(_ *apptest.Browser, _, path string, fields url.Values) apptest.Answer {
				if strings.Contains(path, foreign) || strings.Contains(path, ours["account"]) || strings.Contains(fields.Encode(), ours["membership"]) {
					return named
				}
				return missing
			},
		}
	}
	const one, two = "GET /a/{account}", "POST /a/{account}/locations/{location}"
	gone, others := answer(404, "not found"), map[string][]string{"mem_": {ours["membership"]}}
	for _, tt := range []struct {
		fault string
		got   []string
		none  bool
	}{
		{fault: "a page without a sign-in", got: sample(one, answer(200, "welcome"), answer(200, "")).strangers(who, o.ours.sets)},
		{fault: "no way to sign in", got: sample(one, gone, gone).strangers(who, o.ours.sets)},
		{fault: "denied instead of not found", got: sample(one, answer(403, "denied"), gone).foreign(o, who, o.ours.sets)},
		{fault: "a name in the answer", got: sample(one, answer(404, "northwind foods not found"), gone).foreign(o, who, o.ours.sets)},
		{fault: "everything is denied", got: sample(one, answer(403, ""), answer(403, "")).foreign(o, who, o.ours.sets)},
		{fault: "a child loaded by its id alone", got: sample(two, answer(303, ""), gone).nested(o, who, o.theirs.sets[1], o.ours.sets)},
		{fault: "a bulk action on another's member", got: sample(two, answer(303, ""), gone).mixed(who, others)},
		{fault: "a Guest who may write", got: sample(two, answer(303, ""), gone).guests(who, ours)},
		{fault: "nothing", got: sample(one, gone, gone).foreign(o, who, o.ours.sets), none: true},
		{fault: "nothing", got: sample(two, gone, gone).nested(o, who, o.theirs.sets[1], o.ours.sets), none: true},
		{fault: "nothing", got: sample(two, gone, gone).mixed(who, others), none: true},
		{fault: "nothing", got: sample(two, gone, gone).guests(who, ours), none: true},
	} {
		if len(tt.got) == 0 != tt.none {
			t.Errorf("%s: the sweep remarked %q", tt.fault, tt.got)
		}
	}
}

// TestTheDumpNotices changes, adds and removes a row.
func TestTheDumpNotices(t *testing.T) {
	o := newTown(t, apptest.OnSQLite(t))
	for what, change := range map[string]func(){
		"a row changed": func() { o.Exec("UPDATE locations SET name = 'elsewhere' WHERE id = ?", o.ours.sets[1]["location"]) },
		"a row more":    func() { o.RoleGroup(o.ours.client, "another group") },
		"a row less":    func() { o.Exec("DELETE FROM saved_views WHERE id = ?", o.ours.sets[0]["view"]) },
	} {
		before := o.dump()
		if got := changed(before, o.dump()); len(got) != 0 {
			t.Errorf("nothing changed, and yet: %q", got)
		}
		change()
		if got := changed(before, o.dump()); len(got) == 0 {
			t.Errorf("%s, and the dumps are alike", what)
		}
	}
}
