package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"bailiwick/bench/load"
	"bailiwick/internal/authz"
)

type openFGA struct {
	load.Program
	store, model string
}

// The rules that the questions are about, as OpenFGA writes them: an owner or admin of an account is one of all below it.
const model = `{"schema_version": "1.1", "type_definitions": [
	{"type": "user"},
	{"type": "account",
	 "relations": {
		"parent": {"this": {}},
		"guest": {"this": {}},
		"owner": {"union": {"child": [{"this": {}}, {"tupleToUserset": {"tupleset": {"relation": "parent"}, "computedUserset": {"relation": "owner"}}}]}},
		"admin": {"union": {"child": [{"this": {}}, {"tupleToUserset": {"tupleset": {"relation": "parent"}, "computedUserset": {"relation": "admin"}}}]}},
		"departments_edit": {"union": {"child": [{"computedUserset": {"relation": "owner"}}, {"computedUserset": {"relation": "admin"}}]}}},
	 "metadata": {"relations": {
		"parent": {"directly_related_user_types": [{"type": "account"}]},
		"guest": {"directly_related_user_types": [{"type": "user"}]},
		"owner": {"directly_related_user_types": [{"type": "user"}]},
		"admin": {"directly_related_user_types": [{"type": "user"}]}}}}]}`

type tuple struct {
	User     string `json:"user"`
	Relation string `json:"relation"`
	Object   string `json:"object"`
}

func startOpenFGA(ctx context.Context, path string, t town) (openFGA, error) {
	addr, err := load.FreeAddress(ctx)
	if err != nil {
		return openFGA{}, err
	}
	grpc, err := load.FreeAddress(ctx)
	if err != nil {
		return openFGA{}, err
	}
	p, err := load.Start(ctx, addr, "/healthz", nil, path, "run", "--datastore-engine", "memory", "--http-addr", addr, "--grpc-addr", grpc,
		"--playground-enabled=false", "--metrics-enabled=false", "--log-level", "error")
	if err != nil {
		return openFGA{}, err
	}
	f := openFGA{Program: p}
	if err := f.fill(ctx, t); err != nil {
		return f, errors.Join(err, f.Stop())
	}
	return f, nil
}

func (f *openFGA) fill(ctx context.Context, t town) error {
	var made struct {
		ID    string `json:"id"`
		Model string `json:"authorization_model_id"`
	}
	if err := f.post(ctx, "/stores", map[string]string{"name": "bench"}, &made); err != nil {
		return err
	}
	f.store = made.ID
	if err := f.post(ctx, "/stores/"+f.store+"/authorization-models", json.RawMessage(model), &made); err != nil {
		return err
	}
	f.model = made.Model
	var all []tuple
	for _, a := range t.accounts {
		if a.parent != "" {
			all = append(all, tuple{"account:" + string(a.parent), "parent", "account:" + string(a.id)})
		}
	}
	for _, m := range t.people {
		all = append(all, tuple{"user:" + string(m.user), string(m.role), "account:" + string(m.at)})
	}
	for len(all) > 0 {
		n := min(100, len(all)) // OpenFGA's own limit
		err := f.post(ctx, "/stores/"+f.store+"/write", map[string]any{"authorization_model_id": f.model, "writes": map[string]any{"tuple_keys": all[:n]}}, &struct{}{})
		if err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

func (f *openFGA) post(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+f.Addr+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s: %s %s", path, res.Status, answer)
	}
	return json.Unmarshal(answer, into)
}

func (f openFGA) address() string { return f.Addr }

func (openFGA) name() string { return "OpenFGA" }

// connections: over more than eight it gives batches up.
func (openFGA) connections(size int) int {
	if size == 1 {
		return 128
	}
	return 8
}

func (openFGA) header() http.Header { return nil }

func relation(p authz.Perm) string { return strings.ReplaceAll(string(p), ".", "_") }

func (f openFGA) request(qs []question) (string, []byte, error) {
	key := func(q question) tuple {
		return tuple{"user:" + string(q.user), relation(q.perm), "account:" + string(q.on)}
	}
	path, body := "/check", map[string]any{"authorization_model_id": f.model, "tuple_key": key(qs[0])}
	if len(qs) > 1 {
		all := make([]map[string]any, len(qs))
		for i, q := range qs {
			all[i] = map[string]any{"tuple_key": key(q), "correlation_id": strconv.Itoa(i)}
		}
		path, body = "/batch-check", map[string]any{"authorization_model_id": f.model, "checks": all}
	}
	text, err := json.Marshal(body)
	return "/stores/" + f.store + path, text, err
}

func (openFGA) read(body []byte, n int) ([]bool, error) {
	var a struct {
		Allowed bool
		Result  map[string]struct{ Allowed bool }
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	if n == 1 {
		return []bool{a.Allowed}, nil
	}
	if len(a.Result) != n {
		return nil, errors.New("there are not as many answers as questions")
	}
	out := make([]bool, n)
	for i := range out {
		out[i] = a.Result[strconv.Itoa(i)].Allowed
	}
	return out, nil
}
