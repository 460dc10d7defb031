// Package brand says under which name people meet the portal. One brand exists today, the platform's own; the
// brands of resellers and customers will be read here.
package brand

import (
	"context"
	"errors"
	"fmt"

	"bailiwick/internal/db"
)

// Unnamed stands until the platform has been set up.
const Unnamed = "Bailiwick"

// Service reads brands.
type Service struct{ db *db.DB }

// NewService makes a Service.
func NewService(d *db.DB) *Service { return &Service{d} }

// Name is the product name that strangers and members see: the platform's.
func (s *Service) Name(ctx context.Context) (string, error) {
	name, err := platformName(ctx, s.db)
	if errors.Is(err, db.ErrNoRows) {
		return Unnamed, nil
	}
	if err != nil {
		return "", fmt.Errorf("read the name of the platform: %w", err)
	}
	return name, nil
}

// Named reports whether the platform has been set up and so has a name.
func (s *Service) Named(ctx context.Context) (bool, error) {
	_, err := platformName(ctx, s.db)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
