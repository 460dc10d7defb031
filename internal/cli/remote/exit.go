package remote

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"bailiwick/internal/api/client"
)

// Exit codes of every command.
const (
	ExitOK          = 0
	ExitFailed      = 1 // the command could not do its work
	ExitUsage       = 2 // the command line, a setting or the input needs correcting
	ExitNotFound    = 3 // there is no such thing, or it is out of the key's sight
	ExitDenied      = 4 // the key is refused, or may not do this
	ExitConflict    = 5 // something stands in the way, or somebody else changed it meanwhile
	ExitUnavailable = 6 // the server does not answer, or asks to wait; try again
	ExitFindings    = 7 // a check, or a look through a file, found something to mend
)

// Exits are the exit codes in words, for the documentation.
func Exits() []string {
	return []string{
		"done", "the command could not do its work", "the command line, a setting or the input needs correcting", "there is no such thing, or it is out of the key's sight",
		"the key is refused or may not do this, or `access check` answers no", "something stands in the way, or somebody else changed it meanwhile",
		"the server does not answer or asks to wait: try again", "a check, or a look through a file, found something to mend",
	}
}

// ExitOf is the one table from errors to exit codes.
func ExitOf(err error) int {
	var usage *Usage
	var gone *client.Unreachable
	var p *client.Problem
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, ErrNotAllowed):
		return ExitDenied
	case errors.Is(err, ErrFindings):
		return ExitFindings
	case errors.As(err, &usage):
		return ExitUsage
	case errors.As(err, &gone):
		return ExitUnavailable
	case errors.As(err, &p):
		return exitOfStatus(int(p.Status))
	}
	return ExitFailed
}

func exitOfStatus(status int) int {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return ExitUsage
	case http.StatusUnauthorized, http.StatusForbidden:
		return ExitDenied
	case http.StatusNotFound, http.StatusGone:
		return ExitNotFound
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired:
		return ExitConflict
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return ExitUnavailable
	}
	return ExitFailed
}

// Tell says what went wrong in plain words.
func Tell(out io.Writer, err error) {
	say := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	var gone *client.Unreachable
	var p *client.Problem
	switch {
	case errors.Is(err, ErrNotAllowed), errors.Is(err, ErrFindings), errors.As(err, new(*told)):
	case errors.As(err, &gone):
		say("bailiwick: Check the address of the server and that it runs. It does not answer: %v", gone.Err)
	case errors.As(err, &p):
		say("bailiwick: %s", plain(p.Detail))
		for _, f := range p.Errors {
			if name := fieldName(f.Location); f.Detail != p.Detail || !slices.Contains([]string{"", "body"}, name) {
				say("  %s: %s", name, plain(f.Detail))
			}
		}
		if p.Status >= http.StatusInternalServerError && p.RequestID != "" {
			say("  request %s", plain(p.RequestID))
		}
	default:
		say("bailiwick: %v", err)
	}
}

// fieldName is the name of a field as flags are named: "membership-end" for "body.membership_end".
func fieldName(location string) string {
	for _, part := range []string{"body.", "query.", "path.", "header."} {
		location = strings.TrimPrefix(location, part)
	}
	return strings.ReplaceAll(location, "_", "-")
}
