package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

const capturePurpose secret.Purpose = "mail.captured"

// Capture keeps messages in the database instead of sending them. Who may read
// them is for the caller to check.
type Capture struct {
	db  *db.DB
	box *secret.Box
}

// NewCapture returns the capture mailbox of a database.
func NewCapture(d *db.DB, box *secret.Box) *Capture { return &Capture{db: d, box: box} }

// Captured is a kept message; List leaves Text, HTML and Headers empty.
type Captured struct {
	ID      ids.Mail
	At      time.Time
	From    string
	To      string
	Subject string
	Text    string
	HTML    string
	Headers map[string]string
}

// body is the sealed part.
type body struct {
	Text    string            `json:"text"`
	HTML    string            `json:"html,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// Send keeps the message; a repeated attempt at the same one is kept once.
// It refuses what an SMTP server would never be given.
func (c *Capture) Send(ctx context.Context, m Message) error {
	if _, err := m.build(); err != nil {
		return &Failure{Permanent: true, Err: err}
	}
	plain, err := json.Marshal(body{m.Text, m.HTML, m.Headers})
	if err != nil {
		return &Failure{Permanent: true, Err: fmt.Errorf("encode the message: %w", err)}
	}
	err = c.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		id := ids.NewMail(tx.Now())
		return insertCaptured(ctx, tx, Captured{
			ID: id, At: tx.Now(), From: m.From.String(), To: m.To.String(), Subject: oneLine(m.Subject),
		}, m.ID, c.box.Seal(capturePurpose, string(id), plain))
	})
	if err != nil {
		return &Failure{Err: fmt.Errorf("keep the message: %w", err)}
	}
	return nil
}

// List returns up to limit messages, newest first, that are older than before
// ("" begins at the newest).
func (c *Capture) List(ctx context.Context, before ids.Mail, limit int) ([]Captured, error) {
	list, err := listCaptured(ctx, c.db, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list captured mail: %w", err)
	}
	return list, nil
}

// Get returns one message with its text.
func (c *Capture) Get(ctx context.Context, id ids.Mail) (Captured, error) {
	m, sealed, err := getCaptured(ctx, c.db, id)
	if errors.Is(err, db.ErrNoRows) {
		return Captured{}, errs.NoSuch("mail")
	}
	if err != nil {
		return Captured{}, fmt.Errorf("load captured mail %s: %w", id, err)
	}
	plain, err := c.box.Open(capturePurpose, string(id), sealed)
	if err != nil {
		return Captured{}, fmt.Errorf("open captured mail %s: %w", id, err)
	}
	var b body
	if err := json.Unmarshal(plain, &b); err != nil {
		return Captured{}, fmt.Errorf("read captured mail %s: %w", id, err)
	}
	m.Text, m.HTML, m.Headers = b.Text, b.HTML, b.Headers
	return m, nil
}

// Forget removes what was kept before an instant and returns how many.
func (c *Capture) Forget(ctx context.Context, before time.Time) (n int64, err error) {
	err = c.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err = deleteCaptured(ctx, tx, before)
		return err
	})
	return n, err
}
