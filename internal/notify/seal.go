package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/secret"
)

const purpose secret.Purpose = "mail.waiting"

// sendArgs is a mail as it waits in the queue.
type sendArgs struct {
	ID      ids.Mail    `json:"id"`
	Account ids.Account `json:"account"`
	Sealed  []byte      `json:"sealed"`
}

// Kind names the job.
func (sendArgs) Kind() string { return "mail.send" }

// waiting is what is sealed.
type waiting struct {
	To       string   `json:"to"`
	Name     string   `json:"name"`
	Template Template `json:"template"`
	Language string   `json:"language"`
	At       string   `json:"at,omitempty"`
	Link     string   `json:"link"`
	Data     []datum  `json:"data"`
}

// datum is one name and its value; exactly one of the values is set.
type datum struct {
	Name string     `json:"name"`
	Text *string    `json:"text,omitempty"`
	Int  *int64     `json:"int,omitempty"`
	Day  *time.Time `json:"day,omitempty"`
	Date *Day       `json:"date,omitempty"`
	At   *time.Time `json:"at,omitempty"`
	Word *Word      `json:"word,omitempty"`
}

func (m *Mailer) seal(id ids.Mail, mail Mail) ([]byte, error) {
	data, err := toData(mail.Data)
	if err != nil {
		return nil, fmt.Errorf("notify: %q: %w", mail.Template, err)
	}
	body, err := json.Marshal(waiting{mail.To, mail.Name, mail.Template, mail.Language, string(mail.At), mail.Link.Reveal(), data})
	if err != nil {
		return nil, fmt.Errorf("write a waiting mail: %w", err)
	}
	return m.box.Seal(purpose, string(id), body), nil
}

func (m *Mailer) open(args sendArgs) (Mail, error) {
	body, err := m.box.Open(purpose, string(args.ID), args.Sealed)
	if err != nil {
		return Mail{}, fmt.Errorf("open the waiting mail %s: %w", args.ID, err)
	}
	var w waiting
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&w); err != nil {
		return Mail{}, fmt.Errorf("read the waiting mail %s: %w", args.ID, err)
	}
	return Mail{w.To, w.Name, w.Template, w.Language, args.Account, ids.Account(w.At), secret.Wrap(w.Link), fromData(w.Data)}, nil
}

func toData(in []any) ([]datum, error) {
	if len(in)%2 == 1 {
		return nil, fmt.Errorf("a name has no value")
	}
	out := make([]datum, 0, len(in)/2)
	for i := 0; i < len(in); i += 2 {
		d := datum{Name: fmt.Sprint(in[i])}
		switch v := in[i+1].(type) {
		case int:
			n := int64(v)
			d.Int = &n
		case int64:
			d.Int = &v
		case time.Time:
			d.Day = &v
		case Day:
			d.Date = &v
		case Moment:
			at := time.Time(v)
			d.At = &at
		case Word:
			d.Word = &v
		default:
			s := fmt.Sprint(v)
			d.Text = &s
		}
		out = append(out, d)
	}
	return out, nil
}

func fromData(in []datum) []any {
	var out []any
	for _, d := range in {
		out = append(out, d.Name)
		switch {
		case d.Int != nil:
			out = append(out, int(*d.Int))
		case d.Day != nil:
			out = append(out, *d.Day)
		case d.Date != nil:
			out = append(out, *d.Date)
		case d.At != nil:
			out = append(out, Moment(*d.At))
		case d.Word != nil:
			out = append(out, *d.Word)
		case d.Text != nil:
			out = append(out, *d.Text)
		default:
			out = append(out, "")
		}
	}
	return out
}

// CountWaiting tells how many mails wait under which master key.
func CountWaiting(ctx context.Context, q db.Queryer) (out []secret.Count, err error) {
	err = jobs.EachUnended(ctx, q, sendArgs{}.Kind(), func(j jobs.Unended) error {
		var args sendArgs
		if err := json.Unmarshal([]byte(j.Args), &args); err != nil {
			return fmt.Errorf("read the arguments of job %s: %w", j.ID, err)
		}
		key, _ := secret.SealedBy(args.Sealed)
		at := slices.IndexFunc(out, func(c secret.Count) bool { return c.Key == key })
		if at < 0 {
			at, out = len(out), append(out, secret.Count{Key: key})
		}
		out[at].N++
		return nil
	})
	return out, err
}

// Waiting opens the arguments of a queued mail, for tests that follow a link without sending it.
func (m *Mailer) Waiting(args []byte) (Mail, error) {
	var a sendArgs
	if err := json.Unmarshal(args, &a); err != nil {
		return Mail{}, fmt.Errorf("read the arguments of a mail: %w", err)
	}
	return m.open(a)
}
