package authn

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"bailiwick/internal/authz"
	"bailiwick/internal/db"
	"bailiwick/internal/ids"
	"bailiwick/internal/secret"
)

// A person's own rows are found by who they are, not by a Scope: nobody else's can be reached through them.

// The account that a person was last in: an open one if there is one. Both look at the latest memberships first.
const (
	lastAt = `SELECT m.account_id FROM memberships m JOIN accounts a ON a.id = m.account_id WHERE m.user_id = i.id AND m.deactivated_at IS NULL `
	latest = `ORDER BY COALESCE(m.last_active_at, 0) DESC, m.created_at, m.id LIMIT 1`
)

const personColumns = `
	SELECT i.id, i.email, i.username, i.name, i.language, i.time_zone, i.keys_off, i.password_hash, i.password_short, i.totp_secret, i.totp_since IS NOT NULL,
	       i.totp_last_step, i.email_verified_at IS NOT NULL, i.version, i.credential_version, COALESCE(i.password_changed_at, i.created_at),
	       COALESCE((` + lastAt + `AND a.closed_at IS NULL ` + latest + `), (` + lastAt + latest + `), ''),
	       COALESCE((SELECT a.id FROM accounts a WHERE a.kind = 'platform'), '')
	FROM identities i `

func scanPerson(r db.Row) (p person, err error) {
	var platform ids.Account
	var changed int64
	err = r.Scan(&p.ID, &p.Email, &p.Username, &p.Name, &p.Language, &p.TimeZone, &p.KeysOff, &p.Hash, &p.Short, &p.TOTP, &p.TOTPOn,
		&p.LastStep, &p.Verified, &p.Version, &p.Credential, &changed, &p.Home, &platform)
	p.Changed = time.UnixMilli(changed)
	if p.Logged = p.Home; p.Logged == "" {
		p.Logged = platform
	}
	return p, err
}

// byLogin finds a person by email address or, after that, by user name.
func byLogin(ctx context.Context, q db.Queryer, login string) (person, error) {
	fold := ids.Fold(login)
	return db.One(ctx, q, scanPerson, personColumns+`WHERE i.email_fold = ? OR i.username_fold = ?
		ORDER BY CASE WHEN i.email_fold = ? THEN 0 ELSE 1 END LIMIT 1`, fold, fold, fold)
}

func byID(ctx context.Context, q db.Queryer, id ids.User) (person, error) {
	return db.One(ctx, q, scanPerson, personColumns+"WHERE i.id = ?", id)
}

func platform(ctx context.Context, q db.Queryer) (ids.Account, error) {
	return db.One(ctx, q, db.Value[ids.Account], "SELECT id FROM accounts WHERE kind = 'platform'")
}

type counted struct {
	n     int64
	first time.Time
}

func countAttempt(ctx context.Context, tx *db.Tx, l limit) (int64, time.Time, error) {
	since := tx.Now().Add(-l.window).UnixMilli()
	c, err := db.One(ctx, tx, func(r db.Row) (c counted, err error) {
		var first int64
		err = r.Scan(&c.n, &first)
		c.first = time.UnixMilli(first)
		return c, err
	}, `INSERT INTO attempts (subject, failures, first_at, last_at) VALUES (?, 1, ?, ?)
		ON CONFLICT (subject) DO UPDATE SET
		  failures = CASE WHEN attempts.first_at <= ? THEN 1 ELSE attempts.failures + 1 END,
		  first_at = CASE WHEN attempts.first_at <= ? THEN excluded.first_at ELSE attempts.first_at END,
		  last_at = excluded.last_at
		RETURNING failures, first_at`, l.subject, tx.Ms(), tx.Ms(), since, since)
	return c.n, c.first, err
}

func giveBack(ctx context.Context, tx *db.Tx, subject string, anew bool) error {
	stmt := "UPDATE attempts SET failures = failures - 1 WHERE subject = ? AND failures > 0"
	if anew {
		stmt = "DELETE FROM attempts WHERE subject = ?"
	}
	_, err := tx.Exec(ctx, stmt, subject)
	return err
}

