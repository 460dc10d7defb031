package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// worker writes clients, one request after the other, and remembers what it was told.
type worker struct {
	site    *site
	n       int
	clients []*client
}

// client is one that a worker made, or tried to make.
type client struct {
	name  string
	id    string // "" until the making was acknowledged
	acked int    // the last edit that was acknowledged
	tried int    // the last edit that was sent; it may have been done without our hearing of it
}

// work writes until the program dies or ctx ends. Only answers that should not be are errors.
func (w *worker) work(ctx context.Context) error {
	for ctx.Err() == nil {
		c, err := w.next(ctx)
		if err != nil || c == nil {
			return err
		}
		for range 3 {
			if going, err := w.edit(ctx, c); err != nil || !going {
				return err
			}
		}
	}
	return nil
}

// next makes a client. One whose making was cut off is made by the same request again.
func (w *worker) next(ctx context.Context) (*client, error) {
	var c *client
	if n := len(w.clients); n > 0 && w.clients[n-1].id == "" {
		c = w.clients[n-1]
	} else {
		c = &client{name: fmt.Sprintf("Client %d-%d", w.n, n)}
		w.clients = append(w.clients, c)
	}
	body := fmt.Sprintf(`{"name": %q, "no_end": true}`, c.name)
	status, answer, _, err := w.site.ask(ctx, http.MethodPost, "/api/v1/accounts/"+w.site.parent+"/clients", strings.NewReader(body), "Idempotency-Key", `"`+strings.ReplaceAll(c.name, " ", "-")+`"`)
	if err != nil {
		return nil, nil // the program was killed
	}
	if status != http.StatusCreated {
		return nil, fmt.Errorf("making %s: %d %s", c.name, status, answer)
	}
	var made struct{ ID string }
	if err := json.Unmarshal(answer, &made); err != nil {
		return nil, err
	}
	c.id = made.ID
	return c, nil
}

// edit counts up in a field of the client.
func (w *worker) edit(ctx context.Context, c *client) (bool, error) {
	status, answer, head, err := w.site.ask(ctx, http.MethodGet, "/api/v1/accounts/"+c.id, nil)
	if err != nil {
		return false, nil
	}
	if status != http.StatusOK {
		return false, fmt.Errorf("reading %s: %d %s", c.name, status, answer)
	}
	c.tried++
	status, answer, _, err = w.site.ask(ctx, http.MethodPatch, "/api/v1/accounts/"+c.id, strings.NewReader(fmt.Sprintf(`{"legal_name": "%d"}`, c.tried)), "If-Match", head.Get("ETag"))
	if err != nil {
		return false, nil
	}
	if status != http.StatusOK {
		return false, fmt.Errorf("editing %s: %d %s", c.name, status, answer)
	}
	c.acked = c.tried
	return true, nil
}

func acknowledged(all []*worker) (n int) {
	for _, w := range all {
		for _, c := range w.clients {
			if c.id != "" {
				n += 1 + c.acked
			}
		}
	}
	return n
}
