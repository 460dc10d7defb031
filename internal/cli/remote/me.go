package remote

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"bailiwick/internal/api/client"
)

type meCmd struct {
	Show          meShow          `cmd:"" default:"withargs" help:"Say for whom the key acts, and where."`
	Edit          meEdit          `cmd:"" help:"Change your name, language or time zone."`
	Accounts      meAccounts      `cmd:"" help:"List the accounts that you belong to."`
	Sessions      meSessions      `cmd:"" help:"List where you are signed in."`
	EndSession    meEndSession    `cmd:"" help:"End a session."`
	Settings      meSettings      `cmd:"" help:"List what you set for yourself in the account."`
	Set           meSet           `cmd:"" help:"Set one of them."`
	Reset         meReset         `cmd:"" help:"Take one of them back, so that the account's holds."`
	Notifications meNotifications `cmd:"" help:"List what you were told, the latest first."`
	Read          meRead          `cmd:"" help:"Mark notifications as read."`
}

type meShow struct{ flags }

// Run says for whom the key acts.
func (c meShow) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	me, err := s.GetMe(s.Ctx)
	if err != nil || s.json {
		return s.jsonOr(me, err)
	}
	a, _, err := s.GetAccount(s.Ctx, me.Account)
	if err != nil && ExitOf(err) != ExitDenied {
		return err
	}
	return facts(s.Out, "Name", me.Name, "User", me.User, "Key", me.Key, "Account", strings.TrimSpace(me.Account+" "+a.Name), "May", strings.Join(me.Can, ", "))
}

type meEdit struct {
	flags
	Name     *string `help:"Your name." placeholder:"NAME"`
	Language *string `help:"A BCP 47 tag; empty: that of the browser." placeholder:"TAG"`
	TimeZone *string `help:"An IANA name; empty: that of the account." placeholder:"ZONE"`
}

// Run edits the profile.
func (c meEdit) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	if c.Name == nil && c.Language == nil && c.TimeZone == nil {
		return &Usage{"Say what to change: --name, --language or --time-zone."}
	}
	_, version, err := s.GetProfile(s.Ctx)
	if err != nil {
		return err
	}
	me, _, err := s.EditProfile(s.Ctx, version, client.EditProfileInBody{Name: c.Name, Language: c.Language, TimeZone: c.TimeZone})
	if err != nil {
		return err
	}
	return s.profile(me)
}

type meAccounts struct {
	flags
	paging
	Search string `short:"q" help:"Part of the name." placeholder:"TEXT"`
}

// Run lists accounts.
func (c meAccounts) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.MyAccount, string, error) {
		l, err := s.ListMyAccounts(s.Ctx, client.ListMyAccountsParams{Search: c.Search, Cursor: cursor})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.MyAccount, next string) any { return client.ListMyAccount{Items: rows, Next: next} }
	return list(s, c.paging, unknown, read, whole,
		column[client.MyAccount]{"account", func(a client.MyAccount) string { return a.Account }},
		column[client.MyAccount]{"name", func(a client.MyAccount) string { return a.Name }},
		column[client.MyAccount]{"kind", func(a client.MyAccount) string { return a.Kind }},
		column[client.MyAccount]{"role", func(a client.MyAccount) string { return or(a.RoleName, a.Role) }},
		column[client.MyAccount]{"closed", func(a client.MyAccount) string { return yes(a.Closed) }})
}

type meSessions struct{ flags }

// Run lists sessions.
func (c meSessions) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	return s.sessions(func() (client.ListSession, error) { return s.ListMySessions(s.Ctx) })
}

// sessions prints where somebody is signed in.
func (s *session) sessions(all func() (client.ListSession, error)) error {
	read := func(string) ([]client.Session, string, error) {
		l, err := all()
		return l.Items, "", err
	}
	whole := func(rows []client.Session, _ string) any { return client.ListSession{Items: rows} }
	return list(s, paging{}, unknown, read, whole,
		column[client.Session]{"id", func(x client.Session) string { return x.ID }},
		column[client.Session]{"address", func(x client.Session) string { return x.IP }},
		column[client.Session]{"last seen", func(x client.Session) string { return moment(x.SeenAt) }},
		column[client.Session]{"browser", func(x client.Session) string { return x.UserAgent }})
}

