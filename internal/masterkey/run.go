package masterkey

import (
	"context"
	"os"
	"time"

	"bailiwick/internal/db"
)

const (
	sayEvery = time.Minute
	goodFor  = 3 * sayEvery // for how long what was said of a server is believed
	endIn    = 5 * time.Second
)

// Run reads the key file again whenever hangup says so, and says each minute which key this server seals with, until ctx ends.
func (k *Keeper) Run(ctx context.Context, hangup <-chan os.Signal) error {
	tick := time.NewTicker(sayEvery)
	defer tick.Stop()
	for {
		k.say(ctx)
		select {
		case <-ctx.Done():
			return k.leave(ctx)
		case <-hangup:
			k.reload(ctx)
		case <-tick.C:
			k.box.Look() // so that a file that cannot be used is told of
		}
	}
}

func (k *Keeper) reload(ctx context.Context) {
	if err := k.box.Reload(); err != nil {
		k.log.ErrorContext(ctx, "the keys stay as they were: the key file cannot be used", "error", err)
		return
	}
	k.log.InfoContext(ctx, "the key file was read again", "keys", len(k.box.Keys()), "seals", k.box.Seals().String())
}

func (k *Keeper) say(ctx context.Context) {
	err := k.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		return setUse(ctx, tx, k.node, k.box.Seals(), tx.Now().Add(goodFor).UnixMilli())
	})
	if err != nil && ctx.Err() == nil {
		k.log.WarnContext(ctx, "which master key this server seals with could not be said", "error", err)
	}
}

// leave takes the server off the list of those that run.
func (k *Keeper) leave(ctx context.Context) error {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), endIn)
	defer done()
	return k.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error { return removeUse(ctx, tx, k.node) })
}
