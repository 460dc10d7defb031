package errs

import (
	"errors"
	"fmt"
	"testing"
)

func TestKindSurvivesWrapping(t *testing.T) {
	err := fmt.Errorf("suspend acc_1: %w", New(Conflict, "account.held", "Lift the hold of {who} first.", "who", "Acme"))
	if KindOf(err) != Conflict || CodeOf(err) != "account.held" {
		t.Errorf("kind %v, code %q", KindOf(err), CodeOf(err))
	}
	if KindOf(errors.New("disk full")) != Internal {
		t.Error("a foreign error is not Internal")
	}
	var e *Error
	if !errors.As(err, &e) || e.Text() != "Lift the hold of Acme first." {
		t.Errorf("text %q", e.Text())
	}
}

func TestCollectorKeepsTheFirstRemarkOnEachField(t *testing.T) {
	var c Collector
	if c.Err() != nil {
		t.Fatal("an empty collector is an error")
	}
	c.Add("name", "account.name_empty", "Enter a name.")
	c.Add("name", "account.name_long", "Use at most 255 characters.")
	if err := c.Merge(Field("email", "email.malformed", "Enter a full address.")); err != nil {
		t.Fatal(err)
	}
	if boom := errors.New("boom"); !errors.Is(c.Merge(boom), boom) {
		t.Error("an error without fields was swallowed")
	}
	var e *Error
	if !errors.As(c.Err(), &e) || len(e.Fields) != 2 || e.Fields["name"].Code != "account.name_empty" || e.Kind != Invalid {
		t.Errorf("%v", c.Err())
	}
}
