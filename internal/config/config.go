// Package config reads the settings of one installation from a file, the
// environment and the command line, and checks them once.
//
// A flag wins over the environment, which wins over the file, which wins over
// the default. Everything but the file's own errors is collected, so that one
// start names all that is wrong.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"bailiwick/internal/secret"
)

// Config is everything an operator can set.
type Config struct {
	Listen         string         // host:port of the portal and the API
	Data           string         // directory of the database, the key file and spools
	Database       secret.String  // postgres://...; empty: a SQLite file in Data
	DatabaseListen secret.String  // the PostgreSQL server itself, when Database is a pooler; else empty
	BaseURL        *url.URL       // how people reach the portal: links in mails begin with it
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	StopDelay      time.Duration  // how long the portal goes on serving after it was told to stop
	TLS            TLS
	Metrics        Metrics
	MailOff        bool // no mail is made: links are shown once to who makes them
	SMTP           SMTP
	Log            Log
	API            API
}

// API bounds what programs may ask.
type API struct {
	PerMinute int // requests of one key; 0: no limit
}

// TLS says how the portal speaks HTTPS itself. Without a certificate file and ACME it speaks plain HTTP.
type TLS struct {
	Cert      string // PEM file of the chain
	Key       string // PEM file of its key
	ACME      bool   // get certificates from an ACME server
	Email     string // for the ACME server; giving it accepts its terms
	Directory string // address of the ACME server's directory
	Roots     string // PEM file of who vouches for the ACME server; empty: the system's roots
	Redirect  string // host:port of a listener that sends people on to HTTPS; empty: none
}

// On reports whether the portal speaks HTTPS itself.
func (t TLS) On() bool { return t.ACME || t.Cert != "" }

// Metrics says where the program's measurements can be read.
type Metrics struct {
	Listen string // host:port; empty: nowhere
}

// SMTP is the server that mail is handed to.
type SMTP struct {
	Host     string // empty: mail is captured, not sent
	Port     int    // 0: by the TLS mode
	Username string
	Password secret.String
	TLS      string // starttls, tls or none
	From     string // the sender's address
	FromName string
	Timeout  time.Duration
}

// Log says what is logged and how.
type Log struct {
	Level  slog.Level
	Format string // text or json
}

// CapturesMail reports whether mail is kept in the capture mailbox.
func (c Config) CapturesMail() bool { return c.SMTP.Host == "" && !c.MailOff }

// Sender is the address that mail is sent from.
func (c Config) Sender() string {
	if c.SMTP.From != "" {
		return c.SMTP.From
	}
	return "no-reply@" + c.BaseURL.Hostname()
}

// DSN is the address of the database: PostgreSQL's or a file in Data.
func (c Config) DSN() string {
	if !c.Database.Empty() {
		return c.Database.Reveal()
	}
	return filepath.Join(c.Data, "bailiwick.db")
}

// Certificates is the directory of what ACME yields.
func (c Config) Certificates() string { return filepath.Join(c.Data, "acme") }

// KeyFile is the path of the master keys.
func (c Config) KeyFile() string { return filepath.Join(c.Data, "key") }

// Source is where settings come from.
type Source struct {
	File  string                      // path of the TOML file; empty: BAILIWICK_CONFIG, else none
	Env   func(string) (string, bool) // os.LookupEnv; nil: no environment
	Flags map[string]string           // key ("smtp.host") to value, only those given
}

// Load reads and checks the settings.
func Load(src Source) (Config, error) {
	if src.Env == nil {
		src.Env = func(string) (string, bool) { return "", false }
	}
	file, err := readFile(src)
	if err != nil {
		return Config{}, err
	}
	r := &reading{src: src, file: file}
	c := r.config()
	r.checkTogether(c)
	r.unknownFlags()
	if len(r.problems) > 0 {
		return Config{}, &Problems{r.problems}
	}
	return c, nil
}

// Problems are all settings that cannot be used, one remark each.
type Problems struct{ list []string }

// Error lists them, one to a line.
func (p *Problems) Error() string {
	return "settings need attention:\n  " + strings.Join(p.list, "\n  ")
}

// List returns the remarks.
func (p *Problems) List() []string { return p.list }

// readFile returns the file's values by key.
func readFile(src Source) (map[string]string, error) {
	path := src.File
	if path == "" {
		path, _ = src.Env(envName("config"))
	}
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make the configuration file %s or leave it out: there is no such file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration file: %w", err)
	}
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err != nil {
		var at toml.ParseError
		if errors.As(err, &at) {
			return nil, fmt.Errorf("correct line %d of %s: %s", at.Position.Line, path, at.Message)
		}
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	values := map[string]string{}
	var problems []string
	flatten(tree, "", func(key string, v any) {
		if !known(key) {
			problems = append(problems, fmt.Sprintf("remove %q from %s: there is no such setting%s", key, path, nearest(key)))
			return
		}
		text, ok := asText(v)
		if !ok {
			problems = append(problems, fmt.Sprintf("%s in %s: write one value, or a list of texts", key, path))
			return
		}
		values[key] = text
	})
	if len(problems) > 0 {
		return nil, &Problems{problems}
	}
	return values, nil
}

func flatten(tree map[string]any, prefix string, each func(string, any)) {
	for _, k := range sortedKeys(tree) {
		if sub, ok := tree[k].(map[string]any); ok {
			flatten(sub, prefix+k+".", each)
			continue
		}
		each(prefix+k, tree[k])
	}
}

func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64, bool:
		return fmt.Sprint(v), true
	case []any:
		parts := make([]string, 0, len(v))
		for _, p := range v {
			s, ok := p.(string)
			if !ok {
				return "", false
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, ","), true
	}
	return "", false
}
