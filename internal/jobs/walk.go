package jobs

import (
	"context"
	"errors"
)

// Walk does something to everything that there is, page by page. read returns at most the given number of what comes after
// one of them, and the first ones after the zero value. What fails keeps nothing else from being done; the error tells of all
// of it.
func Walk[T any](ctx context.Context, most int, read func(after T) ([]T, error), do func(T) error) error {
	return Pages(ctx, most, read, func(page []T) error {
		var failed []error
		for _, one := range page {
			failed = append(failed, do(one))
		}
		return errors.Join(failed...)
	})
}

// Pages is Walk for what is done to a whole page at once.
func Pages[T any](ctx context.Context, most int, read func(after T) ([]T, error), do func(page []T) error) error {
	var failed []error
	for after := *new(T); ; {
		page, err := read(after)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		if len(page) > 0 {
			failed = append(failed, do(page))
		}
		if len(page) < most || ctx.Err() != nil {
			return errors.Join(append(failed, ctx.Err())...)
		}
		after = page[len(page)-1]
	}
}
