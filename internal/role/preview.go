package role

import (
	"context"

	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
	"bailiwick/internal/quota"
)

// Change is what an edit of a group changes for the people who have it, at the account and below.
type Change struct {
	People  int
	Invited int
	Gained  authz.Set
	Lost    authz.Set
	Limits  []LimitChange
}

// LimitChange is a limit that becomes another.
type LimitChange struct {
	Channel quota.Channel
	Window  quota.Window
	Was, Is quota.Limit
	Apart   int // of the people, those with a limit of their own instead
}

// Preview says what an edit of a group defined on the account would change. It changes nothing.
func (s *Service) Preview(ctx context.Context, by authz.Actor, account ids.Account, id ids.Role, in Input) (Change, error) {
	q, sc, err := s.op.Read(ctx, by, authz.RolesManage, account)
	if err != nil {
		return Change{}, err
	}
	g, err := getHere(ctx, q, sc, id)
	if err != nil {
		return Change{}, err
	}
	sends, err := in.Sending.Clean()
	if err != nil {
		return Change{}, err
	}
	out := Change{People: g.Members, Invited: g.Invitations, Gained: in.Perms.Without(g.Perms), Lost: g.Perms.Without(in.Perms)}
	apart, err := quota.Apart(ctx, q, sc, id)
	if err != nil {
		return Change{}, err
	}
	for _, c := range quota.Channels() {
		for _, w := range quota.Windows() {
			was, is := g.Sending.Of(c, w), sends.Of(c, w)
			was.Source, is.Source = "", ""
			if was != is {
				out.Limits = append(out.Limits, LimitChange{c, w, was, is, apart[c][w]})
			}
		}
	}
	return out, nil
}
