package contact

import (
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

// findText reads one walk behind a place, without what the walks before it have.
func findText(sc authz.Scope, list ids.List, before []walk, w walk, from *place, limit int) (string, []any) {
	if list != "" && w.whole { // few of many may be on the list: it is read itself
		w.column = "s.contact_id"
		return listText(sc, list, from, limit)
	}
	where, args := sc.Here("c.account_id")
	cond, more := w.cond()
	where, args = where+" AND "+cond, append(args, more...)
	if from != nil {
		where += " AND (" + w.column + ", c.id) > (?, ?)"
		args = append(args, from.value, from.id)
	}
	for _, b := range before {
		cond, more := b.cond()
		where, args = where+" AND NOT ("+cond+")", append(args, more...)
	}
	if list != "" {
		where += " AND EXISTS (SELECT 1 FROM contact_subscriptions s WHERE s.list_id = ? AND s.contact_id = c.id)"
		args = append(args, list)
	}
	return "SELECT " + columns + " FROM contacts c WHERE " + where + " ORDER BY " + w.column + ", c.id LIMIT ?", append(args, limit)
}

// listText reads the contacts of a list in the order in which they were made.
func listText(sc authz.Scope, list ids.List, from *place, limit int) (string, []any) {
	here, args := sc.Here("c.account_id")
	where := "s.list_id = ? AND " + here
	args = append([]any{list}, args...)
	if from != nil {
		where += " AND s.contact_id > ?"
		args = append(args, from.id)
	}
	return "SELECT " + columns + " FROM contact_subscriptions s JOIN contacts c ON c.id = s.contact_id WHERE " + where + " ORDER BY s.contact_id LIMIT ?", append(args, limit)
}
