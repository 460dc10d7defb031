// Package secret keeps what must not be read: password hashes, one-time tokens,
// values sealed at rest, and a string that does not print itself.
package secret

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

const masked = "***"

// String holds text that prints as *** everywhere; only Reveal gives it back.
type String struct{ text string }

// Wrap makes a String of plain text.
func Wrap(text string) String { return String{text} }

// Reveal returns the text itself.
func (s String) Reveal() string { return s.text }

// Empty reports whether there is no text.
func (s String) Empty() bool { return s.text == "" }

// Format prints *** for every verb, so that %#v and %x show nothing either.
func (s String) Format(f fmt.State, _ rune) {
	// A writer behind fmt keeps its own error; there is nobody to tell here.
	_, _ = f.Write([]byte(masked)) //nolint:errcheck // fmt does not ask
}

// String returns ***.
func (s String) String() string { return masked }

// GoString returns ***.
func (s String) GoString() string { return masked }

// LogValue logs as ***.
func (s String) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalJSON writes "***".
func (s String) MarshalJSON() ([]byte, error) { return json.Marshal(masked) }

// MarshalText writes ***.
func (s String) MarshalText() ([]byte, error) { return []byte(masked), nil }

// UnmarshalText takes the text as it is.
func (s *String) UnmarshalText(b []byte) error {
	s.text = string(b)
	return nil
}
