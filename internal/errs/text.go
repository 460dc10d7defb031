package errs

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsText reports whether v is UTF-8 without NUL: what both databases keep and give back as it was.
func IsText(v string) bool { return utf8.ValidString(v) && strings.IndexByte(v, 0) < 0 }

// NotText is the error about a field with what IsText refuses.
func NotText(field string) *Error {
	return Field(field, "input.control_character", "Remove line breaks and other unseen characters.")
}

// Line checks what was typed into a field of one line: at most so many characters, all of which can be seen.
func (c *Collector) Line(field, v string, most int) {
	c.Text(field, v, most)
	if strings.ContainsFunc(v, unicode.IsControl) {
		c.add(field, NotText(field).Problem)
	}
}

// Text checks what was typed into a field of several lines: at most so many characters.
func (c *Collector) Text(field, v string, most int) {
	if utf8.RuneCountInString(v) > most {
		c.Add(field, "input.too_long", "Shorten this to {max} characters.", "max", most)
	}
	if !IsText(v) {
		c.add(field, NotText(field).Problem)
	}
}
