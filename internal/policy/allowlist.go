package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/notice"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// List names one of an account's lists of addresses, or, by its id, that of a sub-account.
type List string

// The lists.
const (
	Portal List = "portal" // for people with a session
	API    List = "api"    // for keys
)

// Lists are all lists in the order in which they are shown.
func Lists() []List { return []List{Portal, API} }

func (l List) key() (setting.Key[Networks], error) {
	switch l {
	case Portal:
		return PortalAddresses, nil
	case API:
		return APIAddresses, nil
	}
	return setting.Key[Networks]{}, errs.NoSuch("list")
}

// What is recorded.
const (
	ActionAdded       = "allowlist.added"
	ActionRemoved     = "allowlist.removed"
	ActionSwitchedOn  = "allowlist.switched_on"
	ActionSwitchedOff = "allowlist.switched_off"
	ActionTrialKept   = "allowlist.trial_kept"
	ActionTrialEnded  = "allowlist.trial_ended"
	ActionCleared     = "allowlist.cleared"
)

// TrialFor is how long a list that excludes who made it is in force before it is undone.
const TrialFor = 10 * time.Minute

// Service is the operations on rules of security that are more than a value.
type Service struct {
	op    *op.Runner
	known *setting.Known
	now   clock.Clock
	noted *noted
}

// NewService makes a Service.
func NewService(r *op.Runner, known *setting.Known, now clock.Clock) *Service {
	return &Service{r, known, now, newNoted()}
}

// Allowlist is a list of addresses as it stands on an account.
type Allowlist struct {
	List    List
	On      bool
	Entries []Listed
	Above   []string   // the names of accounts above whose lists count as well; "" is the provider
	You     netip.Addr // where the actor comes from
	Bound   bool       // the list counts for the actor
	Holding string     // the note or the range of the entry that holds You, "" when none does
	Trial   time.Time  // when the list is undone unless somebody keeps it; zero when it is none
	CanEdit bool
	Subs    []SubList // of the list for keys: the sub-accounts that have one of their own
}

// Listed is an entry of a list.
type Listed struct {
	Network
	Used time.Time // zero before the first use
}

// Allowlists shows both lists of an account.
func (s *Service) Allowlists(ctx context.Context, by authz.Actor, account ids.Account) ([]Allowlist, error) {
	q, sc, err := s.op.Read(ctx, by, authz.SecurityView, account)
	if err != nil {
		return nil, err
	}
	used, err := usesOf(ctx, q, sc)
	if err != nil {
		return nil, fmt.Errorf("read when the addresses of %s were used: %w", account, err)
	}
	chain, err := setting.Read(ctx, q, sc, PortalAddresses, APIAddresses)
	if err != nil {
		return nil, err
	}
	var out []Allowlist
	for _, l := range Lists() {
		k, err := l.key()
		if err != nil {
			return nil, err
		}
		v := Allowlist{List: l, You: address(by), Bound: l.binds(sc, by), CanEdit: sc.Has(authz.SecurityEdit)}
		for _, step := range setting.Steps(k, chain.Rows(k)) {
			if step.Depth == 0 {
				v.show(step.Value, used)
			} else if step.Value.On {
				v.Above = append(v.Above, step.Name)
			}
		}
		t, err := trialOf(ctx, q, sc, l)
		if err != nil {
			return nil, err
		}
		v.Trial = t.until
		if l == API {
			if v.Subs, err = listedSubs(ctx, q, sc); err != nil {
				return nil, fmt.Errorf("look for sub-accounts with addresses of their own: %w", err)
			}
		}
		out = append(out, v)
	}
	return out, nil
}

func (v *Allowlist) show(n Networks, used map[use]time.Time) {
	v.On = n.On
	for _, e := range n.Entries {
		v.Entries = append(v.Entries, Listed{e, used[use{v.List, e.Net.String()}]})
	}
	if e := n.Holding(v.You); e != nil {
		if v.Holding = e.Note; v.Holding == "" {
			v.Holding = Show(e.Net)
		}
	}
}

// binds reports whether the list of the scope's account counts for the actor, who has no grant above it. Those who come by a key
// are bound by both lists: the key by one, and they themselves by the other as soon as they sign in.
func (l List) binds(sc authz.Scope, by authz.Actor) bool {
	if !sc.HasGrantHere() || len(sc.Entered()) != 1 {
		return false
	}
	return by.Kind() == authz.Key || l == Portal && by.Session() != ""
}

// Add puts an address or a range on a list.
func (s *Service) Add(ctx context.Context, by authz.Actor, account ids.Account, l List, network, note string) error {
	return s.change(ctx, by, account, l, false, func(n *Networks) (audit.Event, error) {
		return n.add(l, network, note)
	})
}

// add puts an address or a range on the list, and returns what is to be recorded.
func (n *Networks) add(l List, network, note string) (audit.Event, error) {
	p, note, err := readEntry(network, note)
	if err != nil {
		return audit.Event{}, err
	}
	if slices.ContainsFunc(n.Entries, func(e Network) bool { return e.Net == p }) {
		return audit.Event{}, errs.Field("network", "allowlist.twice", "Leave out {network}. It is on the list already.", "network", Show(p))
	}
	n.Entries = append(n.Entries, Network{p, note})
	return event(ActionAdded, l, p), nil
}

