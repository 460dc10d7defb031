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

// exportStep is how many links one page of an export reads at most.
const exportStep = 500

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

// ExportPlace is where an export goes on; its zero value is the beginning.
type ExportPlace struct {
	Begun   bool
	Account ids.Account // the last one whose chain was begun
	Within  bool        // and not ended
	Seq     int64       // the last one written of it
	Hash    []byte
	Events  int // so far
	Ended   bool
}

// ErrTrimmed says that retention deleted what an export had still to write.
var ErrTrimmed = errors.New("events were deleted while the export was written")

// ExportPage writes the next lines of the log of the scope's account, and with Below of those below it, for verification,
// and returns the place behind them. Of the filter only Below and the span of time count; at is when the export began, in
// Unix milliseconds.
func ExportPage(ctx context.Context, q db.Queryer, sc authz.Scope, f Filter, at int64, from ExportPlace, to io.Writer) (ExportPlace, error) {
	out := json.NewEncoder(to)
	if !from.Begun {
		head := exportHead{Form: exportForm, At: at, Account: sc.Account(), Name: sc.Name(), Below: f.Below, Whole: f.From.IsZero() && f.To.IsZero()}
		if err := out.Encode(head); err != nil {
			return from, fmt.Errorf("write the export: %w", err)
		}
		from.Begun = true
	}
	var waiting []ids.Account
	for read := 0; read < exportStep; {
		if !from.Within {
			if len(waiting) == 0 {
				var err error
				if waiting, err = loggedAccounts(ctx, q, sc, f.Below, from.Account); err != nil {
					return from, fmt.Errorf("list the accounts of the export: %w", err)
				}
			}
			if len(waiting) == 0 {
				from.Ended = true
				if err := out.Encode(exportFoot{from.Events}); err != nil {
					return from, fmt.Errorf("write the export: %w", err)
				}
				return from, nil
			}
			from.Account, waiting = waiting[0], waiting[1:]
		}
		n, err := from.exportChain(ctx, q, f, exportStep-read, out)
		if err != nil {
			return from, err
		}
		read += n + 1 // a short chain costs a look as well
	}
	return from, nil
}

// exportChain writes up to n links of the chain of the place's account and returns how many it read. A seal whose event is
// gone is written without it: that is what a check is to find.
func (x *ExportPlace) exportChain(ctx context.Context, q db.Queryer, f Filter, n int, out *json.Encoder) (read int, err error) {
	start, err := startOf(ctx, q, x.Account)
	if err != nil {
		return 0, err
	}
	if !x.Within {
		x.Within, x.Seq, x.Hash = true, start.seq, start.hash
	}
	if start.seq > x.Seq {
		return 0, ErrTrimmed
	}
	links, err := chain(ctx, q, x.Account, x.Seq, n)
	if err != nil {
		return 0, fmt.Errorf("read the log of %s: %w", x.Account, err)
	}
	for _, l := range links {
		if f.holds(l.event) {
			if err := out.Encode(l.line(x.Hash)); err != nil {
				return 0, fmt.Errorf("write the export: %w", err)
			}
			x.Events++
		}
		x.Seq, x.Hash = l.seq, l.hash
	}
	x.Within = len(links) == n
	return len(links), nil
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
