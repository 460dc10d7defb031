package authn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/jobs"
	"bailiwick/internal/notify"
	"bailiwick/internal/policy"
	"bailiwick/internal/secret"
	"bailiwick/internal/setting"
)

// expires is when a person's password expires, zero for never.
func expires(ctx context.Context, q db.Queryer, p person) (time.Time, error) {
	rules, err := rulesFor(ctx, q, p.ID, policy.PasswordExpiry)
	if err != nil {
		return time.Time{}, err
	}
	return policy.Expires(p.Changed, rules), nil
}

// rulesFor is what the accounts of a person's active memberships have set for a key, each on its whole chain.
func rulesFor[T any](ctx context.Context, q db.Queryer, user ids.User, k setting.Key[T]) ([]setting.Step[T], error) {
	rows, err := chainsOf(ctx, q, user, k.Name)
	if err != nil {
		return nil, fmt.Errorf("read %s for %s: %w", k.Name, user, err)
	}
	var out []setting.Step[T]
	for from := 0; from < len(rows); {
		to := from
		var chain []setting.Row
		for ; to < len(rows) && rows[to].member == rows[from].member; to++ {
			chain = append(chain, rows[to].Row)
		}
		out = append(out, setting.Steps(k, chain)...)
		from = to
	}
	return out, nil
}

// remembered is how many passwords, the present one among them, a person must not take again.
func remembered(ctx context.Context, q db.Queryer, user ids.User) (most int, err error) {
	rules, err := rulesFor(ctx, q, user, policy.PasswordHistory)
	for _, r := range rules {
		most = max(most, r.Value)
	}
	return most, err
}

// checkFormer refuses a password that the person has used before. anew refuses the present one in any case.
func (s *Service) checkFormer(ctx context.Context, p person, next secret.String, anew bool) error {
	most, err := remembered(ctx, s.db, p.ID)
	if err != nil {
		return err
	}
	var hashes []string
	if p.Hash != "" && (most > 0 || anew) {
		hashes = append(hashes, p.Hash)
	}
	if most > 1 {
		former, err := formerPasswords(ctx, s.db, p.ID, most-1)
		if err != nil {
			return fmt.Errorf("read the former passwords of %s: %w", p.ID, err)
		}
		hashes = append(hashes, former...)
	}
	for _, hash := range hashes {
		m, err := s.hasher.Verify(ctx, hash, next)
		if err != nil {
			return fmt.Errorf("compare with a former password of %s: %w", p.ID, err)
		}
		if m.OK {
			return errs.Field("password", "password.used_before", "Choose a password that you have not used here lately.")
		}
	}
	return nil
}

// replacePassword sets a person's password and keeps the hash of the one before for as long as a rule asks.
func replacePassword(ctx context.Context, tx *db.Tx, p person, hash string, short bool) error {
	most, err := remembered(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if err := keepFormer(ctx, tx, p, max(0, most-1)); err != nil {
		return fmt.Errorf("keep the former password of %s: %w", p.ID, err)
	}
	if err := setPassword(ctx, tx, p.ID, hash, short); err != nil {
		return fmt.Errorf("set the password of %s: %w", p.ID, err)
	}
	return nil
}

// Renewal is who must choose another password before anything else.
type Renewal struct {
	Username  string
	MinLength int
}

// Renewal reports whether the browser has signed in with a password that has expired, and for whom.
func (s *Service) Renewal(ctx context.Context, from Client) (Renewal, bool, error) {
	ses, err := s.find(ctx, from.Session)
	if errs.KindOf(err) == errs.Unauthenticated || err == nil && !ses.Renew {
		return Renewal{}, false, nil
	}
	if err != nil {
		return Renewal{}, false, err
	}
	p, err := byID(ctx, s.db, ses.User)
	if err != nil {
		return Renewal{}, false, fmt.Errorf("look up who must change a password: %w", err)
	}
	least, err := leastOf(ctx, s.db, p)
	return Renewal{p.Username, least}, err == nil, err
}

// Renew replaces a password that has expired and finishes the sign-in. All other sessions and open links end.
func (s *Service) Renew(ctx context.Context, next secret.String, from Client) (SignedIn, error) {
	ses, err := s.find(ctx, from.Session)
	if err != nil {
		return SignedIn{}, err
	}
	if !ses.Renew {
		return SignedIn{}, errSignIn()
	}
	seen, err := byID(ctx, s.db, ses.User)
	if err != nil {
		return SignedIn{}, fmt.Errorf("look up who changes a password: %w", err)
	}
	if err := checkNew(ctx, s.db, seen, next); err != nil {
		return SignedIn{}, err
	}
	if err := s.checkFormer(ctx, seen, next, true); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hasher.Hash(ctx, next)
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.renew(ctx, tx, seen, from, hash, isShort(next))
		if err != nil {
			return err
		}
		out, err = s.enter(ctx, tx, p, entry{from: from, remember: ses.Remember, codePassed: true})
		return err
	})
	return out, err
}

