package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
)

// An export for verification is text with one JSON object a line: a head, the sealed events of one account after the
// other in the order of their numbers, and a foot. It holds all that the hashes are made of, so that anybody can check
// it later without the database.

// exportForm is the version of the form; a form once written stays readable.
const exportForm = 1

type exportHead struct {
	Form    int         `json:"bailiwick_audit_export"`
	At      int64       `json:"exported_at"` // Unix milliseconds
	Account ids.Account `json:"account"`
	Name    string      `json:"account_name"`
	Below   bool        `json:"below"`
	Whole   bool        `json:"whole"` // every sealed event of the chains, so a gap is a fault
}

type exportFoot struct {
	Events int `json:"end"`
}

// exportLine is a link of a chain with what it seals. Hashes and the salt are base64, instants Unix milliseconds.
type exportLine struct {
	Seq      int64         `json:"seq"`
	Prev     []byte        `json:"prev"`
	Hash     []byte        `json:"hash"`
	SealedAt int64         `json:"sealed_at"`
	Event    *exportEvent  `json:"event"`
	Personal *exportPerson `json:"personal"`
}

type exportEvent struct {
	ID         ids.Event   `json:"id"`
	Account    ids.Account `json:"account"`
	At         int64       `json:"at"`
	ActorKind  string      `json:"actor_kind"`
	ActorID    string      `json:"actor_id"`
	ActingAs   string      `json:"acting_as"`
	Credential string      `json:"credential"`
	RequestID  string      `json:"request_id"`
	Action     string      `json:"action"`
	TargetType string      `json:"target_type"`
	TargetID   string      `json:"target_id"`
	Result     string      `json:"result"`
	Personal   []byte      `json:"personal_hash"`
}

type exportPerson struct {
	Salt      []byte `json:"salt"`
	ActorName string `json:"actor_name"`
	IP        string `json:"ip"`
	Target    string `json:"target"`
	Changes   string `json:"changes"` // JSON as it was hashed
}

// Export writes the log of the scope's account, and with Below of those below it, for verification. Of the filter only
// Below and the span of time count.
func Export(ctx context.Context, q db.Queryer, sc authz.Scope, f Filter, at int64, to io.Writer) (events int, err error) {
	out := json.NewEncoder(to)
	head := exportHead{Form: exportForm, At: at, Account: sc.Account(), Name: sc.Name(), Below: f.Below, Whole: f.From.IsZero() && f.To.IsZero()}
	if err := out.Encode(head); err != nil {
		return 0, fmt.Errorf("write the export: %w", err)
	}
	for after := ids.Account(""); ; {
		accounts, err := loggedAccounts(ctx, q, sc, f.Below, after)
		if err != nil {
			return events, fmt.Errorf("list the accounts of the export: %w", err)
		}
		for _, a := range accounts {
			n, err := exportChain(ctx, q, a, f, out)
			if events += n; err != nil {
				return events, err
			}
			after = a
		}
		if len(accounts) < accountsAtOnce {
			break
		}
	}
	if err := out.Encode(exportFoot{events}); err != nil {
		return events, fmt.Errorf("write the export: %w", err)
	}
	return events, nil
}

// exportChain writes one chain. A seal whose event is gone is written without it: that is what a check is to find.
func exportChain(ctx context.Context, q db.Queryer, account ids.Account, f Filter, out *json.Encoder) (events int, err error) {
	start, err := startOf(ctx, q, account)
	if err != nil {
		return 0, err
	}
	for last := start.head; ; {
		links, err := chain(ctx, q, account, last.seq, verifyStep)
		if err != nil {
			return events, fmt.Errorf("read the log of %s: %w", account, err)
		}
		for _, l := range links {
			if f.holds(l.event) {
				if err := out.Encode(l.line(last.hash)); err != nil {
					return events, fmt.Errorf("write the export: %w", err)
				}
				events++
			}
			last = l.head
		}
		if len(links) < verifyStep {
			return events, nil
		}
	}
}

func (f Filter) holds(e *event) bool {
	return e == nil || (f.From.IsZero() || e.At >= f.From.UnixMilli()) && (f.To.IsZero() || e.At < f.To.UnixMilli())
}

