package part

import (
	"strconv"

	"github.com/a-h/templ"
)

// attrs are the attributes that every kind of input shares.
func (f Field) attrs() templ.Attributes {
	a := f.HX.attrs()
	a["id"] = f.id()
	for name, v := range map[string]string{
		"aria-describedby": f.describedBy(), "autocomplete": f.Autocomplete, "inputmode": f.InputMode,
		"placeholder": f.Placeholder, "min": f.Min, "max": f.Max, "step": f.Step,
	} {
		if v != "" {
			a[name] = v
		}
	}
	if f.MaxLength > 0 {
		a["maxlength"] = strconv.Itoa(f.MaxLength)
	}
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	if f.Source {
		a["dir"] = "ltr"
	}
	if f.Plain {
		a["spellcheck"], a["autocapitalize"] = "false", "none"
	}
	for name, on := range map[string]bool{
		"required": f.Required, "readonly": f.locked() && f.Type != "select", "disabled": f.Disabled, "autofocus": f.Autofocus,
	} {
		if on {
			a[name] = true
		}
	}
	return a
}
