package part

// Remarks is what a person has to attend to before a form can be saved.
type Remarks struct {
	Problem string            // about the form as a whole
	Fields  map[string]string // by field name
}

// On returns the remark on a field, "" when there is none.
func (r Remarks) On(field string) string { return r.Fields[field] }

// Errors lists the fields with a remark for the summary, in the order given: name and label in turn.
func (r Remarks) Errors(namesAndLabels ...string) []FieldError {
	var out []FieldError
	for i := 0; i+1 < len(namesAndLabels); i += 2 {
		if r.Fields[namesAndLabels[i]] != "" {
			out = append(out, FieldError{ID: namesAndLabels[i], Label: namesAndLabels[i+1]})
		}
	}
	return out
}
