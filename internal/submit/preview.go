package submit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/ianaindex"

	"bailiwick/internal/authz"
	"bailiwick/internal/clock"
	"bailiwick/internal/db"
	"bailiwick/internal/errs"
	"bailiwick/internal/ids"
	"bailiwick/internal/op"
	"bailiwick/internal/plan"
	"bailiwick/internal/policy"
	"bailiwick/internal/setting"
)

// MostPreview is the largest message that is previewed, in bytes.
const MostPreview = megabyte

// Service shows what becomes of messages.
type Service struct {
	op      *op.Runner
	known   *setting.Known
	now     clock.Clock
	returns Returns
}

// NewService makes a Service. known is what the rules are read from, returns makes the addresses of bounces.
func NewService(r *op.Runner, known *setting.Known, now clock.Clock, returns Returns) *Service {
	return &Service{r, known, now, returns}
}

// Preview is what would become of a message on an account.
type Preview struct {
	Refused []RefusedBy
	Changed bool   // by the rules
	User    string // the address of who would send it
	Sender  string // the envelope's, where bounces go
	Header  []HeaderField
	Text    string // "" when the message has none to show
	HTML    string // as it is sent, never to be shown among our own pages
	Largest Largest
	Kept    Kept
}

// Kept is how long a message is kept once it is sent, and whose settings say so.
type Kept struct {
	Days, TextDays int // TextDays is of its subject and text, 0 for not at all
	From, TextFrom setting.Origin
}

// Largest is how large messages may be, and why.
type Largest struct {
	Bytes  int64
	Client string         // whose package includes no more, "" where a setting allows no more
	From   setting.Origin // of the setting
}

// RefusedBy is a refusal with the account whose setting asks for it.
type RefusedBy struct {
	Refusal
	From setting.Origin
}

// HeaderField is a field of a message's header, decoded.
type HeaderField struct{ Name, Value string }

// Sample is a message to be previewed, with who would send it: a member of the account, or whoever has an address.
type Sample struct {
	Message []byte
	As      ids.Membership // "" for User
	User    string         // an address, "" for nobody
	Sub     ids.SubAccount // "" without one
	From    string         // the IP address that a key would send it from, "" for any
}

// Preview applies the rules in force on an account, or for a member of it, to a message, which is not sent.
func (s *Service) Preview(ctx context.Context, by authz.Actor, account ids.Account, in Sample) (Preview, error) {
	q, sc, err := s.op.Read(ctx, by, authz.SettingsView, account)
	if err != nil {
		return Preview{}, err
	}
	if len(bytes.TrimSpace(in.Message)) == 0 {
		return Preview{}, errs.Field("message", "submit.preview_empty", "Write or paste a message, or choose a file.")
	}
	if len(in.Message) > MostPreview {
		return Preview{}, errs.Field("message", "submit.preview_large", "Choose a message of up to {most} MB.", "most", MostPreview/megabyte)
	}
	on, err := s.known.On(ctx, account)
	if err != nil {
		return Preview{}, err
	}
	own, err := in.sender(ctx, q, sc)
	if err != nil {
		return Preview{}, err
	}
	rules, err := RulesOf(on, own)
	if err != nil {
		return Preview{}, err
	}
	chain, err := setting.Read(ctx, q, sc, asking()...)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{User: in.User}
	if p.Kept, err = kept(rules, chain); err != nil {
		return Preview{}, err
	}
	if p.Largest, err = rules.largest(ctx, q, sc, chain, s.now()); err != nil {
		return Preview{}, err
	}
	shut, err := in.shut(ctx, q, sc, on)
	if err != nil {
		return Preview{}, err
	}
	out, err := Apply(Message{bytes.NewReader(in.Message), int64(len(in.Message))}, rules)
	if err != nil {
		return Preview{}, err
	}
	out.Refused = append(shut, out.Refused...)
	p.Changed, p.Sender = out.Changed(), out.Sender(rules, s.returns.Address(sampleID, 1), in.User)
	if len(out.Refused) > 0 {
		p.Refused, err = blame(chain, out.Refused)
		return p, err
	}
	var sent bytes.Buffer
	if _, err := out.WriteTo(&sent); err != nil {
		return Preview{}, err
	}
	return p, p.show(sent.Bytes())
}

// asking are the settings that ask something of a message.
func asking() []setting.Any { return append(Settings(), policy.APIAddresses) }

// shut is why nothing is taken in from where the sample comes from: the list of the account, or that of the sub-account.
func (in *Sample) shut(ctx context.Context, q db.Queryer, sc authz.Scope, on *setting.InForce) (out []Refusal, err error) {
	of := policy.Networks{}
	if in.Sub != "" {
		if of, err = policy.NetworksOfSub(ctx, q, sc, in.Sub); err != nil {
			return nil, err
		}
	}
	if in.From == "" {
		return nil, nil
	}
	ip, err := netip.ParseAddr(in.From)
	if err != nil || ip.Zone() != "" {
		return nil, errs.Field("address", "submit.not_ip", "Write an IP address such as 203.0.113.7 or 2001:db8::7.")
	}
	all, err := setting.In(on, policy.APIAddresses)
	if err != nil {
		return nil, err
	}
	if !all.Allows(ip) {
		out = append(out, notFrom(ip, policy.APIAddresses.Name, ""))
	}
	if !of.Allows(ip) {
		out = append(out, notFrom(ip, "", in.Sub))
	}
	return out, nil
}

