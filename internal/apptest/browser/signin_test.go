package browser_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"bailiwick/internal/web/ui/part"
	"bailiwick/internal/web/ui/shell"
)

// signIn is a sample of a page in the Auth frame.
func signIn(page shell.Page) templ.Component {
	page.Title = "Sign in"
	body := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		form := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			for _, c := range []templ.Component{
				part.Field{Name: "email", Label: "Email address", Type: "email", Autocomplete: "username", Required: true, Large: true},
				part.Field{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true, Large: true, LabelLink: &part.Link{Label: "Forgot password?", Href: "/404"}},
				part.Button{Label: "Sign in", Kind: part.Primary, Large: true, Block: true, Submit: true},
			} {
				if err := c.Render(ctx, w); err != nil {
					return err
				}
			}
			return nil
		})
		if err := shell.AuthTitle("Sign in to "+page.Brand.Name, "Use the email address your invitation was sent to.").Render(ctx, w); err != nil {
			return err
		}
		return part.Form{Action: "/sign-in"}.Wrap().Render(templ.WithChildren(ctx, form), w)
	})
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return shell.Auth(page).Render(templ.WithChildren(ctx, body), w)
	})
}

// recorder is a test that only writes down its errors.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) has(text string) bool {
	return strings.Contains(strings.ToLower(strings.Join(r.said, "\n")), text)
}

// live is a page that finds as one types.
func live(page shell.Page, q string, fragment bool) templ.Component {
	body := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		hx := part.HX{Get: "/live", Target: "#main", Trigger: "input changed delay:50ms", Push: true}
		if err := (part.Search{Label: "Search clients", Value: q, HX: hx}).Render(ctx, w); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, `<h1>Found %s</h1><a class="swap-link" href="/live" hx-get="/live?q=swapped" hx-target="#main">go</a>`, templ.EscapeString(q))
		return err
	})
	if fragment {
		return body
	}
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return shell.App(page).Render(templ.WithChildren(ctx, body), w)
	})
}
