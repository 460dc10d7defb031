package journey_test

import (
	"testing"

	"bailiwick/internal/apptest"
	"bailiwick/internal/apptest/browser"
	"bailiwick/internal/apptest/demotown"
	"bailiwick/internal/ids"
)

// town is an installation with the platform of the demo in it.
type town struct {
	*apptest.World
	t    *testing.T
	Acme ids.Account
}

func demoTown(t *testing.T) town {
	t.Helper()
	w, l := demotown.New(t)
	return town{w, t, l.Acme}
}

// open opens a window in which a person is signed in; "" opens a stranger's.
func open(t *testing.T, w *apptest.World, email string, opts ...browser.Option) *browser.Tab {
	t.Helper()
	tab := browser.Open(t, w.Server.URL, opts...)
	if email != "" {
		tab.Cookie("bw_session", w.SignIn(email).Token.Reveal())
	}
	return tab
}
