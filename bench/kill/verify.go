package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"bailiwick/bench/load"
	"bailiwick/internal/account"
	"bailiwick/internal/apikey"
	"bailiwick/internal/app"
	"bailiwick/internal/audit"
	"bailiwick/internal/authn"
	"bailiwick/internal/clock"
	"bailiwick/internal/config"
	"bailiwick/internal/secret"
)

// prepare sets up a platform with a reseller, and a key of the platform's Owner.
func prepare(ctx context.Context, data string) (s *site, err error) {
	addr, err := load.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	a, err := open(ctx, data, addr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	token, err := a.Authn.PrepareSetup(ctx)
	if err != nil {
		return nil, err
	}
	in, err := a.Authn.Setup(ctx, authn.SetupInput{Token: token, Platform: "Kill", Name: "Kay", Email: "kay@kill.example", Password: secret.Wrap("correct horse battery staple")})
	if err != nil {
		return nil, err
	}
	who, err := a.Authn.Resolve(ctx, authn.Client{Session: in.Token})
	if err != nil {
		return nil, err
	}
	by := who.Actor
	reseller, err := a.Accounts.Create(ctx, by, by.Account(), account.CreateInput{Kind: account.Reseller, Fields: account.Fields{Name: "Reseller"}})
	if err != nil {
		return nil, err
	}
	offer, err := a.Keys.Offer(ctx, by, by.Account())
	if err != nil {
		return nil, err
	}
	key, err := a.Keys.Create(ctx, by, by.Account(), apikey.Input{Name: "kill", Scopes: offer.Scopes})
	if err != nil {
		return nil, err
	}
	return &site{addr: addr, data: data, parent: string(reseller.ID), key: key.Secret.Reveal(), http: &http.Client{Timeout: 10 * time.Second}}, nil
}

func open(ctx context.Context, data, addr string) (*app.App, error) {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return app.New(ctx, app.Deps{Config: config.Config{Listen: addr, Data: data, BaseURL: &url.URL{Scheme: "http", Host: addr}}, Log: log, Clock: clock.System})
}

// verify counts the writes that were acknowledged and are not there as they should be.
func verify(ctx context.Context, binary string, s *site, all []*worker) (lost int, err error) {
	stop, err := s.start(ctx, binary)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stop(os.Interrupt)) }()
	there, err := s.clients(ctx)
	if err != nil {
		return 0, err
	}
	miss := func(c *client, what string) {
		lost++
		fmt.Printf("%s: %s\n", c.name, what)
	}
	for _, w := range all {
		for _, c := range w.clients {
			switch {
			case len(there[c.name]) > 1:
				miss(c, "was made more than once")
			case c.id == "":
				continue // it was never acknowledged
			case len(there[c.name]) == 0 || there[c.name][0] != c.id:
				miss(c, "is gone")
			default:
				n, err := s.edits(ctx, c.id)
				if err != nil {
					return lost, err
				}
				if n < c.acked || n > c.tried {
					miss(c, fmt.Sprintf("is at edit %d; %d was acknowledged, %d was sent", n, c.acked, c.tried))
				}
			}
		}
	}
	return lost, nil
}

// clients lists the ids of all clients by their names.
func (s *site) clients(ctx context.Context) (map[string][]string, error) {
	out := map[string][]string{}
	for cursor := ""; ; {
		_, answer, _, err := s.ask(ctx, http.MethodGet, "/api/v1/accounts/"+s.parent+"/clients?limit=500&cursor="+url.QueryEscape(cursor), nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Items []struct{ ID, Name string }
			Next  string
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			return nil, err
		}
		for _, c := range page.Items {
			out[c.Name] = append(out[c.Name], c.ID)
		}
		if cursor = page.Next; cursor == "" {
			return out, nil
		}
	}
}

func (s *site) edits(ctx context.Context, id string) (int, error) {
	_, answer, _, err := s.ask(ctx, http.MethodGet, "/api/v1/accounts/"+id, nil)
	if err != nil {
		return 0, err
	}
	var got struct {
		LegalName string `json:"legal_name"`
	}
	if err := json.Unmarshal(answer, &got); err != nil || got.LegalName == "" {
		return 0, err
	}
	return strconv.Atoi(got.LegalName)
}

// chainErrors seals what is left to seal and verifies every chain.
func chainErrors(ctx context.Context, data string) (n int, err error) {
	a, err := open(ctx, data, "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	for sealed := 1; sealed > 0; {
		if sealed, err = a.Log.SealOnce(ctx); err != nil {
			return 0, err
		}
	}
	reports, err := audit.VerifyAll(ctx, a.DB, a.DB.Now())
	if err != nil {
		return 0, err
	}
	events := int64(0)
	for _, r := range reports {
		n += len(r.Problems) + r.Unsealed
		events += r.Sealed
	}
	fmt.Printf("%d chains of %d events\n", len(reports), events)
	return n, nil
}
