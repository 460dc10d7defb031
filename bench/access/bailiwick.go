package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"bailiwick/bench/load"
	"bailiwick/internal/secret"
)

type bailiwick struct {
	load.Program
	key secret.String
}

// startBailiwick serves what was filled into dir. The limit of requests is off: it is not what is measured.
func startBailiwick(ctx context.Context, path, dir string, key secret.String) (bailiwick, error) {
	addr, err := load.FreeAddress(ctx)
	if err != nil {
		return bailiwick{}, err
	}
	p, err := load.Start(ctx, addr, "/healthz", []string{"BAILIWICK_API_REQUESTS_PER_MINUTE=0"}, path, "serve", "--listen", addr, "--data", dir, "--log-level", "warn")
	return bailiwick{p, key}, err
}

func (b bailiwick) address() string { return b.Addr }

func (bailiwick) name() string { return "Bailiwick" }

func (bailiwick) connections(size int) int {
	if size == 1 {
		return 256
	}
	return 8
}

func (b bailiwick) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + b.key.Reveal()}}
}

type asked struct {
	Account    string `json:"account"`
	Permission string `json:"permission"`
	User       string `json:"user"`
}

func (bailiwick) request(qs []question) (string, []byte, error) {
	all := make([]asked, len(qs))
	for i, q := range qs {
		all[i] = asked{string(q.on), string(q.perm), string(q.user)}
	}
	var body any = map[string]any{"checks": all}
	if len(all) == 1 {
		body = all[0]
	}
	text, err := json.Marshal(body)
	return "/api/v1/access/check", text, err
}

func (bailiwick) read(body []byte, n int) ([]bool, error) {
	var a struct {
		Allowed bool
		Results []struct{ Allowed bool }
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	if n == 1 {
		return []bool{a.Allowed}, nil
	}
	if len(a.Results) != n {
		return nil, errors.New("there are not as many answers as questions")
	}
	out := make([]bool, n)
	for i, r := range a.Results {
		out[i] = r.Allowed
	}
	return out, nil
}
