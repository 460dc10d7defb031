package account

import (
	"strconv"
	"strings"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
)

// Sort names a column of the list of clients.
type Sort string

// The sorts.
const (
	ByName      Sort = "name"
	ByEnd       Sort = "end"
	ByCreated   Sort = "created"
	ByUsers     Sort = "users"
	ByLocations Sort = "locations"
	ByStatus    Sort = "status"
	ByPackage   Sort = "package"
	ByUse       Sort = "use" // how much of its month a client has used
)

// sorts are the columns of client_list that each sort orders by; the id makes the order total.
var sorts = map[Sort][]string{
	ByName:      {"name_fold", "customer_id"},
	ByEnd:       {"end_sort", "customer_id"},
	ByCreated:   {"created_at", "customer_id"},
	ByUsers:     {"users", "customer_id"},
	ByLocations: {"locations", "customer_id"},
	ByStatus:    {"held", "name_fold", "customer_id"},
	ByPackage:   {"package_fold", "customer_id"},
	ByUse:       {"use_share", "customer_id"},
}

// order is a sort with the place where a page begins.
type order struct {
	sort       Sort
	desc, back bool
	after      key
}

// key is a row's place in an order: the values of the sort's columns, the customer's id last.
type key []any

func (k key) customer() ids.Account { return ids.Account(k[len(k)-1].(string)) } //nolint:forcetypeassert // the last column of every sort

func (o order) columns(alias string) []string {
	out := make([]string, 0, 3)
	for _, c := range sorts[o.sort] {
		out = append(out, alias+c)
	}
	return out
}

func (o order) down() bool { return o.desc != o.back }

func (o order) by(alias string) string {
	cols := o.columns(alias)
	if o.down() {
		for i := range cols {
			cols[i] += " DESC"
		}
	}
	return strings.Join(cols, ", ")
}

// beyond is the condition that a row comes after the place where the page begins.
func (o order) beyond(alias string) (string, []any) {
	if len(o.after) == 0 {
		return "", nil
	}
	compare := ">"
	if o.down() {
		compare = "<"
	}
	cols := o.columns(alias)
	return ` AND (` + strings.Join(cols, ", ") + `) ` + compare + ` ` + db.In(len(cols)), o.after
}

// text writes a key for a cursor.
func (k key) text() []string {
	out := make([]string, len(k))
	for i, v := range k {
		switch v := v.(type) {
		case int64:
			out[i] = strconv.FormatInt(v, 10)
		case bool:
			out[i] = strconv.FormatBool(v)
		case string:
			out[i] = v
		}
	}
	return out
}

// parse turns a cursor's text back into a key.
func (o order) parse(text []string) (key, error) {
	out := make(key, len(text))
	for i, c := range sorts[o.sort] {
		var err error
		switch c {
		case "created_at", "users", "locations", "use_share":
			out[i], err = strconv.ParseInt(text[i], 10, 64)
		case "held":
			out[i], err = strconv.ParseBool(text[i])
		default:
			out[i] = text[i]
		}
		if err != nil {
			return nil, errs.New(errs.Invalid, "page.cursor", "Go back to the first page. This link to a page does not fit the list that it was opened on.")
		}
	}
	return out, nil
}

// scan reads the columns of the order from a row.
func (o order) scan(r db.Row) (key, error) {
	cols := sorts[o.sort]
	into := make([]any, len(cols))
	for i, c := range cols {
		switch c {
		case "created_at", "users", "locations", "use_share":
			into[i] = new(int64)
		case "held":
			into[i] = new(bool)
		default:
			into[i] = new(string)
		}
	}
	if err := r.Scan(into...); err != nil {
		return nil, err
	}
	out := make(key, len(cols))
	for i, p := range into {
		switch p := p.(type) {
		case *int64:
			out[i] = *p
		case *bool:
			out[i] = *p
		case *string:
			out[i] = *p
		}
	}
	return out, nil
}
