package setting

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bailiwick/internal/errs"
)

// Kind is how the value of a setting is typed and shown.
type Kind string

// The kinds, with the JSON that is stored.
const (
	Line     Kind = "line"     // one line of text: a string
	Text     Kind = "text"     // several lines: a string
	Number   Kind = "number"   // a whole number
	Switch   Kind = "switch"   // on or off: a boolean
	Optional Kind = "optional" // a box, and a whole number that counts while it is ticked: the number, or 0
	Choice   Kind = "choice"   // one of Options: a string
	Choices  Kind = "choices"  // any of Options: an array of strings
	Numbers  Kind = "numbers"  // whole numbers: an array
	Words    Kind = "words"    // short texts, one a line: an array of strings
	Mail     Kind = "mail"     // a text of mails, plain and as HTML: a MailText
	Colour   Kind = "colour"   // a colour of sRGB: a string, "#0b6b5c"
	Image    Kind = "image"    // a picture that was uploaded: a string, its name, or "" for none
	Own      Kind = "own"      // a form of its own; its JSON is typed in one field
)

// MailText is a text of mails in its two forms. Both are one setting, so that neither can be changed while the other is
// locked.
type MailText struct {
	Text string `json:"text"`
	HTML string `json:"html"`
}

// Control says how the value of a setting is typed and shown.
type Control struct {
	Kind      Kind
	Unit      string   // of a number, a key of the catalogue: "days", "minutes", "megabytes"
	Low, High int      // of a number
	Options   []string // of a choice; the catalogue has their words
	Mails     bool     // does nothing where mail is off
}

// Read makes the JSON of what a form sent for the setting.
func (c Control) Read(typed []string) (json.RawMessage, error) {
	one := ""
	if len(typed) > 0 {
		one = strings.ReplaceAll(typed[len(typed)-1], "\r\n", "\n")
	}
	switch c.Kind {
	case Number:
		return c.number(one)
	case Optional:
		if !slices.Contains(typed, ticked) {
			return write(0)
		}
		return c.number(one)
	case Switch:
		return write(one != "")
	case Choice:
		if !slices.Contains(c.Options, one) {
			return nil, errs.New(errs.Invalid, "setting.not_offered", "Choose one of what is offered.")
		}
		return write(one)
	case Choices:
		return c.choices(typed)
	case Numbers:
		return numbers(one)
	case Words:
		return write(lines(one))
	case Mail:
		return write(mailText(typed))
	case Own:
		if !json.Valid([]byte(one)) {
			return nil, errs.New(errs.Invalid, "setting.incomplete", "Load the page again. The form was incomplete.")
		}
		return json.RawMessage(one), nil
	}
	return write(strings.TrimSpace(one))
}

// Show is Read the other way round: what a form shows for a stored value. A value that cannot be read is shown as nothing.
func (c Control) Show(value json.RawMessage) []string {
	switch c.Kind {
	case Number:
		return []string{string(value)}
	case Optional:
		if string(value) == "0" || len(value) == 0 {
			return nil
		}
		return []string{ticked, string(value)}
	case Switch:
		if string(value) == "true" {
			return []string{ticked}
		}
		return nil
	case Choices:
		return list[string](value)
	case Numbers:
		var out []string
		for _, n := range list[int](value) {
			out = append(out, strconv.Itoa(n))
		}
		return []string{strings.Join(out, ", ")}
	case Words:
		return []string{strings.Join(list[string](value), "\n")}
	case Mail:
		var m MailText
		if json.Unmarshal(value, &m) != nil {
			return nil
		}
		return []string{m.Text, m.HTML}
	case Own:
		return []string{string(value)}
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		return nil
	}
	return []string{text}
}

// ticked is what a box that is ticked sends.
const ticked = "on"

func (c Control) number(typed string) (json.RawMessage, error) {
	n, err := strconv.Atoi(strings.TrimSpace(typed))
	if err != nil || n < c.Low || n > c.High {
		return nil, errs.New(errs.Invalid, "setting.number", "Write a number from {low} to {high}.", "low", c.Low, "high", c.High)
	}
	return write(n)
}

// choices keeps the order of the options, whatever the order in which they were ticked.
func (c Control) choices(boxes []string) (json.RawMessage, error) {
	out := []string{}
	for _, o := range c.Options {
		if slices.Contains(boxes, o) {
			out = append(out, o)
		}
	}
	for _, t := range boxes {
		if t != "" && !slices.Contains(c.Options, t) {
			return nil, errs.New(errs.Invalid, "setting.not_offered", "Choose one of what is offered.")
		}
	}
	return write(out)
}

func numbers(typed string) (json.RawMessage, error) {
	out := []int{}
	for _, word := range strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune(",; \n", r) }) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, errs.New(errs.Invalid, "setting.numbers", "Write whole numbers with commas between them. {word} is not one.", "word", word)
		}
		out = append(out, n)
	}
	return write(out)
}

// mailText is what was typed into two fields, the plain form first.
func mailText(typed []string) (m MailText) {
	clean := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	if len(typed) > 0 {
		m.Text = clean(typed[0])
	}
	if len(typed) > 1 {
		m.HTML = clean(typed[1])
	}
	return m
}

func lines(typed string) []string {
	out := []string{}
	for line := range strings.Lines(typed) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func list[T any](value json.RawMessage) []T {
	var out []T
	if json.Unmarshal(value, &out) != nil {
		return nil
	}
	return out
}

func write(v any) (json.RawMessage, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write the value of a setting: %w", err)
	}
	return body, nil
}
