package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"bailiwick/internal/cli/remote"
	"bailiwick/internal/errs"
	"bailiwick/internal/masterkey"
	"bailiwick/internal/secret"
)

type keysCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// keyRow is a master key as it is printed.
type keyRow struct {
	ID             string `json:"id"`
	State          string `json:"state"`
	Servers        int    `json:"servers"`
	Authenticators int    `json:"authenticators"`
	FileParts      int    `json:"file_parts"`
	CapturedMails  int    `json:"captured_mails"`
	WaitingMails   int    `json:"waiting_mails"`
}

// The states of a key.
const (
	keySeals   = "seals"   // in every server that has read the file
	keyOpens   = "opens"   // what it sealed before
	keyMissing = "missing" // not in the file, and something stored needs it
)

func rowOf(k masterkey.Key) keyRow {
	r := keyRow{k.ID.String(), keyOpens, k.Servers, k.Authenticators, k.FileParts, k.CapturedMails, k.WaitingMails}
	switch {
	case !k.InFile:
		r.State = keyMissing
	case k.Newest:
		r.State = keySeals
	}
	return r
}

// Run lists the keys, the oldest first.
func (c keysCmd) Run(r *run) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	all, err := a.MasterKeys.Keys(r.ctx)
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	rows := []keyRow{}
	for _, k := range all {
		rows = append(rows, rowOf(k))
	}
	if c.JSON {
		return json.NewEncoder(r.Out).Encode(map[string]any{"keys": rows})
	}
	w := tabwriter.NewWriter(r.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tSTATE\tSERVERS\tAUTHENTICATORS\tFILE PARTS\tCAPTURED MAILS\tWAITING MAILS")
	for _, k := range rows {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\n", k.ID, k.State, k.Servers, k.Authenticators, k.FileParts, k.CapturedMails, k.WaitingMails)
	}
	return w.Flush()
}

type rotateKeyCmd struct{}

// Run adds a key. Nothing seals with it before the operator has brought it to every server.
func (rotateKeyCmd) Run(r *run) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	id, err := a.RotateKey(r.ctx)
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	path := r.cfg.KeyFile()
	fmt.Fprintf(r.Out, `Added the master key %s to %s. Nothing is sealed with it yet. Next:
1. If there are more servers, copy the file to each of them, mode 0600.
2. Send SIGHUP to each server (systemctl reload bailiwick), or start it again. Then it seals with the new key, and what
   older keys sealed is sealed anew within hours.
3. Keep a copy of %s apart from the backups: archives made from then on need it.
bailiwick admin keys shows how far it is.
`, id, path, path)
	return nil
}

type dropKeyCmd struct {
	ID  string `arg:"" help:"The key's id, as admin keys shows it."`
	Yes bool   `help:"Links in earlier mails and bounce addresses that the key signed may stop working."`
}

// Run drops a key that nothing stored needs. What was signed with it lies in mailboxes, where nobody can count it.
func (c dropKeyCmd) Run(r *run) error {
	id, ok := secret.ParseKeyID(c.ID)
	if !ok {
		return errs.New(errs.Invalid, "master_key.not_id", "Name the key by its id, eight letters and digits, as bailiwick admin keys shows it.")
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	if err := a.MasterKeys.MayDrop(r.ctx, id); err != nil {
		return errors.Join(err, a.Close())
	}
	if !c.Yes {
		return errors.Join(&remote.Usage{Problem: "add --yes to drop the key " + c.ID + ": links in mails from before the rotation (contacts' pages, unsubscribing) and the bounce addresses that it signed stop working"}, a.Close())
	}
	if err = errors.Join(a.DropKey(r.ctx, id), a.Close()); err != nil {
		return err
	}
	fmt.Fprintf(r.Out, "Dropped the master key %s from %s. If there are more servers, copy the file to each of them; then send SIGHUP to all.\n", c.ID, r.cfg.KeyFile())
	return nil
}
