package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/authz"
	"bailiwick/internal/secret"
)

type address struct {
	City   string `audit:"show"`
	Street string
}

type embedded struct {
	Note string `audit:"show"`
}

type subject struct {
	embedded
	Embedded
	Name          string `audit:"show"`
	Email         string `audit:"hash"`
	Phone         string
	Tags          []string      `audit:"show"`
	Perms         authz.Set     `audit:"show"`
	MembershipEnd *time.Time    `audit:"show"`
	Limit         int           `audit:"show"`
	Active        bool          `audit:"show"`
	Token         secret.String `audit:"show"`
	Key           []byte        `audit:"show"`
	Address       address
	Version       int `audit:"-"`
	unexported    string
}

// Embedded stands for a part that several entities share.
type Embedded struct {
	Zone string `audit:"show"`
}

func TestOnlyTaggedFieldsAreShown(t *testing.T) {
	end := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	full := subject{
		embedded: embedded{"n"}, Embedded: Embedded{"Asia/Bangkok"}, Name: "Ann", Email: "ann@example.com", Phone: "+1 555", Tags: []string{"a", "b"},
		Perms: authz.SetOf(authz.UsersView, authz.UsersInvite), MembershipEnd: &end, Limit: 3, Active: true, Token: secret.Wrap("canary"), Key: []byte("canary"),
		Address: address{"Bonn", "canary"}, Version: 2, unexported: "canary",
	}
	got, err := Diff(nil, &full)
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{Field: "zone", After: "Asia/Bangkok"},
		{Field: "name", After: "Ann"},
		{Field: "email", After: fingerprint("ann@example.com")},
		{Field: "phone", Hidden: true},
		{Field: "tags", After: "a, b"},
		{Field: "perms", After: "users.view, users.invite"},
		{Field: "membership_end", After: "2026-05-01T00:00:00Z"},
		{Field: "limit", Before: "0", After: "3"},
		{Field: "active", Before: "false", After: "true"},
		{Field: "token", Before: "***", After: "***"},
		{Field: "key", Hidden: true},
		{Field: "address.city", After: "Bonn"},
		{Field: "address.street", Hidden: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, c := range got {
		if strings.Contains(c.Before+c.After, "canary") {
			t.Errorf("%s tells a secret", c.Field)
		}
	}
}

func TestOnlyWhatChangedIsListed(t *testing.T) {
	a := subject{Name: "Ann", Phone: "1", Tags: []string{"x"}, Address: address{"Bonn", "1"}}
	b := a
	b.Address.Street, b.Version, b.Tags = "2", 9, []string{"x"}
	for _, c := range []struct {
		name          string
		before, after any
		want          []Change
	}{
		{"a hidden field", a, b, []Change{{Field: "address.street", Hidden: true}}},
		{"nothing", a, a, []Change{}},
		{"no values at all", nil, (*subject)(nil), []Change{}},
		{"a removal", client{"Acme"}, nil, []Change{{Field: "name", Before: "Acme"}}},
	} {
		if got, err := Diff(c.before, c.after); err != nil || !cmp.Equal(c.want, got) {
			t.Error(c.name, cmp.Diff(c.want, got), err)
		}
	}
	for _, c := range [][2]any{{client{}, subject{}}, {1, 2}, {map[string]string{}, nil}} {
		if got, err := Diff(c[0], c[1]); err == nil {
			t.Errorf("%v was compared: %v", c, got)
		}
	}
}

func TestFieldNames(t *testing.T) {
	for in, want := range map[string]string{"Name": "name", "MembershipEnd": "membership_end", "TimeZoneID": "time_zone_id", "URLPath": "url_path", "IP": "ip"} {
		if got := FieldName(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
