package demo

import (
	"math/rand/v2"
	"strings"
)

// client is what is to be made of one client. Days count from the day of the loading.
type client struct {
	name        string
	domain      string
	reseller    string // "" hangs directly below the platform
	created     int    // days ago
	end         int    // days ahead, negative when it has passed
	noEnd       bool
	users       int // active people in the client and its departments
	invited     int
	deactivated int
	departments int
	subs        int
	locations   int
	held        bool // by whoever stands above
	ownHold     bool // by its own Owner
	industry    string
	zone        string
}

// The first page of the list, as the design shows it.
func firstPage() []client {
	return []client{
		{name: "Acme Holdings", domain: "acme", created: 1406, end: 133, users: 148, industry: "Retail", zone: "Europe/London"},
		{name: "Ashgrove Garden Centres", domain: "ashgrove", created: 989, end: 12, users: 22, locations: 14, industry: "Retail", zone: "Europe/London"},
		{name: "Brightwater Hotels", domain: "brightwater", created: 1156, end: 224, users: 64, locations: 21, industry: "Hospitality", zone: "Europe/Lisbon"},
		{name: "Corvid Logistics", domain: "corvid", created: 654, end: 57, users: 31, locations: 9, industry: "Logistics"},
		{name: "Deepwell Energy", domain: "deepwell", created: 1636, end: 102, users: 87, locations: 5, industry: "Energy"},
		{name: "Fennel & Rye", domain: "fennelandrye", created: 467, end: -18, users: 6, locations: 3, industry: "Food and drink"},
		{name: "Juniper Dental Group", domain: "juniper", created: 947, end: 286, users: 40, locations: 18, industry: "Health"},
		{name: "Kestrel Outdoor", domain: "kestrel", created: 657, end: 31, users: 17, locations: 7, industry: "Sport"},
		{name: "Larkspur Travel", domain: "larkspur", created: 737, end: 178, users: 28, locations: 4, industry: "Travel", zone: "Europe/Paris"},
		{name: "Marlowe Housing Trust", domain: "marlowe", created: 1244, end: 287, users: 53, locations: 12, industry: "Housing"},
		{name: "Oakfield Health", domain: "oakfield", created: 1507, end: 74, users: 112, locations: 29, industry: "Health", zone: "Europe/Dublin"},
		{name: "Padstow Cycles", domain: "padstow", created: 188, end: 244, users: 9, locations: 2, industry: "Sport"},
		{name: "Quarry Bank Credit Union", domain: "quarrybank", created: 1077, end: 163, users: 46, locations: 11, industry: "Finance"},
	}
}

// The accounts above the clients.
const (
	platformName = "Halyard Messaging"
	meridian     = "Meridian Communications"
	sadeem       = "Sadeem Digital"
)

// people is how many active people the clients have together.
const people = 3890

// soon, grace and over are the ends of memberships, in days from now, that a list has to show.
var (
	soon  = [...]int{2, 5, 9, 15, 19, 22, 26, 29}
	grace = [...]int{-1, -2, -4, -6}
	over  = [...]int{-10, -13, -24, -38}
)

// plan says what will be made, the same for every installation.
func plan(rng *rand.Rand) []client {
	all := firstPage()
	for _, n := range underPlatform() {
		all = append(all, client{name: n})
	}
	for _, n := range underMeridian() {
		all = append(all, client{name: n, reseller: meridian})
	}
	for _, n := range underSadeem() {
		all = append(all, client{name: n, reseller: sadeem, zone: "Asia/Riyadh"})
	}
	named := len(firstPage())
	for i := range all {
		all[i].fill(rng)
	}
	chosen := rng.Perm(len(all) - named)
	take := func() *client {
		c := &all[named+chosen[0]]
		chosen = chosen[1:]
		return c
	}
	for _, ends := range [][]int{soon[:], grace[:], over[:]} {
		for _, d := range ends {
			c := take()
			c.end, c.noEnd = d, false
		}
	}
	for range 5 {
		take().held = true
	}
	take().ownHold = true
	for range 14 {
		take().noEnd = true
	}
	share(rng, all, named)
	return all
}

// fill gives a client what it lacks.
func (c *client) fill(rng *rand.Rand) {
	if c.domain == "" {
		c.domain = slug(strings.ReplaceAll(c.name, "&", "and"), "")
		c.created, c.end = 40+rng.IntN(1500), 40+rng.IntN(620)
		c.locations = 1 + rng.IntN(9)
		all := industries()
		c.industry = all[rng.IntN(len(all))]
	}
	switch c.name { // an address is written in Latin letters
	case "مجموعة النخيل":
		c.domain = "nakheelgroup"
	case "مكتبة الواحة":
		c.domain = "wahabooks"
	}
	c.departments, c.subs = rng.IntN(5), 1+rng.IntN(4)
	if rng.IntN(5) == 0 {
		c.invited = 1 + rng.IntN(4)
	}
	if rng.IntN(4) == 0 {
		c.deactivated = 1 + rng.IntN(3)
	}
	if c.domain == "acme" {
		c.departments, c.subs, c.locations, c.invited, c.deactivated = 9, 14, 36, 12, 5
	}
}

// share spreads the people over the clients that have no number yet: a few are large, most are small.
func share(rng *rand.Rand, all []client, named int) {
	left := people
	for _, c := range all[:named] {
		left -= c.users
	}
	weights, sum := make([]int, len(all)), 0
	for i := named; i < len(all); i++ {
		weights[i] = 6 + rng.IntN(20)
		if rng.IntN(8) == 0 {
			weights[i] *= 4
		}
		sum += weights[i]
	}
	given := 0
	for i := named; i < len(all); i++ {
		all[i].users = max(2, left*weights[i]/sum)
		given += all[i].users
	}
	all[len(all)-1].users += left - given
}