// clearAccountAttempts opens the account again after its password was set anew.
func clearAccountAttempts(ctx context.Context, tx *db.Tx, user ids.User) error {
	_, err := tx.Exec(ctx, "DELETE FROM attempts WHERE subject = ? OR subject = ?", "password:account:"+string(user), "code:account:"+string(user))
	return err
}

func renewHash(ctx context.Context, tx *db.Tx, user ids.User, old, fresh string) error {
	_, err := tx.Exec(ctx, "UPDATE identities SET password_hash = ? WHERE id = ? AND password_hash = ?", fresh, user, old)
	return err
}

func isKnown(ctx context.Context, q db.Queryer, user ids.User, device secret.String) (bool, error) {
	return db.Exists(ctx, q, "SELECT 1 FROM known_devices WHERE token_hash = ? AND user_id = ?", secret.HashToken(device.Reveal()), user)
}

func touchDevice(ctx context.Context, tx *db.Tx, user ids.User, device secret.String) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE known_devices SET seen_at = ? WHERE token_hash = ? AND user_id = ?", tx.Ms(), secret.HashToken(device.Reveal()), user)
	return n > 0, err
}

func insertDevice(ctx context.Context, tx *db.Tx, user ids.User, hash []byte) error {
	_, err := tx.Exec(ctx, "INSERT INTO known_devices (token_hash, user_id, created_at, seen_at) VALUES (?, ?, ?, ?)", hash, user, tx.Ms(), tx.Ms())
	return err
}

func forgetDevices(ctx context.Context, tx *db.Tx, user ids.User) error {
	_, err := tx.Exec(ctx, "DELETE FROM known_devices WHERE user_id = ?", user)
	return err
}

