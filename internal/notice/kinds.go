package notice

import (
	"maps"
	"slices"

	"bailiwick/internal/authz"
)

// Topic groups kinds of notices, for filters and for what people want to be told.
type Topic string

// The topics.
const (
	Account    Topic = "account"
	Membership Topic = "membership"
	People     Topic = "people"
	Policy     Topic = "policy"
	Quota      Topic = "quota"
	Tasks      Topic = "tasks"
)

// Topics returns all topics in the order in which they are offered.
func Topics() []Topic { return []Topic{Account, Membership, People, Policy, Quota, Tasks} }

// Kind names what a notice tells. Its text stands in the catalogue under notices.<kind>, filled with its facts.
type Kind string

// The kinds, with their facts and with what Target is when the notice leads to more than its account. A date is written
// 2006-01-02, a number in digits.
const (
	AccountHeld        Kind = "account_held"        //
	AccountResumed     Kind = "account_resumed"     //
	AccountClosed      Kind = "account_closed"      //
	AccountReopened    Kind = "account_reopened"    //
	OwnerChanged       Kind = "owner_changed"       // person; Target: the membership
	PackageChanged     Kind = "package_changed"     // package, "" for none
	MembershipEnding   Kind = "membership_ending"   // count (days), date
	MembershipGrace    Kind = "membership_grace"    // count (days), date
	MembershipExpired  Kind = "membership_expired"  // date
	ClientEnding       Kind = "client_ending"       // client, count (days), date; Target: the client
	ClientExpired      Kind = "client_expired"      // client, date; Target: the client
	InvitationAccepted Kind = "invitation_accepted" // person, account; Target: the membership
	InvitationRefused  Kind = "invitation_refused"  // email, inviter
	RuleChanged        Kind = "rule_changed"        // setting: its name
	TaskDone           Kind = "task_done"           // task: its kind, subject; Target: the task
	TaskFailed         Kind = "task_failed"         // as TaskDone
	TaskConfirm        Kind = "task_confirm"        // as TaskDone
	// Of a sending limit: limit is "email_day" and the like, percent how much of it is used, of the sub-account or department it binds, "" for
	// the account itself; Target: its id. OwnQuota... is for one person, whom it binds.
	QuotaNear       Kind = "quota_near"        // limit, percent, of
	QuotaReached    Kind = "quota_reached"     // limit, of
	OwnQuotaNear    Kind = "own_quota_near"    // limit, percent
	OwnQuotaReached Kind = "own_quota_reached" // limit
	CreditGranted   Kind = "credit_granted"    // channel, units, date: its last day
	CreditVoided    Kind = "credit_voided"     // as CreditGranted
)

// rules say of a kind who reads it and what it is filled with.
type rules struct {
	topic  Topic
	need   authz.Perm // of whoever reads it, on the account they work in, at the time they read
	below  bool       // binds the accounts below as well, whose people are told
	single bool       // for one person
	facts  []string
}

var kinds = map[Kind]rules{
	AccountHeld:        {topic: Account, need: authz.AccountView, below: true},
	AccountResumed:     {topic: Account, need: authz.AccountView, below: true},
	AccountClosed:      {topic: Account, need: authz.AccountView, below: true},
	AccountReopened:    {topic: Account, need: authz.AccountView, below: true},
	OwnerChanged:       {topic: Account, need: authz.UsersView, facts: []string{"person"}},
	PackageChanged:     {topic: Account, need: authz.PackagesView, facts: []string{"package"}},
	MembershipEnding:   {topic: Membership, need: authz.ClientsView, facts: []string{"count", "date"}},
	MembershipGrace:    {topic: Membership, need: authz.ClientsView, facts: []string{"count", "date"}},
	MembershipExpired:  {topic: Membership, need: authz.ClientsView, facts: []string{"date"}},
	ClientEnding:       {topic: Membership, need: authz.ClientsView, facts: []string{"client", "count", "date"}},
	ClientExpired:      {topic: Membership, need: authz.ClientsView, facts: []string{"client", "date"}},
	InvitationAccepted: {topic: People, need: authz.UsersView, single: true, facts: []string{"person", "account"}},
	InvitationRefused:  {topic: People, need: authz.UsersInvite, facts: []string{"email", "inviter"}},
	RuleChanged:        {topic: Policy, need: authz.SecurityView, below: true, facts: []string{"setting"}},
	TaskDone:           {topic: Tasks, need: authz.AccountView, single: true, facts: []string{"task", "subject"}},
	TaskFailed:         {topic: Tasks, need: authz.AccountView, single: true, facts: []string{"task", "subject"}},
	TaskConfirm:        {topic: Tasks, need: authz.AccountView, single: true, facts: []string{"task", "subject"}},
	QuotaNear:          {topic: Quota, need: authz.QuotasView, facts: []string{"limit", "percent", "of"}},
	QuotaReached:       {topic: Quota, need: authz.QuotasView, facts: []string{"limit", "of"}},
	OwnQuotaNear:       {topic: Quota, need: authz.AccountView, single: true, facts: []string{"limit", "percent"}},
	OwnQuotaReached:    {topic: Quota, need: authz.AccountView, single: true, facts: []string{"limit"}},
	CreditGranted:      {topic: Quota, need: authz.QuotasView, facts: []string{"channel", "units", "date"}},
	CreditVoided:       {topic: Quota, need: authz.QuotasView, facts: []string{"channel", "units", "date"}},
}

// Topic is the topic of a kind, "" for one that does not exist.
func (k Kind) Topic() Topic { return kinds[k].topic }

// Kinds returns all kinds by name.
func Kinds() []Kind { return slices.Sorted(maps.Keys(kinds)) }

// readable are the kinds of some topics that whoever holds may reads.
func readable(may authz.Set, topics []Topic) (out []Kind) {
	for _, k := range Kinds() {
		if may.Has(kinds[k].need) && slices.Contains(topics, kinds[k].topic) {
			out = append(out, k)
		}
	}
	return out
}
