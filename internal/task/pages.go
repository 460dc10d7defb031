package task

import (
	"context"
	"encoding/json"
	"fmt"

	"bailiwick/internal/db"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
)

// Part is one page of a file that a task writes.
type Part struct {
	Body []byte
	Rows int64
	Next string // the place behind it, "" at the end
}

// written is where a file that is written page by page goes on.
type written struct {
	File   ids.File
	Cursor string
	Ended  bool
}

// Pages writes a file page by page. Each page is kept with the place behind it, so that a crash loses none and writes none
// twice. The first page is asked for with the place "".
func (r *Run) Pages(ctx context.Context, next func(ctx context.Context, place string) (Part, error)) (ids.File, error) {
	var at written
	if r.Position() != "" {
		if err := json.Unmarshal([]byte(r.Position()), &at); err != nil {
			return "", fmt.Errorf("read where the file stands: %w", err)
		}
	}
	for !at.Ended {
		p, err := next(ctx, at.Cursor)
		if err != nil {
			return "", err
		}
		begin := at.File == ""
		if begin {
			at.File = ids.NewFile(r.CreatedAt)
		}
		at.Cursor, at.Ended = p.Next, p.Next == ""
		if err := r.keep(ctx, at, begin, p); err != nil {
			return "", err
		}
	}
	return at.File, nil
}

// keep stores one page with the place behind it.
func (r *Run) keep(ctx context.Context, at written, begin bool, p Part) error {
	place, err := json.Marshal(at)
	if err != nil {
		return fmt.Errorf("write where the file stands: %w", err)
	}
	return r.Save(ctx, Step{Position: string(place), Done: r.Done + p.Rows, Total: r.Total}, func(ctx context.Context, tx *db.Tx) error {
		if begin {
			if err := file.CreateIn(ctx, tx, at.File, r.Account, r.Subject); err != nil {
				return err
			}
		}
		rest := p.Body
		for len(rest) > file.PartSize {
			if err := r.Files.AppendIn(ctx, tx, at.File, rest[:file.PartSize], false); err != nil {
				return err
			}
			rest = rest[file.PartSize:]
		}
		return r.Files.AppendIn(ctx, tx, at.File, rest, at.Ended)
	})
}
