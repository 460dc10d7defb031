package remote

import (
	"fmt"
	"io"
	"os"

	"bailiwick/internal/api/client"
)

type settingsPreview struct {
	flags
	File string `arg:"" help:"A message as it would be sent, or - for the input."`
	As   string `help:"The person who would send it, mem_..." placeholder:"ID"`
	User string `help:"Or their address." placeholder:"ADDRESS"`
	Sub  string `name:"subaccount" help:"The sub-account that would send it, sub_..." placeholder:"ID"`
	From string `help:"The IP address that a key would send it from." placeholder:"IP"`
}

// Run says what becomes of a message.
func (c settingsPreview) Run(p *Process) error {
	read := func() ([]byte, error) { return os.ReadFile(c.File) }
	if c.File == "-" {
		read = func() ([]byte, error) { return io.ReadAll(p.In) }
	}
	text, err := read()
	if err != nil {
		return &Usage{fmt.Sprintf("Correct the name of the file: %v.", err)}
	}
	s, at, err := c.within(p)
	if err != nil {
		return err
	}
	m, err := s.PreviewMessage(s.Ctx, at, client.PreviewMessageInBody{Message: string(text), As: c.As, User: c.User, Subaccount: c.Sub, Address: c.From})
	if err != nil || s.json {
		return s.jsonOr(m, err)
	}
	for _, r := range m.Refused {
		if err := s.done("Refused: %s (%s)", plain(r.Detail), plain(r.Setting)); err != nil {
			return err
		}
	}
	if len(m.Refused) > 0 {
		return ErrFindings
	}
	for _, f := range m.Header {
		if err := s.done("%s: %s", plain(f.Name), plain(f.Value)); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(s.Out, "\n%s\n", or(m.Text, m.Html))
	return err
}