func insertSession(ctx context.Context, tx *db.Tx, id ids.Session, hash []byte, p person, in entry, out SignedIn) error {
	account := any(p.Home)
	if p.Home == "" {
		account = nil
	}
	stage := out.Stage
	if stage == NeedsPassword {
		stage = Full
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO sessions (id, token_hash, user_id, account_id, stage, remember, renew, ip, user_agent, created_at, seen_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, hash, p.ID, account, stage, in.remember, out.Stage == NeedsPassword, in.from.IP, clip(in.from.UserAgent, 400), tx.Ms(), tx.Ms(), out.Expires.UnixMilli())
	return err
}

func endToken(ctx context.Context, tx *db.Tx, token secret.String) error {
	_, err := tx.Exec(ctx, "UPDATE sessions SET revoked_at = ? WHERE token_hash = ? AND revoked_at IS NULL", tx.Ms(), secret.HashToken(token.Reveal()))
	return err
}

// endSessions ends all sessions of a person but one; keep may be "".
func endSessions(ctx context.Context, tx *db.Tx, user ids.User, keep ids.Session) (int64, error) {
	return tx.Exec(ctx, "UPDATE sessions SET revoked_at = ? WHERE user_id = ? AND id <> ? AND revoked_at IS NULL", tx.Ms(), user, keep)
}

func endSession(ctx context.Context, tx *db.Tx, user ids.User, id ids.Session) (int64, error) {
	return tx.Exec(ctx, "UPDATE sessions SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at IS NULL", tx.Ms(), id, user)
}

const sessionColumns = `
	SELECT s.id, s.user_id, COALESCE(s.account_id, ''), s.stage, s.remember, s.renew, s.created_at, s.seen_at, s.expires_at, i.name, i.email, i.language, i.time_zone, i.keys_off, i.totp_since IS NOT NULL,
	       COALESCE((SELECT ms.value FROM memberships m JOIN member_settings ms ON ms.membership_id = m.id AND ms.name = 'account.language'
	         WHERE m.user_id = s.user_id AND m.account_id = s.account_id), '')
	FROM sessions s JOIN identities i ON i.id = s.user_id
	WHERE s.token_hash = ? AND s.revoked_at IS NULL AND s.expires_at > ?`

func sessionByToken(ctx context.Context, q db.Queryer, token secret.String, at time.Time) (session, error) {
	return db.One(ctx, q, func(r db.Row) (s session, err error) {
		var created, seen, expires int64
		err = r.Scan(&s.ID, &s.User, &s.Account, &s.Stage, &s.Remember, &s.Renew, &created, &seen, &expires, &s.Name, &s.Email, &s.Language, &s.TimeZone, &s.KeysOff, &s.Second, &s.Spoken)
		s.Created, s.Seen, s.Expires = time.UnixMilli(created), time.UnixMilli(seen), time.UnixMilli(expires)
		return s, err
	}, sessionColumns, secret.HashToken(token.Reveal()), at.UnixMilli())
}

func touchSession(ctx context.Context, tx *db.Tx, s session) error {
	if _, err := tx.Exec(ctx, "UPDATE sessions SET seen_at = ? WHERE id = ? AND seen_at < ?", tx.Ms(), s.ID, tx.Ms()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE memberships SET last_active_at = ? WHERE user_id = ? AND account_id = ?", tx.Ms(), s.User, s.Account)
	return err
}

func chooseAccount(ctx context.Context, tx *db.Tx, id ids.Session, user ids.User, account ids.Account) error {
	if _, err := tx.Exec(ctx, "UPDATE sessions SET account_id = ? WHERE id = ? AND user_id = ?", account, id, user); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE memberships SET last_active_at = ? WHERE user_id = ? AND account_id = ?", tx.Ms(), user, account)
	return err
}

func listSessions(ctx context.Context, q db.Queryer, user ids.User, at time.Time) ([]SessionRow, error) {
	return db.All(ctx, q, func(r db.Row) (s SessionRow, err error) {
		var created, seen int64
		err = r.Scan(&s.ID, &s.IP, &s.UserAgent, &s.Remember, &created, &seen)
		s.Created, s.Seen = time.UnixMilli(created).UTC(), time.UnixMilli(seen).UTC()
		return s, err
	}, `SELECT id, ip, user_agent, remember, created_at, seen_at FROM sessions
		WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ? AND stage = 'full' AND NOT renew ORDER BY seen_at DESC, id LIMIT 200`, user, at.UnixMilli())
}

// spendStep uses up a TOTP step; of two at once only one gets it.
func countSessions(ctx context.Context, q db.Queryer, at time.Time) (int, error) {
	return db.One(ctx, q, db.Value[int], `SELECT count(*) FROM sessions WHERE expires_at > ? AND stage = 'full' AND revoked_at IS NULL`, at.UnixMilli())
}

func spendStep(ctx context.Context, tx *db.Tx, user ids.User, step int64) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE identities SET totp_last_step = ? WHERE id = ? AND totp_last_step < ?", step, user, step)
	return n == 1, err
}

func spendRecoveryCode(ctx context.Context, tx *db.Tx, user ids.User, hash []byte) (bool, error) {
	n, err := tx.Exec(ctx, "UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND code_hash = ? AND used_at IS NULL", tx.Ms(), user, hash)
	return n == 1, err
}

func replaceRecoveryCodes(ctx context.Context, tx *db.Tx, user ids.User, hashes [][]byte) error {
	if _, err := tx.Exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ?", user); err != nil {
		return err
	}
	for _, h := range hashes {
		if _, err := tx.Exec(ctx, "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)", user, h); err != nil {
			return err
		}
	}
	return nil
}

func recoveryCodesLeft(ctx context.Context, q db.Queryer, user ids.User) (int, error) {
	return db.One(ctx, q, db.Value[int], "SELECT COUNT(*) FROM recovery_codes WHERE user_id = ? AND used_at IS NULL", user)
}