func (s *Service) renew(ctx context.Context, tx *db.Tx, seen person, from Client, hash string, short bool) (person, error) {
	if _, err := sessionByToken(ctx, tx, from.Session, tx.Now()); err != nil {
		return seen, orSignIn(err)
	}
	p, err := byID(ctx, tx, seen.ID)
	if err != nil {
		return p, fmt.Errorf("look up who changes a password: %w", err)
	}
	if p.Credential != seen.Credential {
		return p, errSignIn()
	}
	if err := replacePassword(ctx, tx, p, hash, short); err != nil {
		return p, err
	}
	if _, err := endSessions(ctx, tx, p.ID, ""); err != nil {
		return p, fmt.Errorf("end the sessions of %s: %w", p.ID, err)
	}
	if err := s.mail.Queue(ctx, tx, p.mail(notify.PasswordChanged)); err != nil {
		return p, err
	}
	return p, record(ctx, tx, p.actor(from, ""), p, ActionPasswordChanged)
}

const (
	day        = 24 * time.Hour
	warnEvery  = time.Hour
	warnAtOnce = 200
)

// warnings are the days before a password expires on which its person gets a mail, the latest first.
func warnings() []int { return []int{1, 3, 14} }

// WarnOfExpiry mails those whose password expires soon: 14, 3 and 1 days before, each once.
func (s *Service) WarnOfExpiry(ctx context.Context) error {
	rules, err := expiryRules(ctx, s.db)
	if err != nil {
		return fmt.Errorf("look for accounts whose passwords expire: %w", err)
	}
	var failed []error
	for _, r := range rules {
		soon := s.db.Now().Add(time.Duration(warnings()[2]-r.days) * day)
		if r.days <= 0 || r.since.After(soon) {
			continue
		}
		failed = append(failed, s.warnThose(ctx, r.account, soon))
	}
	return errors.Join(failed...)
}

// warnThose warns the people of an account and below whose password is from before an instant.
func (s *Service) warnThose(ctx context.Context, account ids.Account, before time.Time) error {
	old := func(after ids.User) ([]ids.User, error) {
		return withPasswordBefore(ctx, s.db, account, before, after, warnAtOnce)
	}
	return jobs.Walk(ctx, warnAtOnce, old, func(id ids.User) error { return s.warn(ctx, id) })
}

// warn looks first and writes only when a warning is due.
func (s *Service) warn(ctx context.Context, id ids.User) error {
	_, _, due, err := warningDue(ctx, s.db, id, s.db.Now())
	if err != nil || !due {
		return err
	}
	return s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, w, due, err := warningDue(ctx, tx, id, tx.Now())
		if err != nil || !due {
			return err
		}
		if err := noteWarning(ctx, tx, id, w); err != nil {
			return fmt.Errorf("note a warning of %s: %w", id, err)
		}
		left := int((w.expires.Sub(tx.Now()) + day - 1) / day)
		m := p.mail(notify.PasswordExpiring, "count", left, "date", w.expires)
		m.Link = secret.Wrap("/me/security")
		return s.mail.Queue(ctx, tx, m)
	})
}

// warning is one that a password expires: at an instant, in so many days at most.
type warning struct {
	expires time.Time
	days    int
}

func warningDue(ctx context.Context, q db.Queryer, id ids.User, now time.Time) (p person, w warning, due bool, err error) {
	if p, err = byID(ctx, q, id); err != nil {
		return p, w, false, fmt.Errorf("look up %s: %w", id, err)
	}
	if w.expires, err = expires(ctx, q, p); err != nil || w.expires.IsZero() || !w.expires.After(now) {
		return p, w, false, err
	}
	for _, d := range warnings() {
		if !w.expires.After(now.Add(time.Duration(d) * day)) {
			w.days = d
			break
		}
	}
	if w.days == 0 {
		return p, w, false, nil
	}
	sent, err := lastWarning(ctx, q, id)
	if err != nil {
		return p, w, false, fmt.Errorf("look up the warnings of %s: %w", id, err)
	}
	return p, w, !sent.expires.Equal(w.expires) || w.days < sent.days, nil
}

// failedArgs tells of a sign-in that failed. Whether somebody has that name and wants to know is looked up by the
// worker, so that the answer and its time are the same for all.
type failedArgs struct {
	User ids.User  `json:"user"` // "" when nobody has that name
	IP   string    `json:"ip"`
	At   time.Time `json:"at"`
}

// Kind names the job.
func (failedArgs) Kind() string { return "authn.failed_notice" }

const perNotice = 1 // an hour

// tellOfFailure mails a person that somebody failed to sign in as them, at most once an hour, if an account of theirs wants that.
func (s *Service) tellOfFailure(ctx context.Context, j jobs.Job, a failedArgs) error {
	return s.db.Batch(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.mailFailure(ctx, tx, a); err != nil {
			return err
		}
		return jobs.CompleteTx(ctx, tx, j)
	})
}

func (s *Service) mailFailure(ctx context.Context, tx *db.Tx, a failedArgs) error {
	if a.User == "" {
		return nil
	}
	rules, err := rulesFor(ctx, tx, a.User, policy.FailedNotice)
	if err != nil {
		return err
	}
	wanted := false
	for _, r := range rules {
		wanted = wanted || r.Value
	}
	if !wanted {
		return nil
	}
	p, err := byID(ctx, tx, a.User)
	if errors.Is(err, db.ErrNoRows) {
		return nil // gone since
	}
	if err != nil {
		return fmt.Errorf("look up %s: %w", a.User, err)
	}
	n, _, err := countAttempt(ctx, tx, limit{"notice:account:" + string(a.User), perNotice, time.Hour})
	if err != nil || n > perNotice {
		return err
	}
	m := p.mail(notify.SignInFailed, "address", a.IP, "time", notify.Moment(a.At))
	m.Link = secret.Wrap("/me/sessions")
	return s.mail.Queue(ctx, tx, m)
}
