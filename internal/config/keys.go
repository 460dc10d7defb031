package config

import (
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"bailiwick/internal/secret"
)

// Key describes one setting, for the command line and the documentation.
type Key struct {
	Name    string // as in the file: "smtp.host"
	Default string
	Help    string
	Secret  bool // not offered as a flag: other users of the machine could read it
}

// Keys lists every setting in the order people look for them.
func Keys() []Key {
	return []Key{
		{Name: "listen", Default: "127.0.0.1:8080", Help: "Address and port to listen on."},
		{Name: "data", Default: "./data", Help: "Directory of the database file and the master key."},
		{Name: "database", Help: "PostgreSQL address, postgres://user@host/name. Empty: a SQLite file in the data directory."},
		{Name: "database_listen", Help: "Address of the PostgreSQL server itself, to hear other nodes, when database is that of a pooler. Empty: the same."},
		{Name: "base_url", Help: "Address people open in the browser, as https://portal.example.com. Empty: http:// and the listen address."},
		{Name: "trusted_proxies", Help: "Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas."},
		{Name: "tls.cert", Help: "PEM file of the certificate chain. With tls.key the portal speaks HTTPS itself; both are read again when they change, and on SIGHUP."},
		{Name: "tls.key", Help: "PEM file of the certificate's key."},
		{Name: "tls.acme", Default: "false", Help: "true: get the certificate of base_url's host from an ACME server and renew it."},
		{Name: "tls.acme_email", Help: "Operator's address for the ACME server. Giving it accepts the server's terms."},
		{Name: "tls.acme_directory", Default: "https://acme-v02.api.letsencrypt.org/directory", Help: "Directory address of the ACME server."},
		{Name: "tls.acme_roots", Help: "PEM file of the roots that vouch for an ACME server of your own. Empty: the system's."},
		{Name: "tls.redirect", Help: "Address and port of a listener that sends http:// on to https:// and answers the ACME server, as :80. Empty: :80 with tls.acme, else none. none: no such listener."},
		{Name: "stop_delay", Default: "0s", Help: "How long to go on serving after being told to stop, while /readyz already says no: as long as a load balancer takes to notice."},
		{Name: "metrics.listen", Help: "Address and port of a listener of its own for /metrics, /healthz and /readyz. It asks nobody who they are. Empty: none."},
		{Name: "mail", Default: "auto", Help: "auto: mail goes to smtp.host, or is captured while there is none. off: no mail is made, and links are shown once to who makes them."},
		{Name: "smtp.host", Help: "Mail server. Empty: mail is captured and shown in the portal, not sent."},
		{Name: "smtp.port", Help: "Port of the mail server. Empty: 587, 465 or 25 by smtp.tls."},
		{Name: "smtp.username", Help: "User name at the mail server. Empty: no sign-in."},
		{Name: "smtp.password", Help: "Password at the mail server.", Secret: true},
		{Name: "smtp.tls", Default: "starttls", Help: "Protection of the connection: starttls, tls or none."},
		{Name: "smtp.from", Help: "Sender's address of the mails."},
		{Name: "smtp.from_name", Help: "Sender's name of the mails. Empty: the name of the platform."},
		{Name: "smtp.timeout", Default: "30s", Help: "Longest time to hand one mail over."},
		{Name: "log.level", Default: "info", Help: "Least serious entries to log: debug, info, warn or error."},
		{Name: "log.format", Default: "text", Help: "Form of the log: text or json."},
		{Name: "api.requests_per_minute", Default: "3000", Help: "Requests to the API that one key may make in a minute, on each node. 0: no limit."},
	}
}

func known(key string) bool {
	return slices.ContainsFunc(Keys(), func(k Key) bool { return k.Name == key })
}