func notFrom(ip netip.Addr, name string, sub ids.SubAccount) Refusal {
	return Refusal{Problem: policy.Refused(ip.String()).Problem, SMTP: 550, Status: "5.7.1", Setting: name, Sub: sub}
}

// kept says how long the message would be kept.
func kept(r Rules, chain setting.Chain) (k Kept, err error) {
	k = Kept{Days: r.KeepDays, TextDays: r.KeepTextDays}
	if _, k.From, err = keepDays.Effective(chain.Rows(keepDays)); err != nil {
		return k, err
	}
	_, k.TextFrom, err = keepTextDays.Effective(chain.Rows(keepTextDays))
	return k, err
}

// largest brings the rules within the client's package, and says how large messages may be by both.
func (r *Rules) largest(ctx context.Context, q db.Queryer, sc authz.Scope, chain setting.Chain, now time.Time) (out Largest, err error) {
	most, client, limited, err := plan.MostOf(ctx, q, sc, plan.MessageMB, now)
	if err != nil {
		return out, err
	}
	if limited {
		*r = r.Within(most)
	}
	if out.Bytes = r.Largest; r.Bought {
		out.Client = client
		return out, nil
	}
	_, out.From, err = largestMessage.Effective(chain.Rows(largestMessage))
	return out, err
}

// sender finds the address of the member who would send the sample, and the values they have of their own.
func (in *Sample) sender(ctx context.Context, q db.Queryer, sc authz.Scope) (map[string]json.RawMessage, error) {
	if in.As == "" {
		return nil, nil
	}
	address, err := addressOf(ctx, q, sc, in.As)
	if !sc.Has(authz.UsersView) || errors.Is(err, db.ErrNoRows) {
		return nil, errs.NoSuch("user")
	}
	if err != nil {
		return nil, fmt.Errorf("look up who would send: %w", err)
	}
	in.User = address
	return setting.MemberValues(ctx, q, sc, in.As, Personal()...)
}

// sampleID stands where a message that is sent has its id.
const sampleID = "00000000000000000000000000"

// blame finds whose settings refuse a message.
func blame(chain setting.Chain, all []Refusal) ([]RefusedBy, error) {
	out := make([]RefusedBy, len(all))
	for i, r := range all {
		out[i].Refusal = r
		for _, k := range asking() {
			if k.ID() != r.Setting {
				continue
			}
			var err error
			if _, out[i].From, err = k.Effective(chain.Rows(k)); err != nil {
				return nil, fmt.Errorf("find whose setting %s is: %w", r.Setting, err)
			}
		}
	}
	return out, nil
}

// show reads what a mail program would show of a message.
func (p *Preview) show(message []byte) error {
	root, _, err := scan(bytes.NewReader(message), int64(len(message)))
	if err != nil {
		return fmt.Errorf("read the message that would be sent: %w", err)
	}
	for _, f := range root.fields {
		name, _, _ := strings.Cut(string(message[f.from:f.to]), ":")
		p.Header = append(p.Header, HeaderField{strings.TrimSpace(name), decodeWords(strings.TrimSpace(f.value))})
	}
	root.walk(func(leaf *part) {
		if leaf.inside() || leaf.isAttachment() || leaf.multipart() {
			return
		}
		switch body := legible(leaf, message); {
		case leaf.media == "text/plain" && p.Text == "":
			p.Text = body
		case leaf.media == "text/html" && p.HTML == "":
			p.HTML = body
		}
	})
	return nil
}

// legible is the text of a part in UTF-8, or what can be read of it.
func legible(p *part, message []byte) string {
	body, err := p.decode(message[p.body.from:p.body.to])
	if err != nil {
		body = message[p.body.from:p.body.to]
	}
	if enc, err := ianaindex.MIME.Encoding(p.params["charset"]); err == nil && enc != nil {
		if out, err := enc.NewDecoder().Bytes(body); err == nil {
			body = out
		}
	}
	return strings.ToValidUTF8(strings.ReplaceAll(string(body), "\r\n", "\n"), "\uFFFD")
}

// Still makes a document that loads nothing and leads nowhere, for looking at.
func Still(document string) (string, error) {
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		return "", fmt.Errorf("read the document: %w", err)
	}
	var drop []*html.Node
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "base", "link", "iframe", "frame", "object", "embed", "meta", "form", "template", "noscript":
			drop = append(drop, n)
		}
		if n.Data == "a" || n.Data == "area" {
			n.Attr = without(n.Attr, "href", "ping", "target")
		}
		if !strings.HasPrefix(strings.ToLower(attribute(n, "src")), "data:") {
			n.Attr = without(n.Attr, "src")
		}
		n.Attr = without(n.Attr, "srcset", "background", "poster")
	}
	for _, n := range drop {
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
	var b strings.Builder
	if err := html.Render(&b, root); err != nil {
		return "", fmt.Errorf("write the document: %w", err)
	}
	return b.String(), nil
}

func without(all []html.Attribute, names ...string) (out []html.Attribute) {
	for _, a := range all {
		keep := true
		for _, n := range names {
			keep = keep && a.Key != n
		}
		if keep {
			out = append(out, a)
		}
	}
	return out
}
