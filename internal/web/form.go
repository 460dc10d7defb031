package web

import (
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"bailiwick/internal/errs"
)

// maxForm is the largest body of a form, in bytes; a thousand pasted addresses fit many times over.
const maxForm = 1 << 20

// form is a posted form whose every field was expected.
type form struct{ r *http.Request }

// readForm parses the posted form and refuses fields that the page does not have, so that nothing can be set by
// adding a field to a request. A name that ends in ":" admits every field beginning with it.
func readForm(w http.ResponseWriter, r *http.Request, fields ...string) (form, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if ct, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || ct != "application/x-www-form-urlencoded" {
		return form{}, errs.New(errs.Invalid, "form.type", "Send the form as application/x-www-form-urlencoded.")
	}
	if err := r.ParseForm(); err != nil {
		return form{}, errs.New(errs.Invalid, "form.unreadable", "Send the form again, with less in it. It could not be read.")
	}
	return form{r}, known(r, fields)
}

// known refuses fields that a form does not have, and what is no text in those that it has.
func known(r *http.Request, fields []string) error {
	for name, values := range r.PostForm {
		if !slices.ContainsFunc(fields, func(f string) bool {
			return f == name || strings.HasSuffix(f, ":") && strings.HasPrefix(name, f)
		}) {
			return errs.New(errs.Invalid, "form.unknown_field", "Leave out the field {field}. This form does not have it.", "field", name)
		}
		for _, v := range values {
			if !errs.IsText(v) {
				return errs.NotText(name)
			}
		}
	}
	return nil
}

// readFiles is readForm for a form with small files, which are kept in memory: up to most bytes together. A form that
// is sent without files is read as any other.
func readFiles(w http.ResponseWriter, r *http.Request, most int64, fields ...string) (form, error) {
	if ct, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || ct != "multipart/form-data" {
		return readForm(w, r, fields...)
	}
	r.Body = http.MaxBytesReader(w, r.Body, most+maxForm)
	if err := r.ParseMultipartForm(most + maxForm); err != nil { //nolint:gosec // the body has an end
		return form{}, unreadable()
	}
	return form{r}, known(r, fields)
}

// file opens the file that was chosen in a field. It is nil when none was.
func (f form) file(name string) (multipart.File, error) {
	if f.r.MultipartForm == nil {
		return nil, nil
	}
	chosen := f.r.MultipartForm.File[name]
	if len(chosen) == 0 || chosen[0].Size == 0 {
		return nil, nil
	}
	return chosen[0].Open()
}

// text returns a field without surrounding space.
func (f form) text(name string) string { return strings.TrimSpace(f.r.PostForm.Get(name)) }

// raw returns a field as typed; passwords keep their spaces.
func (f form) raw(name string) string { return f.r.PostForm.Get(name) }

// all returns every value of a field.
func (f form) all(name string) []string { return f.r.PostForm[name] }

// sent reports whether the form has the field at all.
func (f form) sent(name string) bool { return f.r.PostForm.Has(name) }

// ticked reports whether a check box was on.
func (f form) ticked(name string) bool { return f.r.PostForm.Get(name) != "" }
