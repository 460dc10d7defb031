package certs

import (
	"context"
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// zapped lets certmagic, which speaks zap, write to our log.
func zapped(ctx context.Context, log *slog.Logger) *zap.Logger {
	return zap.New(bridge{context.WithoutCancel(ctx), log.Handler()})
}

type bridge struct {
	ctx context.Context //nolint:containedctx // zap hands on none
	to  slog.Handler
}

// levelOf maps zap's levels; those above error are errors here.
func levelOf(l zapcore.Level) slog.Level {
	switch l {
	case zapcore.DebugLevel:
		return slog.LevelDebug
	case zapcore.InfoLevel:
		return slog.LevelInfo
	case zapcore.WarnLevel:
		return slog.LevelWarn
	case zapcore.ErrorLevel, zapcore.DPanicLevel, zapcore.PanicLevel, zapcore.FatalLevel, zapcore.InvalidLevel:
	}
	return slog.LevelError
}

// Enabled reports whether entries of a level are written.
func (b bridge) Enabled(l zapcore.Level) bool { return b.to.Enabled(b.ctx, levelOf(l)) }

// With adds fields to every entry.
func (b bridge) With(fields []zapcore.Field) zapcore.Core {
	return bridge{b.ctx, b.to.WithAttrs(attrs(fields))}
}

// Check offers to write an entry.
func (b bridge) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if b.Enabled(e.Level) {
		return c.AddCore(e, b)
	}
	return c
}

// Write writes one entry.
func (b bridge) Write(e zapcore.Entry, fields []zapcore.Field) error {
	r := slog.NewRecord(e.Time, levelOf(e.Level), e.Message, 0)
	r.AddAttrs(slog.String("part", e.LoggerName))
	r.AddAttrs(attrs(fields)...)
	return b.to.Handle(b.ctx, r)
}

// Sync has nothing to do: entries are written at once.
func (b bridge) Sync() error { return nil }

func attrs(fields []zapcore.Field) []slog.Attr {
	enc := zapcore.NewMapObjectEncoder()
	out := make([]slog.Attr, 0, len(fields))
	for _, f := range fields {
		f.AddTo(enc)
	}
	for k, v := range enc.Fields {
		out = append(out, slog.Any(k, v))
	}
	return out
}
