package brand

import (
	"context"

	"bailiwick/internal/ids"
)

// visit is the account whose domain a request came to.
type visit struct{}

// WithVisited notes the account whose domain a request came to.
func WithVisited(ctx context.Context, account ids.Account) context.Context {
	return context.WithValue(ctx, visit{}, account)
}

// Visited is the account whose domain a request came to, "" at the operator's own. Nothing but it and what is below it
// exists there.
func Visited(ctx context.Context) ids.Account {
	id, _ := ctx.Value(visit{}).(ids.Account)
	return id
}
