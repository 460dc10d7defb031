// Package gallery is the page of every part in every state, with sample data only.
package gallery

import (
	"bailiwick/internal/web/ui/part"
)

// tokens are the colours of the design.
var tokens = [...]string{
	"canvas", "surface", "sunken", "raised", "hover", "pressed", "line", "line-strong", "line-control", "ink", "ink-2", "ink-3",
	"brand-solid", "brand-ink", "brand-tint", "brand-line", "success-solid", "warning-solid", "danger-solid", "info-solid",
}

// sampleBrand is a tenant colour that is hard to read on white or on black.
type sampleBrand struct{ Name, Class, Hex string }

var brands = [...]sampleBrand{
	{"Yellow", "brand-sun", "#ffcf00"}, {"Lime", "brand-lime", "#9be22d"}, {"Coral", "brand-coral", "#ff6b5e"},
	{"Navy", "brand-navy", "#0b1f4d"}, {"Rose", "brand-rose", "#e8a0bf"}, {"Black", "brand-ink", "#111111"},
}

// sampleClient is one row of the sample table.
type sampleClient struct {
	ID, Name, Domain string
	Status           part.Status
	Ends             string
	Ending           *part.Badge
	Users            string
	Used, Limit      int64
	Created          string
	Checked          bool
}

func (c sampleClient) meter() part.Meter {
	return part.Meter{Label: "Monthly email quota used by " + c.Name, Used: c.Used, Limit: c.Limit}
}

var clients = [...]sampleClient{
	{"acc_1001", "Acme Holdings", "acme.example.com", part.Status{Label: "Active", Tone: part.Success}, "31 Mar 2027", nil, "148", 1620400, 2000000, "12 Jan 2023", false},
	{"acc_1002", "Ashgrove Garden Centres", "ashgrove.example.com", part.Status{Label: "Active", Tone: part.Success}, "30 Nov 2026", &part.Badge{Label: "12 days left", Tone: part.Warning, After: true}, "22", 96410, 100000, "4 Mar 2024", true},
	{"acc_1003", "Brightwater Hotels", "brightwater.example.com", part.Status{Label: "Held", Tone: part.Warning}, "30 Jun 2027", nil, "64", 238900, 500000, "19 Sep 2023", false},
	{"acc_1004", "Kestrel Outdoor", "kestrel.example.com", part.Status{Label: "Active", Tone: part.Success}, "19 Dec 2026", nil, "31", 251004, 250000, "2 Feb 2025", true},
	{"acc_1005", "Fennel & Rye", "fennelandrye.example.com", part.Status{Label: "Inactive"}, "31 Oct 2026", &part.Badge{Label: "Ended", Tone: part.Danger, After: true}, "6", 0, 25000, "8 Aug 2025", false},
}

var columns = []part.Column{
	{Label: "Client", Href: "?sort=-name", Sort: part.Ascending}, {Label: "Status", Href: "?sort=status", Drop: 2}, {Label: "Membership ends", Href: "?sort=end", Drop: 2},
	{Label: "Users", Href: "?sort=users", End: true, Drop: 3}, {Label: "Email use this month", Href: "?sort=used", Meter: true, Drop: 2},
	{Label: "Created", Href: "?sort=created", Drop: 4}, {Label: "Actions", Hidden: true},
}

var zones = []part.Option{{Value: "Europe/London", Label: "Europe/London"}, {Value: "Europe/Lisbon", Label: "Europe/Lisbon"}}

var outcomes = [...]part.Outcome{
	{Address: "h.osei@acme.example.com", Verdict: part.Ready, Reason: "Ready to invite"},
	{Address: "ines.carvalho@acme.example.com", Verdict: part.AlreadyUser, Reason: "Already an active user", Action: &part.Button{Label: "View user", Href: "#h-choice", Kind: part.Ghost, Small: true}},
	{Address: "old.hand@acme.example.com", Verdict: part.Deactivated, Reason: "Deactivated here", Action: &part.Button{Label: "Reactivate", Kind: part.Ghost, Small: true}},
	{Address: "s.lindgren@acme.example.com", Verdict: part.Invited, Reason: "Invited on 14 Nov, link expires in 3 days", Action: &part.Button{Label: "Resend", Kind: part.Ghost, Small: true}},
	{Address: "temp4471@throwaway.example", Verdict: part.Disposable, Reason: "Disposable addresses are not allowed"},
	{Address: "p.vogel@acme.example.com", Verdict: part.Twice, Reason: "Appears twice in this list"},
	{Address: "bob.tanner@acme", Verdict: part.Malformed, Reason: "The part after @ is incomplete"},
}

var events = []part.Event{
	{Icon: "gauge", Tone: part.Brand, Text: "Daily limit raised to 120,000", Note: "Priya Nair, today 09:12"},
	{Icon: "user-plus", Text: "4 users invited", Note: "Daniel Whitlock, yesterday"},
	{Icon: "circle-pause", Tone: part.Warning, Text: "Job alerts put on hold", Note: "Bounce rule, 16 Nov"},
}

var why = []part.Event{
	{Icon: "check", Tone: part.Success, Text: "Sign-in is allowed", Note: "Active user, two-step on", Strong: true},
	{Icon: "minus", Tone: part.Neutral, Text: "Role User grants nothing alone", Note: "It only opens the portal", Strong: true},
	{Icon: "x", Tone: part.Danger, Text: "Pricing is not granted", Note: "Only the account owner can", Strong: true},
}