func (l link) line(prev []byte) exportLine {
	out := exportLine{Seq: l.seq, Prev: prev, Hash: l.hash, SealedAt: l.sealedAt}
	if e := l.event; e != nil {
		out.Event = &exportEvent{e.ID, e.Account, e.At, e.ActorKind, e.ActorID, e.ActingAs, e.Credential, e.RequestID, e.Action, e.TargetType, e.TargetID, e.Result, e.Personal}
	}
	if p := l.personal; p != nil {
		out.Personal = &exportPerson{p.Salt, p.ActorName, p.IP, p.Target, p.Changes}
	}
	return out
}

func (l exportLine) link() link {
	out := link{head: head{l.Seq, l.Hash}, sealedAt: l.SealedAt}
	if e := l.Event; e != nil {
		out.sealed = e.ID
		out.event = &event{e.ID, e.Account, e.At, e.ActorKind, e.ActorID, e.ActingAs, e.Credential, e.RequestID, e.Action, e.TargetType, e.TargetID, e.Result, e.Personal}
	}
	if p := l.Personal; p != nil {
		out.personal = &personal{p.Salt, p.ActorName, p.IP, p.Target, p.Changes}
	}
	return out
}

// Exported is what a check of an export found.
type Exported struct {
	Account ids.Account // whose export it is
	Name    string
	Below   bool
	Whole   bool
	Events  int
	Logs    []Report // one for each account, in the order of the file
}

// Sound reports whether every log in the export is what was written.
func (x Exported) Sound() bool {
	for _, r := range x.Logs {
		if !r.Sound() {
			return false
		}
	}
	return true
}

// What makes a file no export at all, or not all of one.
var (
	ErrNotExport = errors.New("this is no export of an audit log")
	ErrCutOff    = errors.New("the export is cut off or lines are missing: its foot is not there, or counts other events")
)

// longestLine of an export, in bytes.
const longestLine = 16 << 20

// VerifyExport recomputes the chains of an export, without the database. In an export of a span of time, or with logs
// whose oldest events retention deleted, a chain begins with a number above one: what came before is then taken on trust.
func VerifyExport(from io.Reader) (Exported, error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, longestLine)
	var head exportHead
	if !lines.Scan() || strict(lines.Bytes(), &head) != nil || head.Form != exportForm {
		return Exported{}, errors.Join(ErrNotExport, lines.Err())
	}
	out := Exported{Account: head.Account, Name: head.Name, Below: head.Below, Whole: head.Whole}
	for n := 2; lines.Scan(); n++ {
		var foot exportFoot
		if strict(lines.Bytes(), &foot) == nil {
			if foot.Events != out.Events || lines.Scan() {
				return out, ErrCutOff
			}
			return out, lines.Err()
		}
		var l exportLine
		if err := strict(lines.Bytes(), &l); err != nil {
			return out, fmt.Errorf("line %d: %w", n, errors.Join(ErrNotExport, err))
		}
		out.Events++
		out.follow(l)
	}
	return out, errors.Join(ErrCutOff, lines.Err())
}

func strict(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// follow checks one line of the export.
func (x *Exported) follow(l exportLine) {
	k := l.link()
	account := x.Account
	switch {
	case k.event != nil:
		account = k.event.Account
	case len(x.Logs) > 0:
		account = x.Logs[len(x.Logs)-1].Account
	}
	if len(x.Logs) == 0 || x.Logs[len(x.Logs)-1].Account != account {
		first := Report{Account: account, Sealed: k.seq - 1, Head: l.Prev}
		if k.seq == 1 {
			first.Head = genesis
		}
		x.Logs = append(x.Logs, first)
	}
	r := &x.Logs[len(x.Logs)-1]
	switch {
	case k.seq <= r.Sealed:
		r.problem(k.seq, k.sealed, ChangedEvent)
		return
	case k.seq != r.Sealed+1:
		r.Head = l.Prev
		if !x.Whole { // the span of time left some out
			r.Sealed = k.seq - 1
		}
	case !bytes.Equal(l.Prev, r.Head):
		r.problem(k.seq, k.sealed, ChangedEvent)
		r.Head = l.Prev
	}
	r.follow(k)
}
