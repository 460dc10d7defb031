package authn

import (
	"strings"
	"sync"
	"testing"
	"time"

	"bailiwick/internal/errs"
	"bailiwick/internal/policy"
	"bailiwick/internal/secret"
)

// code is what the authenticator app of a person shows who is setting it up.
func (w *world) code(from Client) string {
	w.t.Helper()
	e, err := w.PendingTOTP(w.ctx, w.actor(from), "Northwind Mail")
	if err != nil {
		w.t.Fatal(err)
	}
	return w.codeOf(e.Key)
}

func (w *world) codeOf(key secret.String) string {
	w.t.Helper()
	code, err := totpAt(key.Reveal(), w.clock.Now().Unix()/totpPeriod)
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// enrol sets up the owner's second factor and returns the browser and the app's key.
func (w *world) enrol(from Client) (Client, secret.String) {
	w.t.Helper()
	by := w.actor(from)
	if err := w.BeginTOTP(w.ctx, by, secret.Wrap(ownerPass), from); err != nil {
		w.t.Fatal(err)
	}
	e, err := w.PendingTOTP(w.ctx, by, "Northwind Mail")
	if err != nil {
		w.t.Fatal(err)
	}
	codes, in, err := w.ConfirmTOTP(w.ctx, by, w.codeOf(e.Key), from)
	if err != nil || len(codes) != recoveryCodes {
		w.t.Fatalf("%d recovery codes, %v", len(codes), err)
	}
	w.clock.Advance(2 * totpPeriod * time.Second)
	return in.browser(from.IP), e.Key
}

func TestMFA01TheCodeIsAskedForAndWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, key := w.enrol(w.install())
		half, err := w.signIn(ownerMail, ownerPass, Client{IP: "192.0.2.9"})
		if err != nil || half.Stage != NeedsCode || !half.Device.Empty() {
			t.Fatalf("stage %q, %v", half.Stage, err)
		}
		from := half.browser("192.0.2.9")
		if _, err := w.Resolve(w.ctx, from); errs.CodeOf(err) != "auth.code_required" {
			t.Errorf("half a sign-in is somebody: %v", err)
		}
		_, err = w.VerifyCode(w.ctx, "000000", from)
		wantCode(t, err, codeWrong)
		code := w.codeOf(key)
		in, err := w.VerifyCode(w.ctx, code[:3]+" "+code[3:], from)
		if err != nil {
			t.Fatal(err)
		}
		w.actor(in.browser("192.0.2.9"))
		if _, err := w.Resolve(w.ctx, from); errs.CodeOf(err) != "auth.required" {
			t.Errorf("the token from before the code still works: %v", err)
		}
		again, err := w.signIn(ownerMail, ownerPass, Client{IP: "192.0.2.9"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.VerifyCode(w.ctx, code, again.browser("192.0.2.9"))
		wantCode(t, err, codeWrong)
	})
}

func TestMFA01OneCodeInARace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, key := w.enrol(w.install())
		code := w.codeOf(key)
		var halves []Client
		for range 6 {
			in, err := w.signIn(ownerMail, ownerPass, Client{IP: "192.0.2.9"})
			if err != nil {
				t.Fatal(err)
			}
			halves = append(halves, in.browser("192.0.2.9"))
		}
		var mu sync.Mutex
		worked := 0
		var wg sync.WaitGroup
		for _, from := range halves {
			wg.Go(func() {
				_, err := w.VerifyCode(w.ctx, code, from)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					worked++
				} else if errs.CodeOf(err) != codeWrong {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if worked != 1 {
			t.Errorf("one code signed in %d times", worked)
		}
	})
}

