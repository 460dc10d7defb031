// Package brand says how the portal and the mails of an account look: name, colours, pictures, and whom to ask for help.
//
// Each part is a setting that goes down the tree. What is in force is answered from memory.
package brand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"bailiwick/internal/authz"
	"bailiwick/internal/change"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/file"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/setting"
)

// Unnamed stands until the platform has been set up.
const Unnamed = "Bailiwick"

// Prefix is where the stylesheets and pictures of brands are served, on every host.
const Prefix = "/brand/"

// Service reads brands.
type Service struct {
	op     *op.Runner
	db     *db.DB
	known  *setting.Known
	files  *file.Store
	top    *change.Cache[struct{}, platform]
	busy   chan struct{} // holds one for each picture that is being read
	sender string
	base   *url.URL
	lookup LookupTXT
	places *change.Cache[ids.Account, place]
	hosts  *change.Cache[string, ids.Account] // "" for names that are nobody's
}

// Deps are what a Service works with.
type Deps struct {
	Ops    *op.Runner
	DB     *db.DB
	Known  *setting.Known
	News   *change.Feed
	Files  *file.Store
	Sender string // the address that mail is sent from, which needs no domain of an account
	Base   *url.URL
	Lookup LookupTXT
}

// picturesAtOnce bounds the memory that pictures take while they are read.
const picturesAtOnce = 2

// NewService makes a Service.
func NewService(d Deps) *Service {
	return &Service{
		op: d.Ops, db: d.DB, known: d.Known, files: d.Files, sender: d.Sender, base: d.Base, lookup: d.Lookup, busy: make(chan struct{}, picturesAtOnce),
		top: change.NewCache[struct{}, platform](d.News, 1), places: change.NewCache[ids.Account, place](d.News, mostPlaces), hosts: change.NewCache[string, ids.Account](d.News, mostHosts),
	}
}

// Look is how the portal and the mails of an account look.
type Look struct {
	Product      string // the platform's name where nobody has set another
	Named        bool   // somebody has set it
	Colour       Colour
	Logo         Image // "" for none: an initial on the colour
	Header       Image // above a mail
	Footer       Image // below a mail
	SupportEmail string
	SupportLink  string // of a web page
	SenderName   string // "" where nobody has set one
	Sender       string // the address that mail is sent from
	Base         string // where its people reach the portal, "https://portal.example.com"
}

// Of returns the look of an account, and that of the platform for none and for an account that is gone.
func (s *Service) Of(ctx context.Context, account ids.Account) (Look, error) {
	top, err := s.platform(ctx)
	if err != nil {
		return Look{}, err
	}
	look := Look{Product: top.name, Colour: DefaultColour, Base: origin(s.base)}
	if account == "" {
		account = top.id
	}
	if account == "" {
		look.Sender = s.sender
		return look, nil // nothing is set up yet
	}
	on, err := s.known.On(ctx, account)
	if errs.KindOf(err) == errs.NotFound && account != top.id {
		account = top.id
		on, err = s.known.On(ctx, account)
	}
	if err != nil {
		return look, fmt.Errorf("read the brand of %s: %w", account, err)
	}
	at, err := s.place(ctx, account)
	if err != nil {
		return look, err
	}
	if err := look.read(on); err != nil {
		return look, err
	}
	if look.Sender == "" || !s.maySend(look.Sender, at.hosts) {
		look.Sender = s.sender // a domain may be lost after it was verified
	}
	if len(at.hosts) > 0 {
		look.Base = origin(onHost(s.base, at.hosts[0]))
	}
	return look, nil
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

func (l *Look) read(on *setting.InForce) error {
	var failed error
	var product, colour string
	setting.Take(&failed, on, productKey, &product)
	setting.Take(&failed, on, colourKey, &colour)
	setting.Take(&failed, on, logoKey, &l.Logo)
	setting.Take(&failed, on, headerKey, &l.Header)
	setting.Take(&failed, on, footerKey, &l.Footer)
	setting.Take(&failed, on, supportEmailKey, &l.SupportEmail)
	setting.Take(&failed, on, supportLinkKey, &l.SupportLink)
	setting.Take(&failed, on, senderNameKey, &l.SenderName)
	setting.Take(&failed, on, senderAddressKey, &l.Sender)
	if product = strings.TrimSpace(product); product != "" {
		l.Product, l.Named = product, true
	}
	if c, err := ParseColour(colour); err == nil {
		l.Colour = c
	}
	return failed
}

// Style is the address of the stylesheet with the look's colour, on every host; "" for the default colour.
func (l Look) Style() string {
	if l.Colour == DefaultColour {
		return ""
	}
	return Prefix + l.Colour.Style()
}

// Fits refuses a picture that is not kept, and an address that mail of the account must not come from.
func (s *Service) Fits(ctx context.Context, tx *db.Tx, sc authz.Scope, name string, value json.RawMessage) error {
	var text string
	if err := json.Unmarshal(value, &text); err != nil || text == "" {
		return err //nolint:wrapcheck // the setting has been read as a text before
	}
	switch name {
	case logoKey.Name, headerKey.Name, footerKey.Name:
		there, err := again(ctx, tx, Image(text))
		if err == nil && !there {
			return checkImage(Image("/"))
		}
		return err
	case senderAddressKey.Name:
		hosts, err := hostsAbove(ctx, tx, sc)
		if err != nil {
			return fmt.Errorf("read the domains above %s: %w", sc.Account(), err)
		}
		if !s.maySend(text, hosts) {
			return errs.New(errs.Invalid, "brand.sender_foreign", "Use {address} or an address at a verified sign-in address. Mail from another domain does not arrive.", "address", s.sender)
		}
	}
	return nil
}

// Icon is the address of the picture that browsers show in a tab: the logo, else the first letter of the name.
func (l Look) Icon() string {
	if l.Logo != "" {
		return l.Logo.URL()
	}
	first, _ := utf8.DecodeRuneInString(strings.ToUpper(l.Product))
	return Prefix + l.Colour.letterName(first)
}

// platform is the top of the tree; without an id before it is set up.
type platform struct {
	id   ids.Account
	name string
}

func (s *Service) platform(ctx context.Context) (platform, error) {
	if p, ok := s.top.Get(ctx, struct{}{}); ok {
		return p, nil
	}
	told := s.top.Told()
	p, err := findPlatform(ctx, s.db)
	if errors.Is(err, db.ErrNoRows) {
		return platform{name: Unnamed}, nil
	}
	if err != nil {
		return p, fmt.Errorf("read the name of the platform: %w", err)
	}
	s.top.Put(told, struct{}{}, p, change.Subject{Kind: change.Account, ID: string(p.id)})
	return p, nil
}

// Named reports whether the platform has been set up and so has a name.
func (s *Service) Named(ctx context.Context) (bool, error) {
	p, err := s.platform(ctx)
	return p.id != "", err
}