type meEndSession struct {
	flags
	ID string `arg:"" help:"Its id, ses_..."`
}

// Run ends a session.
func (c meEndSession) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	if err := s.EndMySession(s.Ctx, c.ID); err != nil {
		return err
	}
	return s.done("Ended %s.", plain(c.ID))
}

type meSettings struct{ flags }

// Run lists the settings of the person.
func (c meSettings) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	return settingsTable(s, func() (client.Settings, error) {
		l, _, err := s.ListMySettings(s.Ctx)
		return l, err
	})
}

type meSet struct {
	flags
	Name  string `arg:"" help:"Its name, as the list has it."`
	Value string `arg:"" help:"JSON, or plain text."`
}

// Run sets a setting.
func (c meSet) Run(p *Process) error {
	return c.changeOwn(p, client.PersonalEdit{Name: c.Name, Value: typed(c.Value)})
}

type meReset struct {
	flags
	Name string `arg:"" help:"Its name, as the list has it."`
}

// Run takes a setting back.
func (c meReset) Run(p *Process) error {
	return c.changeOwn(p, client.PersonalEdit{Name: c.Name, Inherit: true})
}

func (f flags) changeOwn(p *Process, e client.PersonalEdit) error {
	s, err := f.open(p)
	if err != nil {
		return err
	}
	_, version, err := s.ListMySettings(s.Ctx)
	if err != nil {
		return err
	}
	l, _, err := s.ChangeMySettings(s.Ctx, version, client.PersonalEdits{Settings: []client.PersonalEdit{e}})
	if err != nil {
		return err
	}
	return s.setting(l, e.Name)
}

type meNotifications struct {
	flags
	paging
	Unread bool   `help:"Only what has not been read."`
	Topic  string `enum:",account,membership,people,policy,quota,tasks" default:"" help:"account, membership, people, policy, quota or tasks." placeholder:"TOPIC"`
}

// Run lists notifications.
func (c meNotifications) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	read := func(cursor string) ([]client.Notification, string, error) {
		l, err := s.ListNotifications(s.Ctx, client.ListNotificationsParams{Unread: c.Unread, Topic: c.Topic, Cursor: cursor})
		return l.Items, l.Next, err
	}
	whole := func(rows []client.Notification, next string) any {
		return client.ListNotification{Items: rows, Next: next}
	}
	return list(s, c.paging, unknown, read, whole,
		column[client.Notification]{"id", func(n client.Notification) string { return n.ID }},
		column[client.Notification]{"at", func(n client.Notification) string { return moment(n.At) }},
		column[client.Notification]{"read", func(n client.Notification) string { return yes(n.Read) }},
		column[client.Notification]{"what", func(n client.Notification) string { return strings.ReplaceAll(n.Kind, "_", " ") }},
		column[client.Notification]{"about", factsOf})
}

// factsOf are the facts of a notification on one line, in the order of their names.
func factsOf(n client.Notification) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(n.Facts)) {
		if v := n.Facts[name]; v != "" {
			out = append(out, name+" "+v)
		}
	}
	return or(strings.Join(out, ", "), "-")
}

type meRead struct {
	flags
	IDs []string `arg:"" optional:"" name:"id" help:"Their ids, ntc_...; without any, all of them."`
}

// Run marks notifications as read.
func (c meRead) Run(p *Process) error {
	s, err := c.open(p)
	if err != nil {
		return err
	}
	if err := s.ReadNotifications(s.Ctx, client.ReadNotificationsInBody{Notifications: c.IDs}); err != nil {
		return err
	}
	if len(c.IDs) == 0 {
		return s.done("Marked all as read.")
	}
	return s.done("Marked %s as read.", plain(strings.Join(c.IDs, ", ")))
}

// typed is a value of the command line: JSON, or plain text.
func typed(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return v
}
