package authz

// byKey leaves of a person's grants the one membership that their key acts by, and notes the key's scopes on it.
func byKey(chain []Link, by Actor) {
	for i := range chain {
		l := &chain[i]
		if l.Role == "" {
			continue
		}
		if l.Membership != by.is.Membership {
			l.Membership, l.Role, l.Extra, l.Group, l.AllSubs = "", "", Set{}, Set{}, false
			continue
		}
		l.ByKey, l.Scopes = true, by.is.Perms
	}
}

// cutByKey is what a grant gives to a key of the person who has it: what is in the key's scopes of what the person
// holds now. On an account that is suspended a key only reads, and on a closed one it is dead.
func cutByKey(l Link, st standing) Set {
	set := ofOwner(l, st).Intersect(l.Scopes.Union(home))
	switch {
	case st.closed:
		return Set{}
	case st.held:
		return set.Intersect(looking)
	}
	return set
}

// ofOwner is what the owner of a key could put into one: what they hold, and what is their own.
func ofOwner(l Link, st standing) Set { return ofPerson(l, st).Union(OfKeys()) }

// looking is every permission that changes nothing.
var looking = func() Set {
	s := Set{wild: reading}
	for _, p := range permOf {
		if p.reads() {
			s = s.Union(SetOf(p))
		}
	}
	return s
}()