// envName is BAILIWICK_SMTP_HOST for "smtp.host".
func envName(key string) string {
	return "BAILIWICK_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// EnvName returns the environment variable of a setting.
func (k Key) EnvName() string { return envName(k.Name) }

// nearest suggests the setting that was probably meant.
func nearest(key string) string {
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, k := range Keys() {
		if strings.HasSuffix(k.Name, last) || strings.EqualFold(strings.ReplaceAll(k.Name, "_", ""), strings.NewReplacer("_", "", "-", "").Replace(key)) {
			return fmt.Sprintf(" (did you mean %q?)", k.Name)
		}
	}
	return ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// reading turns texts into values and notes what cannot be read.
type reading struct {
	src      Source
	file     map[string]string
	problems []string
}

// text returns the value of a key from the strongest source that has it, and
// that source's name for messages.
func (r *reading) text(key string) (value, where string) {
	if v, ok := r.src.Flags[key]; ok {
		return v, "--" + FlagName(key)
	}
	if v, ok := r.src.Env(envName(key)); ok {
		return v, envName(key)
	}
	if v, ok := r.file[key]; ok {
		return v, key
	}
	for _, k := range Keys() {
		if k.Name == key {
			return k.Default, key
		}
	}
	return "", key
}

// FlagName is smtp-host for "smtp.host".
func FlagName(key string) string { return strings.NewReplacer(".", "-", "_", "-").Replace(key) }

func (r *reading) problem(where, remedy string) { r.problems = append(r.problems, where+": "+remedy) }

func (r *reading) config() Config {
	c := Config{
		Listen:         r.listen("listen"),
		Data:           r.required("data", "name a directory, as ./data"),
		Database:       r.database("database"),
		DatabaseListen: r.database("database_listen"),
		TrustedProxies: r.proxies(),
		TLS:            r.tls(),
		StopDelay:      r.duration("stop_delay", 0),
		MailOff:        r.oneOf("mail", "auto", "off") == "off",
		SMTP:           r.smtp(),
		Log:            Log{Level: r.level(), Format: r.oneOf("log.format", "text", "json")},
		API:            API{PerMinute: r.count("api.requests_per_minute", 1_000_000)},
	}
	if v, _ := r.text("metrics.listen"); v != "" {
		c.Metrics.Listen = r.listen("metrics.listen")
	}
	c.BaseURL = r.baseURL(c)
	return c
}

func (r *reading) required(key, remedy string) string {
	v, where := r.text(key)
	if strings.TrimSpace(v) == "" {
		r.problem(where, remedy)
	}
	return v
}

func (r *reading) listen(key string) string {
	v, where := r.text(key)
	_, port, err := net.SplitHostPort(v)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		r.problem(where, fmt.Sprintf("write host:port, as 127.0.0.1:8080 or :8080, not %q", v))
	}
	return v
}

func (r *reading) database(key string) secret.String {
	v, where := r.text(key)
	if v == "" {
		return secret.String{}
	}
	// The text may hold a password, so it is not repeated, nor is the parser's error.
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" && u.Query().Get("host") == "" {
		r.problem(where, "write postgres://user:password@host:port/name, or leave it empty for SQLite")
	}
	return secret.Wrap(v)
}

func (r *reading) baseURL(c Config) *url.URL {
	v, where := r.text("base_url")
	if v == "" {
		if c.TLS.On() {
			return &url.URL{Scheme: "https", Host: reachable(c.Listen)}
		}
		return &url.URL{Scheme: "http", Host: reachable(c.Listen)}
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" || strings.TrimSuffix(u.Path, "/") != "" {
		r.problem(where, fmt.Sprintf("write the address that people open, as https://portal.example.com, without a path, not %q", v))
		return nil
	}
	u.Path = ""
	return u
}

// reachable turns an address to listen on into one that a browser here can open.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// mappedBits stand before the IPv4 address in ::ffff:192.0.2.1 (RFC 4291, section 2.5.5.2).
const mappedBits = 96

func (r *reading) proxies() (out []netip.Prefix) {
	v, where := r.text("trusted_proxies")
	for _, p := range strings.FieldsFunc(v, func(c rune) bool { return c == ',' || c == ' ' }) {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			ip, ierr := netip.ParseAddr(p)
			if ierr != nil {
				r.problem(where, fmt.Sprintf("write addresses or networks, as 10.0.0.1 or 10.0.0.0/8, not %q", p))
				continue
			}
			prefix = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())
		}
		if a := prefix.Addr(); a.Is4In6() && prefix.Bits() >= mappedBits {
			prefix = netip.PrefixFrom(a.Unmap(), prefix.Bits()-mappedBits)
		}
		out = append(out, prefix.Masked())
	}
	return out
}

func (r *reading) tls() TLS {
	t := TLS{ACME: r.oneOf("tls.acme", "true", "false") == "true"}
	t.Cert, _ = r.text("tls.cert")
	t.Key, _ = r.text("tls.key")
	t.Email, _ = r.text("tls.acme_email")
	t.Roots, _ = r.text("tls.acme_roots")
	directory, where := r.text("tls.acme_directory")
	if u, err := url.Parse(directory); err != nil || u.Scheme != "https" || u.Host == "" {
		r.problem(where, fmt.Sprintf("write the address of the server's directory, as https://acme.example.com/directory, not %q", directory))
	}
	t.Directory = directory
	switch redirect, _ := r.text("tls.redirect"); redirect {
	case "none":
	case "":
		if t.ACME {
			t.Redirect = ":80"
		}
	default:
		t.Redirect = r.listen("tls.redirect")
	}
	return t
}