func readEntry(network, note string) (netip.Prefix, string, error) {
	note = strings.Join(strings.Fields(note), " ")
	var c errs.Collector
	p, err := ParseNetwork(network)
	if err := c.Merge(err); err != nil {
		return p, note, err
	}
	c.Line("note", note, longestNote)
	return p, note, c.Err()
}

// Remove takes an address or a range off a list. trial says that the actor has been told that it excludes them.
func (s *Service) Remove(ctx context.Context, by authz.Actor, account ids.Account, l List, network string, trial bool) error {
	return s.change(ctx, by, account, l, trial, func(n *Networks) (audit.Event, error) {
		p, err := netip.ParsePrefix(network)
		if err != nil {
			return audit.Event{}, errs.NoSuch("address")
		}
		before := len(n.Entries)
		n.Entries = slices.DeleteFunc(n.Entries, func(e Network) bool { return e.Net == p })
		if len(n.Entries) == before {
			return audit.Event{}, errs.NoSuch("address")
		}
		if n.On && len(n.Entries) == 0 {
			return audit.Event{}, errs.New(errs.Conflict, "allowlist.last", "Switch the list off before you remove its last address. A list without any would let nobody in.")
		}
		return event(ActionRemoved, l, p), nil
	})
}

// Switch puts a list in force or out of it. trial says that the actor has been told that it excludes them.
func (s *Service) Switch(ctx context.Context, by authz.Actor, account ids.Account, l List, on, trial bool) error {
	return s.change(ctx, by, account, l, trial, func(n *Networks) (audit.Event, error) {
		n.On = on
		if on {
			return event(ActionSwitchedOn, l, netip.Prefix{}), nil
		}
		return event(ActionSwitchedOff, l, netip.Prefix{}), nil
	})
}

func event(action string, l List, p netip.Prefix) audit.Event {
	e := audit.Event{Action: action, TargetType: "allowlist", TargetID: string(l), Target: string(l)}
	if p.IsValid() {
		e.After = named{Show(p)}
	}
	return e
}

type named struct {
	Network string `audit:"show"`
}

// change edits a list. One that excludes whoever edits it is refused, or begins a trial.
func (s *Service) change(ctx context.Context, by authz.Actor, account ids.Account, l List, trial bool, edit func(*Networks) (audit.Event, error)) error {
	if sub := l.sub(); sub != "" {
		return s.changeOfSub(ctx, by, account, sub, edit)
	}
	k, err := l.key()
	if err != nil {
		return err
	}
	return s.op.Write(ctx, by, authz.SecurityEdit, account, func(ctx context.Context, w *op.W) error {
		if t, err := trialOf(ctx, w.Tx(), w.Scope(), l); err != nil {
			return err
		} else if t.id != "" {
			return errs.New(errs.Conflict, "allowlist.on_trial", "Keep or undo the list that is being tried first.")
		}
		now, err := own(ctx, w.Tx(), w.Scope(), k)
		if err != nil {
			return err
		}
		next := Networks{now.On, slices.Clone(now.Entries)}
		e, err := edit(&next)
		if err != nil {
			return err
		}
		shut := l.binds(w.Scope(), by) && !next.Allows(address(by))
		if shut && !trial {
			return errs.New(errs.Conflict, "allowlist.excludes_you", "Add your address, {address}, first, or try the list for {minutes} minutes. It would lock you out.",
				"address", by.IP(), "minutes", int(TrialFor/time.Minute))
		}
		c, err := setting.Set(ctx, w.Tx(), w.Scope(), k, next, false)
		if err != nil {
			return err
		}
		if c.Nothing() {
			return w.Unchanged()
		}
		w.Audit(e)
		if err := tellOf(ctx, w, k); err != nil {
			return err
		}
		if !shut {
			return nil
		}
		return begin(ctx, w, l, c.Before)
	})
}

func tellOf(ctx context.Context, w *op.W, k setting.Key[Networks]) error {
	return notice.Tell(ctx, w.Tx(), notice.New{Kind: notice.RuleChanged, Account: w.Scope().Account(), Facts: map[string]string{"setting": k.Name}, By: w.By()})
}

// ExcludesYou is the code of the refusal of a list that would lock out who makes it.
const ExcludesYou = "allowlist.excludes_you"

// own is the account's own list, on or off.
func own(ctx context.Context, q db.Queryer, sc authz.Scope, k setting.Key[Networks]) (Networks, error) {
	chain, err := setting.Read(ctx, q, sc, k)
	if err != nil {
		return Networks{}, err
	}
	for _, step := range setting.Steps(k, chain.Rows(k)) {
		if step.Depth == 0 {
			return step.Value, nil
		}
	}
	return Networks{}, nil
}

