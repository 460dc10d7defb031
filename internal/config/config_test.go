package config_test

import (
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bailiwick/internal/config"
)

// source makes a Source of a file's text, an environment and flags.
func source(t *testing.T, file string, env, flags map[string]string) config.Source {
	t.Helper()
	src := config.Source{Flags: flags, Env: func(k string) (string, bool) { v, ok := env[k]; return v, ok }}
	if file != "" {
		src.File = filepath.Join(t.TempDir(), "bailiwick.toml")
		if err := os.WriteFile(src.File, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return src
}

func TestDefaultsStart(t *testing.T) {
	c, err := config.Load(config.Source{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || c.BaseURL.String() != "http://127.0.0.1:8080" || c.DSN() != filepath.Join("data", "bailiwick.db") ||
		!c.CapturesMail() || c.KeyFile() != filepath.Join("data", "key") || c.Log.Level != slog.LevelInfo || c.SMTP.Timeout != 30*time.Second {
		t.Errorf("got %+v", c)
	}
}

func TestEverythingFromAFile(t *testing.T) {
	c, err := config.Load(source(t, `
listen = ":9000"
data = "/var/lib/bailiwick"
database = "postgres://bw:canary-pw@db/bw"
base_url = "https://portal.example.com/"
trusted_proxies = ["10.0.0.0/8", "::ffff:192.0.2.1", "::ffff:172.16.0.0/108"]
stop_delay = "5s"

[tls]
cert = "/etc/bailiwick/cert.pem"
key = "/etc/bailiwick/key.pem"
redirect = ":80"

[metrics]
listen = "127.0.0.1:9180"

[smtp]
host = "mx.example.com"
port = 2525
username = "bw"
password = "canary-pw"
tls = "tls"
from = "no-reply@example.com"
from_name = "Harbour"
timeout = "5s"

[log]
level = "debug"
format = "json"
`, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.DSN() != "postgres://bw:canary-pw@db/bw" || c.BaseURL.String() != "https://portal.example.com" || c.SMTP.Port != 2525 ||
		c.SMTP.Password.Reveal() != "canary-pw" || c.CapturesMail() || c.Log.Format != "json" || c.Log.Level != slog.LevelDebug {
		t.Errorf("got %+v", c)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("172.16.0.0/12")}
	if !slices.Equal(c.TrustedProxies, want) {
		t.Errorf("proxies %v", c.TrustedProxies)
	}
	if c.StopDelay != 5*time.Second || c.Metrics.Listen != "127.0.0.1:9180" || !c.TLS.On() || c.TLS.Redirect != ":80" {
		t.Errorf("got %+v", c)
	}
}

func TestHTTPSByItself(t *testing.T) {
	for _, c := range []struct{ name, file, base, redirect string }{
		{"files", "[tls]\ncert = \"c\"\nkey = \"k\"", "https://127.0.0.1:8080", ""},
		{"ACME also listens for those who come by http", "base_url = \"https://p.example\"\n[tls]\nacme = true\nacme_email = \"o@p.example\"", "https://p.example", ":80"},
		{"unless told not to", "base_url = \"https://p.example\"\n[tls]\nacme = true\nacme_email = \"o@p.example\"\nredirect = \"none\"", "https://p.example", ""},
	} {
		got, err := config.Load(source(t, c.file, nil, nil))
		if err != nil || got.BaseURL.String() != c.base || got.TLS.Redirect != c.redirect || !got.TLS.On() {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

func TestStrongestSourceWins(t *testing.T) {
	const file = `listen = ":1"`
	env := map[string]string{"BAILIWICK_LISTEN": ":2"}
	flags := map[string]string{"listen": ":3"}
	for _, c := range []struct {
		name, file string
		env, flags map[string]string
		want       string
	}{
		{"file over default", file, nil, nil, ":1"},
		{"environment over file", file, env, nil, ":2"},
		{"flag over environment", file, env, flags, ":3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := config.Load(source(t, c.file, c.env, c.flags))
			if err != nil || got.Listen != c.want {
				t.Errorf("got %q, %v, want %q", got.Listen, err, c.want)
			}
		})
	}
}

func TestWhatIsWrongIsNamedWithItsRemedy(t *testing.T) {
	for _, c := range []struct {
		name, file string
		env, flags map[string]string
		says       []string
	}{
		{name: "unknown key", file: `lissten = ":1"`, says: []string{`"lissten"`, "no such setting"}},
		{name: "key in the wrong table", file: `host = "x"`, says: []string{`did you mean "smtp.host"`}},
		{name: "not TOML", file: "listen = \n", says: []string{"line 1"}},
		{name: "a table where a value stands", file: "[listen]\nx = 1", says: []string{"listen.x"}},
		{name: "a list of numbers", file: "trusted_proxies = [1]", says: []string{"trusted_proxies"}},
		{name: "listen without a port", env: map[string]string{"BAILIWICK_LISTEN": "localhost"}, says: []string{"BAILIWICK_LISTEN", "host:port"}},
		{name: "port too large", flags: map[string]string{"listen": ":70000"}, says: []string{"--listen"}},
		{name: "database of another kind", file: `database = "mysql://u:canary-pw@h/d"`, says: []string{"database: write postgres://"}},
		{name: "base URL with a path", file: `base_url = "https://x.example/portal"`, says: []string{"base_url", "without a path"}},
		{name: "base URL without scheme", file: `base_url = "portal.example.com"`, says: []string{"https://"}},
		{name: "proxy by name", file: `trusted_proxies = ["proxy.local"]`, says: []string{`"proxy.local"`}},
		{name: "TLS mode", file: "[smtp]\ntls = \"ssl\"", says: []string{"smtp.tls: write starttls or tls or none"}},
		{name: "password in the clear", file: "[smtp]\nhost = \"h\"\nfrom = \"a@b.example\"\ntls = \"none\"\nusername = \"u\"\npassword = \"canary-pw\"",
			says: []string{"smtp.tls", "readable"}},
		{name: "no sender", file: "[smtp]\nhost = \"h\"", says: []string{"smtp.from"}},
		{name: "user without server", file: "[smtp]\nusername = \"u\"\npassword = \"canary-pw\"", says: []string{"smtp.host"}},
		{name: "password without user", file: "[smtp]\nhost = \"h\"\nfrom = \"a@b.example\"\npassword = \"canary-pw\"", says: []string{"smtp.username"}},
		{name: "two at once", file: "listen = \"x\"\n[log]\nlevel = \"loud\"", says: []string{"listen:", "log.level:"}},
		{name: "certificate without key", file: "[tls]\ncert = \"c.pem\"", says: []string{"tls.cert: set tls.cert and tls.key both"}},
		{name: "certificate from two places", file: "base_url = \"https://p.example\"\n[tls]\ncert = \"c\"\nkey = \"k\"\nacme = true\nacme_email = \"o@p.example\"", says: []string{"tls.acme"}},
		{name: "ACME without a name", file: "[tls]\nacme = true\nacme_email = \"o@p.example\"", says: []string{"base_url", "the certificate is for its host"}},
		{name: "ACME without accepting its terms", file: "base_url = \"https://p.example\"\n[tls]\nacme = true", says: []string{"tls.acme_email", "terms"}},
		{name: "HTTPS at an http address", file: "base_url = \"http://p.example\"\n[tls]\ncert = \"c\"\nkey = \"k\"", says: []string{"base_url: write https://"}},
		{name: "redirect to nowhere", file: "[tls]\nredirect = \":80\"", says: []string{"tls.redirect: leave it out"}},
		{name: "ACME directory over http", file: "[tls]\nacme_directory = \"http://acme.example\"", says: []string{"tls.acme_directory"}},
		{name: "metrics without a port", file: "[metrics]\nlisten = \"localhost\"", says: []string{"metrics.listen", "host:port"}},
		{name: "a negative pause", file: "stop_delay = \"-1s\"", says: []string{"stop_delay"}},
		{name: "no time for a mail", file: "[smtp]\ntimeout = \"0s\"", says: []string{"smtp.timeout"}},
		{name: "flag that does not exist", flags: map[string]string{"smtp.hots": "h"}, says: []string{"--smtp-hots"}},
		{name: "no file", env: map[string]string{"BAILIWICK_CONFIG": "/nonexistent/b.toml"}, says: []string{"/nonexistent/b.toml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := config.Load(source(t, c.file, c.env, c.flags))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
			if strings.Contains(err.Error(), "canary-pw") {
				t.Errorf("the message shows a password: %v", err)
			}
		})
	}
	_, err := config.Load(source(t, "listen = \"x\"\n[log]\nlevel = \"loud\"", nil, nil))
	var p *config.Problems
	if !errors.As(err, &p) || len(p.List()) != 2 {
		t.Errorf("got %v, want two problems", err)
	}
}

func TestEveryKeyIsDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range config.Keys() {
		if !strings.HasSuffix(k.Help, ".") || seen[k.EnvName()] {
			t.Errorf("%s: help %q, variable %s", k.Name, k.Help, k.EnvName())
		}
		seen[k.EnvName()] = true
	}
}
