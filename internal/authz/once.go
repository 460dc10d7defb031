package authz

// Once marks a request that its client may send again: the client's own key for it, and a hash of all it asks for.
type Once struct {
	Key  string
	Hash [32]byte
}

// Repeating returns the actor with the mark of its request. The writes of such an actor are done once for each key.
func (a Actor) Repeating(o Once) Actor {
	a.once = &o
	return a
}

// Once is the mark of a request that may be sent again, nil without one.
func (a Actor) Once() *Once { return a.once }
