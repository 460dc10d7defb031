package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
)

func (a *API) brandOperations() {
	tag := "Branding"
	add(a, operation{id: "keepImage", route: "POST /accounts/{account}/images", tag: tag, perm: authz.BrandingEdit, status: http.StatusCreated, optMark: true, takes: pictures,
		about: "Bring a picture for the brand of an account",
		more: "The body is the file itself. The id that it answers with is the value of the setting that is named: `brand.logo`, `brand.header` or `brand.footer`. " +
			"A picture that no setting names within a day is removed."}, a.keepImage)
	add(a, operation{id: "getDomain", route: "GET /accounts/{account}/domain", tag: tag, perm: authz.BrandingView, about: "Get the host name of an account, and what its DNS has to say"}, a.getDomain)
	add(a, operation{id: "askDomain", route: "POST /accounts/{account}/domain", tag: tag, perm: authz.BrandingEdit, status: http.StatusNoContent, about: "Give an account a host name",
		more: "It is used once its DNS record was found: see getDomain."}, a.askDomain)
	add(a, operation{id: "checkDomain", route: "POST /accounts/{account}/domain/check", tag: tag, perm: authz.BrandingEdit, status: http.StatusOK, optMark: true, clashes: true, about: "Look for the DNS record of the host name now"}, a.checkDomain)
	add(a, operation{id: "removeDomain", route: "DELETE /accounts/{account}/domain", tag: tag, perm: authz.BrandingEdit, about: "Take the host name of an account away"}, a.removeDomain)
}

// pictures are the media types that a picture can have.
var pictures = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"}

// keepImageIn is a picture, which is read when it is known that the key may send it.
type keepImageIn struct {
	AtAccount
	For string `query:"for" required:"true" enum:"brand.logo,brand.header,brand.footer" doc:"The setting that the picture is for."`

	body io.Reader
}

// Resolve keeps the body for later.
func (in *keepImageIn) Resolve(ctx huma.Context) []error {
	in.body = ctx.BodyReader()
	return nil
}

func (a *API) keepImage(ctx context.Context, by authz.Actor, in *keepImageIn) (*Created, error) {
	name, err := a.Brands.KeepPicture(ctx, by, in.Account, brand.Slot(in.For), in.body)
	if err != nil {
		return nil, err
	}
	return &Created{Location: name.URL(), Body: CreatedBody{ID: string(name)}}, nil
}

// Domain is the host name of an account.
type Domain struct {
	Host       string     `json:"host,omitempty" doc:"Absent: the account has asked for none."`
	URL        string     `json:"url,omitempty" doc:"Where people reach the portal once it is verified."`
	Record     string     `json:"record,omitempty" doc:"The name of the TXT record that is looked for."`
	Value      string     `json:"value,omitempty" doc:"What it has to say."`
	From       string     `json:"from" doc:"Where people of the account reach the portal without a verified host name of their own."`
	AskedAt    *time.Time `json:"asked_at,omitempty"`
	CheckedAt  *time.Time `json:"checked_at,omitempty"`
	VerifiedAt *time.Time `json:"verified_at,omitempty" doc:"Absent until the record was found."`
	MissingAt  *time.Time `json:"missing_since,omitempty" doc:"Since when the record is gone."`
	Can        []string   `json:"can" doc:"What the key may do with the brand here."`
}

func (a *API) getDomain(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[Domain], error) {
	d, err := a.Brands.Domain(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	mine, err := a.held(ctx, by, in.Account, "branding")
	if err != nil {
		return nil, err
	}
	return &Answer[Domain]{Domain{d.Host, d.URL, d.Record, d.Value, d.From, sometime(d.Claimed), sometime(d.Checked), sometime(d.Verified), sometime(d.Missing), mine}}, nil
}

// sometime is an instant that may not be known.
func sometime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

type askDomainIn struct {
	AtAccount
	Body struct {
		Host string `json:"host" maxLength:"253" example:"portal.example.com"`
	}
}

func (a *API) askDomain(ctx context.Context, by authz.Actor, in *askDomainIn) (*Done, error) {
	return done(a.Brands.AskDomain(ctx, by, in.Account, in.Body.Host))
}

// DomainFound is what a look for the record of a host name found.
type DomainFound struct {
	Found bool `json:"found"`
}

func (a *API) checkDomain(ctx context.Context, by authz.Actor, in *AtAccount) (*Answer[DomainFound], error) {
	found, err := a.Brands.CheckDomain(ctx, by, in.Account)
	if err != nil {
		return nil, err
	}
	return &Answer[DomainFound]{DomainFound{found}}, nil
}

func (a *API) removeDomain(ctx context.Context, by authz.Actor, in *AtAccount) (*struct{}, error) {
	return nil, a.Brands.RemoveDomain(ctx, by, in.Account)
}