func setTOTPSecret(ctx context.Context, tx *db.Tx, user ids.User, sealed []byte) error {
	_, err := tx.Exec(ctx, "UPDATE identities SET totp_secret = ?, updated_at = ? WHERE id = ? AND totp_since IS NULL", sealed, tx.Ms(), user)
	return err
}

func enableTOTP(ctx context.Context, tx *db.Tx, user ids.User, step int64) error {
	_, err := tx.Exec(ctx, "UPDATE identities SET totp_since = ?, totp_last_step = ?, credential_version = credential_version + 1, updated_at = ? WHERE id = ?",
		tx.Ms(), step, tx.Ms(), user)
	return err
}

func dropTOTP(ctx context.Context, tx *db.Tx, user ids.User) error {
	if _, err := tx.Exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ?", user); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE identities SET totp_secret = NULL, totp_since = NULL, totp_last_step = 0, credential_version = credential_version + 1, updated_at = ?
		WHERE id = ?`, tx.Ms(), user)
	return err
}

func setPassword(ctx context.Context, tx *db.Tx, user ids.User, hash string, short bool) error {
	_, err := tx.Exec(ctx, `UPDATE identities SET password_hash = ?, password_short = ?, password_changed_at = ?, credential_version = credential_version + 1, updated_at = ?
		WHERE id = ?`, hash, short, tx.Ms(), tx.Ms(), user)
	return err
}

func verifyMailbox(ctx context.Context, tx *db.Tx, user ids.User) error {
	_, err := tx.Exec(ctx, "UPDATE identities SET email_verified_at = ? WHERE id = ? AND email_verified_at IS NULL", tx.Ms(), user)
	return err
}

func accountNames(ctx context.Context, q db.Queryer, user ids.User) ([]string, error) {
	return db.All(ctx, q, db.Value[string], `SELECT a.name FROM memberships m JOIN accounts a ON a.id = m.account_id
		WHERE m.user_id = ? AND m.deactivated_at IS NULL ORDER BY m.id LIMIT 20`, user)
}

// held is what a membership confers, and where.
type held struct {
	account ids.Account
	authz.Grant
}

const heldColumns = "SELECT m.account_id, m.role, m.perms, COALESCE(r.perms, '[]') FROM memberships m LEFT JOIN roles r ON r.id = m.role WHERE m.user_id = ?"

func scanHeld(r db.Row) (h held, err error) {
	var extra, group string
	if err := r.Scan(&h.account, &h.Role, &extra, &group); err != nil {
		return h, err
	}
	if h.Extra, err = authz.DecodeSet(extra); err != nil {
		return h, err
	}
	h.Group, err = authz.DecodeSet(group)
	return h, err
}

// grantsOf is what all memberships of a person confer, those out of force included.
func grantsOf(ctx context.Context, q db.Queryer, user ids.User) ([]held, error) {
	return db.All(ctx, q, scanHeld, heldColumns+" ORDER BY m.id", user)
}

// userOf is whose a membership of the scope's account is.
func userOf(ctx context.Context, q db.Queryer, sc authz.Scope, id ids.Membership) (ids.User, error) {
	here, args := sc.Here("account_id")
	return db.One(ctx, q, db.Value[ids.User], "SELECT user_id FROM memberships WHERE id = ? AND "+here, append([]any{id}, args...)...)
}

func ownsPlatform(ctx context.Context, q db.Queryer, user ids.User) (bool, error) {
	return db.Exists(ctx, q, `SELECT 1 FROM memberships m JOIN accounts a ON a.id = m.account_id AND a.kind = 'platform'
		WHERE m.user_id = ? AND m.role = ? AND m.deactivated_at IS NULL`, user, authz.Owner)
}

func accountName(ctx context.Context, q db.Queryer, id ids.Account) (string, error) {
	return db.One(ctx, q, db.Value[string], "SELECT name FROM accounts WHERE id = ?", id)
}

func sweepOld(ctx context.Context, tx *db.Tx) error {
	for _, s := range []struct {
		stmt string
		keep time.Duration
	}{
		{"DELETE FROM sessions WHERE expires_at < ?", 30 * 24 * time.Hour},
		{"DELETE FROM one_time_links WHERE expires_at < ?", 30 * 24 * time.Hour},
		{"DELETE FROM attempts WHERE last_at < ?", 24 * time.Hour},
		{"DELETE FROM known_devices WHERE seen_at < ?", 365 * 24 * time.Hour},
	} {
		if _, err := tx.Exec(ctx, s.stmt, tx.Now().Add(-s.keep).UnixMilli()); err != nil {
			return err
		}
	}
	return nil
}

// clip cuts a text that strangers choose, on a rune.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n])
}

func addressFree(ctx context.Context, q db.Queryer, address string, but ids.User) (bool, error) {
	fold := ids.Fold(address)
	taken, err := db.Exists(ctx, q, "SELECT 1 FROM identities WHERE (email_fold = ? OR username_fold = ?) AND id <> ?", fold, fold, but)
	return !taken, err
}

func usernameFree(ctx context.Context, q db.Queryer, username string, but ids.User) (bool, error) {
	taken, err := db.Exists(ctx, q, "SELECT 1 FROM identities WHERE username_fold = ? AND id <> ?", ids.Fold(username), but)
	return !taken, err
}

// changeEmail also moves a user name that was the old address.
func changeEmail(ctx context.Context, tx *db.Tx, p person, address string) error {
	username := p.Username
	if ids.Fold(p.Username) == ids.Fold(p.Email) {
		username = address
	}
	if _, err := tx.Exec(ctx, `UPDATE identities SET email = ?, email_fold = ?, email_verified_at = ?, username = ?, username_fold = ?,
		credential_version = credential_version + 1, version = version + 1, updated_at = ? WHERE id = ?`,
		address, ids.Fold(address), tx.Ms(), username, ids.Fold(username), tx.Ms(), p.ID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE member_list SET email_fold = ? WHERE membership_id IN (SELECT id FROM memberships WHERE user_id = ?)", ids.Fold(address), p.ID)
	return err
}

func updateProfile(ctx context.Context, tx *db.Tx, user ids.User, in Profile) error {
	if _, err := tx.Exec(ctx, `UPDATE identities SET name = ?, name_fold = ?, username = ?, username_fold = ?, language = ?, time_zone = ?,
		version = version + 1, updated_at = ? WHERE id = ?`,
		in.Name, ids.Fold(in.Name), in.Username, ids.Fold(in.Username), in.Language, in.TimeZone, tx.Ms(), user); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE member_list SET name_fold = ? WHERE membership_id IN (SELECT id FROM memberships WHERE user_id = ?)", ids.Fold(in.Name), user)
	return err
}

func updateKeys(ctx context.Context, tx *db.Tx, user ids.User, off bool) error {
	_, err := tx.Exec(ctx, `UPDATE identities SET keys_off = ?, updated_at = ? WHERE id = ?`, off, tx.Ms(), user)
	return err
}

func listPlaces(ctx context.Context, q db.Queryer, user ids.User, within ids.Account, in PlacesQuery) ([]Place, error) {
	var after *spot
	if in.After != "" {
		found, err := db.All(ctx, q, func(r db.Row) (s spot, err error) { return s, r.Scan(&s.fold, &s.account) }, `SELECT name_fold, id FROM accounts WHERE id = ?`, in.After)
		if err != nil {
			return nil, err
		}
		for _, s := range found { // an account that is gone begins the list anew
			after = &s
		}
	}
	query, args := placesQuery(user, within, ids.Fold(in.Search), after)
	return db.All(ctx, q, func(r db.Row) (p Place, err error) {
		err = r.Scan(&p.Account, &p.Name, &p.Kind, &p.Role, &p.Group, &p.Closed)
		return p, err
	}, query, args...)
}

// spot is a place in the list of a person's accounts.
type spot struct{ fold, account string }

const (
	lastRune     = "\U0010FFFF"
	searchInside = 200 // of the accounts used last, so many are searched for what stands inside of their names
)

// placesQuery walks the index of a person's accounts by name, of those alone that are within when it names an account. What is
// searched for is the beginning of a name; in the accounts that were used last it may stand anywhere, and for most people these
// are all.
func placesQuery(user ids.User, within ids.Account, search string, after *spot) (query string, args []any) {
	beyond, from := "", []any(nil)
	if after != nil {
		beyond, from = ` AND (m.account_fold, m.account_id) > (?, ?)`, []any{after.fold, after.account}
	}
	inForce, of := `FROM memberships m WHERE m.user_id = ? AND m.deactivated_at IS NULL`, []any{user}
	if within != "" {
		inForce += ` AND (SELECT count(*) FROM account_tree t WHERE t.descendant_id = m.account_id AND t.ancestor_id = ?) > 0`
		of = append(of, within)
	}
	first := ` ORDER BY m.account_fold, m.account_id LIMIT ` + strconv.Itoa(placesPage+1)
	const place = `SELECT m.account_fold, m.account_id, m.role `
	page := place + inForce + beyond + first
	args = slices.Concat(of, from)
	if search != "" {
		page = place + `FROM (` + place + inForce + ` AND m.account_fold >= ? AND m.account_fold < ?` + beyond + first + `) m
			UNION ` + place + `FROM (` + place + inForce + ` ORDER BY COALESCE(m.last_active_at, 0) DESC, m.created_at, m.id LIMIT ` + strconv.Itoa(searchInside) + `) m
			WHERE m.account_fold LIKE ? ESCAPE '\'` + beyond
		args = slices.Concat(of, []any{search, search + lastRune}, from, of, []any{"%" + db.EscapeLike(search) + "%"}, from)
	}
	return `SELECT a.id, a.name, a.kind, m.role, COALESCE(r.name, ''), a.closed_at IS NOT NULL
		FROM (` + page + `) m JOIN accounts a ON a.id = m.account_id LEFT JOIN roles r ON r.id = m.role` + first, args
}