func begin(ctx context.Context, w *op.W, l List, before *setting.Stored) error {
	t := trial{id: string(ids.NewJob(w.Tx().Now())), until: w.Tx().Now().Add(TrialFor)}
	if before != nil {
		t.prior = before.Value
	}
	if err := insertTrial(ctx, w.Tx(), w.Scope(), l, t); err != nil {
		return fmt.Errorf("note that a list is tried: %w", err)
	}
	return w.Enqueue(ctx, trialOver{w.Scope().Account(), l, t.id}, jobs.Options{Queue: jobs.Mail, RunAt: t.until, Account: w.Scope().Account()})
}

// Keep ends the trial of a list: it stays. It takes somebody who comes from an address that the list allows.
func (s *Service) Keep(ctx context.Context, by authz.Actor, account ids.Account, l List) error {
	k, err := l.key()
	if err != nil {
		return err
	}
	return s.op.Write(ctx, by, authz.SecurityEdit, account, func(ctx context.Context, w *op.W) error {
		t, err := trialOf(ctx, w.Tx(), w.Scope(), l)
		if err != nil {
			return err
		}
		if t.id == "" {
			return errs.New(errs.Conflict, "allowlist.no_trial", "Load the page again. The trial of this list is over.")
		}
		n, err := own(ctx, w.Tx(), w.Scope(), k)
		if err != nil {
			return err
		}
		if !n.Allows(address(by)) {
			return errs.New(errs.Conflict, "allowlist.keep_from_list", "Open this page from an address on the list to keep it. {address} is not on it.", "address", by.IP())
		}
		w.Audit(event(ActionTrialKept, l, netip.Prefix{}))
		return endTrial(ctx, w.Tx(), w.Scope(), l)
	})
}

// Undo ends the trial of a list: the one before returns.
func (s *Service) Undo(ctx context.Context, by authz.Actor, account ids.Account, l List) error {
	return s.undo(ctx, by, account, l, "")
}

func (s *Service) undo(ctx context.Context, by authz.Actor, account ids.Account, l List, id string) error {
	k, err := l.key()
	if err != nil {
		return err
	}
	return s.op.Write(ctx, by, authz.SecurityEdit, account, func(ctx context.Context, w *op.W) error {
		t, err := trialOf(ctx, w.Tx(), w.Scope(), l)
		if err != nil {
			return err
		}
		if t.id == "" || id != "" && t.id != id {
			return w.Unchanged()
		}
		if err := restore(ctx, w, k, t.prior); err != nil {
			return err
		}
		w.Audit(event(ActionTrialEnded, l, netip.Prefix{}))
		return endTrial(ctx, w.Tx(), w.Scope(), l)
	})
}

func restore(ctx context.Context, w *op.W, k setting.Key[Networks], prior string) error {
	if prior == "" {
		_, err := setting.Reset(ctx, w.Tx(), w.Scope(), k)
		return err
	}
	_, err := k.SetJSON(ctx, w.Tx(), w.Scope(), json.RawMessage(prior), false)
	return err
}

// trialOver undoes a list whose trial nobody ended.
type trialOver struct {
	Account ids.Account `json:"account"`
	List    List        `json:"list"`
	ID      string      `json:"id"`
}

// Kind names the job.
func (trialOver) Kind() string { return "policy.trial_over" }

// RegisterJobs lists the work of the package.
func RegisterJobs(w *jobs.Workers, s *Service) {
	jobs.Register(w, jobs.Mail, func(ctx context.Context, j jobs.Job, a trialOver) error {
		err := s.undo(ctx, jobs.Actor(j.Kind, a.Account, authz.SecurityEdit), a.Account, a.List, a.ID)
		if errs.KindOf(err) == errs.NotFound {
			return nil // the account is gone
		}
		return err
	})
}

// ClearIPLock is the break-glass of the server's own console: both lists of an account are switched off, and nothing
// on them is lost.
func (s *Service) ClearIPLock(ctx context.Context, by authz.Actor, account ids.Account) error {
	return s.op.Write(ctx, by, authz.SecurityEdit, account, func(ctx context.Context, w *op.W) error {
		cleared := false
		for _, l := range Lists() {
			k, err := l.key()
			if err != nil {
				return err
			}
			did, err := clearList(ctx, w, l, k)
			if err != nil {
				return err
			}
			cleared = cleared || did
		}
		if !cleared {
			return w.Unchanged()
		}
		return nil
	})
}

func clearList(ctx context.Context, w *op.W, l List, k setting.Key[Networks]) (bool, error) {
	chain, err := setting.Read(ctx, w.Tx(), w.Scope(), k)
	if err != nil {
		return false, err
	}
	if _, stored := setting.Above(chain.Rows(k)); stored == nil {
		return false, nil
	}
	n, err := own(ctx, w.Tx(), w.Scope(), k)
	if err != nil {
		return false, err
	}
	n.On = false
	c, err := setting.Set(ctx, w.Tx(), w.Scope(), k, n, false)
	if err != nil || c.Nothing() {
		return false, err
	}
	w.Audit(event(ActionCleared, l, netip.Prefix{}))
	return true, endTrial(ctx, w.Tx(), w.Scope(), l)
}
