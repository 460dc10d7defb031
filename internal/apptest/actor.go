package apptest

import (
	"bailiwick/internal/authn"
	"bailiwick/internal/authz"
)

// Actor is the person whose session the browser holds.
func (b *Browser) Actor() authz.Actor {
	b.w.t.Helper()
	who, err := b.w.Authn.Resolve(b.w.t.Context(), authn.Client{Session: b.Token, IP: "203.0.113.7"})
	if err != nil {
		b.w.t.Fatal(err)
	}
	return who.Actor
}