func (r *reading) smtp() SMTP {
	s := SMTP{TLS: r.oneOf("smtp.tls", "starttls", "tls", "none"), Port: r.port("smtp.port"), Timeout: r.duration("smtp.timeout", time.Millisecond)}
	s.Host, _ = r.text("smtp.host")
	s.Username, _ = r.text("smtp.username")
	s.FromName, _ = r.text("smtp.from_name")
	password, _ := r.text("smtp.password")
	s.Password = secret.Wrap(password)
	from, where := r.text("smtp.from")
	if from != "" {
		a, err := mail.ParseAddress(from)
		if err != nil || a.Address != from {
			r.problem(where, fmt.Sprintf("write an address, as no-reply@example.com, not %q", from))
		}
	}
	s.From = from
	return s
}

func (r *reading) port(key string) int {
	v, where := r.text(key)
	if v == "" || v == "0" {
		return 0
	}
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil {
		r.problem(where, fmt.Sprintf("write a number from 1 to 65535, not %q", v))
	}
	return int(n)
}

func (r *reading) count(key string, most int) int {
	v, where := r.text(key)
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > most {
		r.problem(where, fmt.Sprintf("write a number from 0 to %d, not %q", most, v))
	}
	return n
}

func (r *reading) duration(key string, least time.Duration) time.Duration {
	v, where := r.text(key)
	d, err := time.ParseDuration(v)
	if err != nil || d < least {
		r.problem(where, fmt.Sprintf("write a time such as 30s or 2m, not %q", v))
	}
	return d
}

func (r *reading) oneOf(key string, allowed ...string) string {
	v, where := r.text(key)
	if !slices.Contains(allowed, v) {
		r.problem(where, fmt.Sprintf("write %s, not %q", strings.Join(allowed, " or "), v))
	}
	return v
}

func (r *reading) level() (l slog.Level) {
	v := r.oneOf("log.level", "debug", "info", "warn", "error")
	switch v {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// checkTogether checks what only several settings together show.
func (r *reading) checkTogether(c Config) {
	r.checkTLS(c)
	s := c.SMTP
	_, host := r.text("smtp.host")
	switch {
	case s.Host != "" && c.MailOff:
		r.problem(host, "leave it out, or write mail = auto: mail is off")
	case s.Host == "" && (s.Username != "" || !s.Password.Empty()):
		r.problem(host, "name the mail server: a user or password for it is set")
	case s.Host != "" && s.From == "":
		_, from := r.text("smtp.from")
		r.problem(from, "name the sender's address: mail goes out through "+s.Host)
	}
	if s.TLS == "none" && s.Username != "" {
		_, tls := r.text("smtp.tls")
		r.problem(tls, "write starttls or tls: the password would travel readable")
	}
	if (s.Username == "") != s.Password.Empty() {
		_, user := r.text("smtp.username")
		r.problem(user, "set smtp.username and smtp.password both, or neither")
	}
}

func (r *reading) checkTLS(c Config) {
	t := c.TLS
	named := func(key string) string { _, where := r.text(key); return where }
	base, _ := r.text("base_url")
	switch {
	case (t.Cert == "") != (t.Key == ""):
		r.problem(named("tls.cert"), "set tls.cert and tls.key both, or neither")
	case t.Cert != "" && t.ACME:
		r.problem(named("tls.acme"), "write false, or leave tls.cert and tls.key out: the certificate comes from one place")
	case t.ACME && base == "":
		r.problem(named("base_url"), "name the portal's address, as https://portal.example.com: the certificate is for its host")
	case t.ACME && t.Email == "":
		r.problem(named("tls.acme_email"), "give your address: with it you accept the terms of "+t.Directory)
	case t.On() && c.BaseURL != nil && c.BaseURL.Scheme != "https":
		r.problem(named("base_url"), "write https://...: the portal speaks HTTPS")
	case !t.On() && t.Redirect != "":
		r.problem(named("tls.redirect"), "leave it out, or set tls.cert and tls.key or tls.acme: there is no HTTPS to send people to")
	}
}

func (r *reading) unknownFlags() {
	for _, k := range sortedKeys(r.src.Flags) {
		if !known(k) {
			r.problem("--"+FlagName(k), "leave it out: there is no such setting")
		}
	}
}
