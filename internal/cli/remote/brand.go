package remote

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bailiwick/internal/api/client"
)

type brandCmd struct {
	Image  brandImage `cmd:"" help:"Give the account a picture: its logo, or one for its mails. settings --tab branding has the rest."`
	Domain domainCmd  `cmd:"" help:"The host name of the account: show, set, check, remove."`
}

type brandImage struct {
	flags
	Slot string `arg:"" enum:"logo,header,footer" help:"logo, header or footer."`
	File string `arg:"" help:"A PNG, JPEG, GIF, WebP or SVG file."`
}

// kinds are the media types of pictures by the ending of their files.
var kinds = map[string]string{".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".svg": "image/svg+xml"}

// Run brings a picture and names it in the setting that shows it.
func (c brandImage) Run(p *Process) (err error) {
	kind := kinds[strings.ToLower(filepath.Ext(c.File))]
	if kind == "" {
		return &Usage{"Name a file that ends in .png, .jpg, .gif, .webp or .svg."}
	}
	f, err := os.Open(c.File)
	if err != nil {
		return &Usage{fmt.Sprintf("Correct the name of the file: %v.", err)}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	name := "brand." + c.Slot
	made, err := s.KeepImage(s.Ctx, at, client.KeepImageParams{For: name}, client.File{Type: kind, Body: f})
	if err != nil {
		return err
	}
	return tabbed{c.flags, "branding"}.change(p, client.SettingEdit{Name: name, Value: made.ID})
}

type domainCmd struct {
	Show   domainShow   `cmd:"" help:"Show the host name and what its DNS has to say."`
	Set    domainSet    `cmd:"" help:"Give the account a host name; it is used once its DNS record was found."`
	Check  domainCheck  `cmd:"" help:"Look for the DNS record now."`
	Remove domainRemove `cmd:"" help:"Take the host name away."`
}

type domainShow struct{ flags }

// Run shows the host name.
func (c domainShow) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	d, err := s.GetDomain(s.Ctx, at)
	if err != nil || s.json {
		return s.jsonOr(d, err)
	}
	record := ""
	if d.Host != "" {
		record = d.Record + " TXT " + d.Value
	}
	return facts(s.Out, "Host name", or(d.Host, "none"), "DNS record", record, "Verified", moment(d.VerifiedAt), "Checked", moment(d.CheckedAt),
		"Missing since", strings.TrimPrefix(moment(d.MissingSince), "-"), "Reached at", d.From)
}

type domainSet struct {
	flags
	Host string `arg:"" help:"For example portal.example.com."`
}

// Run asks for a host name and shows what its DNS has to say.
func (c domainSet) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.AskDomain(s.Ctx, at, client.AskDomainInBody{Host: c.Host}); err != nil {
		return err
	}
	return domainShow{c.flags}.Run(p)
}

type domainCheck struct{ flags }

// Run looks for the record.
func (c domainCheck) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	found, err := s.CheckDomain(s.Ctx, at)
	if err != nil || s.json {
		return s.jsonOr(found, err)
	}
	if !found.Found {
		if err := s.done("The DNS record was not found."); err != nil {
			return err
		}
		return ErrFindings
	}
	return s.done("The DNS record was found.")
}

type domainRemove struct{ flags }

// Run removes the host name.
func (c domainRemove) Run(p *Process) error {
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	if err := s.RemoveDomain(s.Ctx, at); err != nil {
		return err
	}
	return s.done("Removed the host name.")
}