func TestMFA01CodesAreLimited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, key := w.enrol(w.install())
		half, err := w.signIn(ownerMail, ownerPass, Client{IP: "192.0.2.9"})
		if err != nil {
			t.Fatal(err)
		}
		for range perPair {
			_, err := w.VerifyCode(w.ctx, "not a code", half.browser("192.0.2.9"))
			wantCode(t, err, codeWrong)
		}
		half, err = w.signIn(ownerMail, ownerPass, Client{IP: "192.0.2.9"}) // a new sign-in brings no new attempts
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.VerifyCode(w.ctx, w.codeOf(key), half.browser("192.0.2.9"))
		wantCode(t, err, "auth.too_many_attempts")
	})
}

func TestMFA01NoDoorPassesTheSecondFactorBy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here, _ := w.enrol(w.install())
		user := w.actor(here).User()
		if err := w.Forgot(w.ctx, ownerMail, Client{IP: "192.0.2.5"}); err != nil {
			t.Fatal(err)
		}
		w.drain()
		in, err := w.SetPasswordByLink(w.ctx, w.token(ownerMail), secret.Wrap(otherPass), Client{IP: "192.0.2.5"})
		if err != nil || in.Stage != NeedsCode {
			t.Errorf("TEN07: after a reset: %q, %v", in.Stage, err)
		}
		in, err = w.SignInAs(w.ctx, user, Client{IP: "192.0.2.5"})
		if err != nil || in.Stage != NeedsCode {
			t.Errorf("TEN07: after an invitation: %q, %v", in.Stage, err)
		}
	})
}

func TestRecoveryCodesWorkOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here, _ := w.enrol(w.install())
		codes, err := w.NewRecoveryCodes(w.ctx, w.actor(here), secret.Wrap(ownerPass), here)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"", codeWrong} {
			half, err := w.signIn(ownerMail, ownerPass, Client{IP: "192.0.2.9"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.VerifyCode(w.ctx, strings.ToUpper(codes[3].Reveal()), half.browser("192.0.2.9"))
			if errs.CodeOf(err) != want {
				t.Errorf("use %d: %v", i+1, err)
			}
		}
		sec, err := w.Security(w.ctx, w.actor(here))
		if err != nil || sec.RecoveryLeft != recoveryCodes-1 {
			t.Errorf("%d codes left, %v", sec.RecoveryLeft, err)
		}
	})
}

func TestAShortPasswordNeedsTheSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here := w.install()
		const short = "gr4vel pit"
		_, err := w.ChangePassword(w.ctx, w.actor(here), secret.Wrap(ownerPass), secret.Wrap(short), here)
		wantCode(t, err, "password.too_short")
		here, _ = w.enrol(here)
		in, err := w.ChangePassword(w.ctx, w.actor(here), secret.Wrap(ownerPass), secret.Wrap(short), here)
		if err != nil {
			t.Fatal(err)
		}
		here = in.browser("192.0.2.1")
		_, err = w.DisableTOTP(w.ctx, w.actor(here), secret.Wrap(short), here)
		wantCode(t, err, "totp.password_short")
		w.setting(w.actor(here).Account(), policy.PasswordLength.Name, "24")
		_, err = w.ChangePassword(w.ctx, w.actor(here), secret.Wrap(short), secret.Wrap(otherPass), here)
		wantCode(t, err, "password.too_short")
	})
}

func TestESC09TheSealedKeyIsNotTheKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here := w.install()
		if err := w.BeginTOTP(w.ctx, w.actor(here), secret.Wrap(ownerPass), here); err != nil {
			t.Fatal(err)
		}
		e, err := w.PendingTOTP(w.ctx, w.actor(here), "Northwind: Mail")
		if err != nil {
			t.Fatal(err)
		}
		p, err := byID(w.ctx, w.d, w.actor(here).User())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(p.TOTP), e.Key.Reveal()) {
			t.Error("the key lies open in the database")
		}
		if e.Square.Size < 21 || !strings.HasPrefix(e.Square.Path, "M0 0h1v1h-1z") {
			t.Errorf("no QR code: size %d", e.Square.Size)
		}
		_, err = w.DisableTOTP(w.ctx, w.actor(here), secret.Wrap("wrong wrong wrong"), here)
		wantCode(t, err, "password.wrong")
	})
}