const setupRow = "setup_token"

func saveSetupToken(ctx context.Context, tx *db.Tx, hash string) error {
	_, err := tx.Exec(ctx, `INSERT INTO installation (id, value, updated_at) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, setupRow, hash, tx.Ms())
	return err
}

func setupToken(ctx context.Context, q db.Queryer) (string, error) {
	return db.One(ctx, q, db.Value[string], "SELECT value FROM installation WHERE id = ?", setupRow)
}

func endSetup(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, "DELETE FROM installation WHERE id = ?", setupRow)
	return err
}

// latestBelow is the account that a person was last active in among one and those below it, "" when there is none. From
// above they come to the account itself.
func latestBelow(ctx context.Context, q db.Queryer, user ids.User, top ids.Account) (ids.Account, error) {
	all, err := db.All(ctx, q, db.Value[ids.Account], `SELECT CASE WHEN d.depth IS NULL THEN u.descendant_id ELSE m.account_id END
		FROM memberships m JOIN accounts a ON a.id = m.account_id
		LEFT JOIN account_tree d ON d.ancestor_id = ? AND d.descendant_id = m.account_id
		LEFT JOIN account_tree u ON u.ancestor_id = m.account_id AND u.descendant_id = ?
		WHERE m.user_id = ? AND m.deactivated_at IS NULL AND a.closed_at IS NULL AND (d.depth IS NOT NULL OR u.depth IS NOT NULL)
		ORDER BY CASE WHEN d.depth IS NULL THEN 1 ELSE 0 END, COALESCE(m.last_active_at, 0) DESC, m.created_at, m.id LIMIT 1`, top, top, user)
	if err != nil {
		return "", fmt.Errorf("find where %s works below %s: %w", user, top, err)
	}
	if len(all) == 0 {
		return "", nil
	}
	return all[0], nil
}
