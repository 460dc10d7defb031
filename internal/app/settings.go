package app

import (
	"context"
	"slices"
	"time"

	"bailiwick/internal/account"
	"bailiwick/internal/brand"
	"bailiwick/internal/contact"
	"bailiwick/internal/errs"
	"bailiwick/internal/invite"
	"bailiwick/internal/notice"
	"bailiwick/internal/notify"
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

// optional are the mails that people can do without, by the topic under which they choose.
var optional = map[notify.Template]notice.Topic{
	notify.MembershipEnding: notice.Membership, notify.MembershipGrace: notice.Membership, notify.MembershipExpired: notice.Membership,
	notify.InviteFailedRights: notice.People,
	notify.QuotaNear:          notice.Quota, notify.QuotaReached: notice.Quota,
}

// reader is who reads a mail: by what the person has chosen, else by their account.
func (a *App) reader(ctx context.Context, of notify.Envelope) (r notify.Reader, err error) {
	person, err := user.Chosen(ctx, a.DB, of.Account, of.To, account.Language, notice.Mail)
	if err != nil {
		return r, err
	}
	zone := person.TimeZone
	if of.Account != "" {
		known, err := a.Known.On(ctx, of.Account)
		switch {
		case errs.KindOf(err) == errs.NotFound: // it is gone; whoever had it is told all the same
		case err != nil:
			return r, err
		default:
			if r, err = chosen(known, person, of.Template); err != nil {
				return r, err
			}
			if zone == "" {
				if zone, err = setting.In(known, account.TimeZone); err != nil {
					return r, err
				}
			}
		}
	}
	if r.Zone, err = time.LoadLocation(zone); err != nil {
		r.Zone = time.UTC // a zone that has left the tables must not stop the mail
	}
	return r, nil
}

func chosen(known *setting.InForce, person user.Choices, t notify.Template) (r notify.Reader, err error) {
	if r.Language, err = setting.InFor(known, account.Language, person.Values[account.Language.Name]); err != nil {
		return r, err
	}
	if topic, ok := optional[t]; ok {
		wanted, err := setting.InFor(known, notice.Mail, person.Values[notice.Mail.Name])
		if err != nil {
			return r, err
		}
		r.Unwanted = !slices.Contains(wanted, string(topic))
	}
	return r, nil
}
