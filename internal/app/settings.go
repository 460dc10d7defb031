package app

import (
	"context"
	"slices"

	"bailiwick/internal/account"
	"bailiwick/internal/brand"
	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/invite"
	"bailiwick/internal/notice"
	"bailiwick/internal/policy"
	"bailiwick/internal/quota"
	"bailiwick/internal/setting"
	"bailiwick/internal/submit"
	"bailiwick/internal/tuning"
	"bailiwick/internal/user"
)

// settings are the settings that people change under the tabs of an account, in the order in which they stand there.
func settings(brands *brand.Service) []tuning.Group {
	return []tuning.Group{
		{Tab: tuning.Branding, Name: "portal", Keys: brand.Portal(), Fits: brands.Fits},
		{Tab: tuning.Branding, Name: "support", Keys: brand.Support()},
		{Tab: tuning.Branding, Name: "mails", Keys: brand.Mails(), Fits: brands.Fits},
		{Tab: tuning.Settings, Name: "messages", Keys: submit.Settings()},
		{Tab: tuning.Settings, Name: "quotas", Keys: quota.Settings()},
		{Tab: tuning.Settings, Name: "membership", Keys: account.Membership()},
		{Tab: tuning.Settings, Name: "invitations", Keys: invite.Settings()},
		{Tab: tuning.Settings, Name: "notices", Keys: notice.Settings()},
		{Tab: tuning.Contacts, Name: "contact_pages", Keys: contact.Pages()},
		{Tab: tuning.Contacts, Name: "contact_consent", Keys: contact.Consent()},
		{Tab: tuning.Contacts, Name: "contact_privacy", Keys: contact.Privacy()},
		{Tab: tuning.Security, Name: "passwords", Keys: policy.Passwords()},
		{Tab: tuning.Security, Name: "two_step", Keys: policy.TwoStep()},
		{Tab: tuning.Security, Name: "sessions", Keys: policy.Sessions()},
	}
}

// Settings are all settings that the program applies: those of the tabs, and those that stand elsewhere.
func Settings() []setting.Any {
	all := slices.Concat(account.Regional(), policy.Elsewhere())
	for _, g := range settings(nil) {
		all = append(all, g.Keys...)
	}
	return all
}

// personal are the settings that people have in an account.
func personal() user.Offer {
	notices := tuning.Group{Tab: tuning.Person, Name: "notices", Keys: append(notice.Settings(), policy.FailedNotice)}
	return user.Offer{Own: tuning.Personal{notices}, All: tuning.Personal{
		{Tab: tuning.Person, Name: "spoken", Keys: []setting.Any{account.Language}},
		{Tab: tuning.Person, Name: "messages", Keys: submit.Personal()},
		notices,
	}}
}

// spoken is the language of whoever has an address in an account: what is set for them there, else that of the account; ""
// for none and for an account that is gone.
func (a *App) spoken(ctx context.Context, on ids.Account, address string) (string, error) {
	known, err := a.Known.On(ctx, on)
	if errs.KindOf(err) == errs.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	own, err := user.Chosen(ctx, a.DB, on, address, account.Language)
	if err != nil {
		return "", err
	}
	return setting.InFor(known, account.Language, own)
}
