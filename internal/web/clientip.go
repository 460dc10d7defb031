package web

import (
	"maps"
	"net/http"
	"net/netip"
	"strings"
)

// clientIP is the address of the client: that of the connection, or, when the connection comes from a trusted proxy,
// the right-most address in X-Forwarded-For that is not a trusted proxy itself (IP01). It is "" when there is none.
func (s *Server) clientIP(r *http.Request) string {
	if ip := clientAddress(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), s.TrustedProxies); ip.IsValid() {
		return ip.String()
	}
	return ""
}

// overPlainHTTP reports whether a trusted proxy says that the client came to it by http. Nobody else is believed (IP01).
func (s *Server) overPlainHTTP(r *http.Request) bool {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !isTrusted(at.Addr().Unmap().WithZone(""), s.TrustedProxies) {
		return false
	}
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	return strings.EqualFold(strings.TrimSpace(said[len(said)-1]), "http")
}

// encrypted sends those who came to a proxy of ours by http to the portal's own address, if that is https. Otherwise
// they could not sign in: cookies are for https alone.
func (s *Server) encrypted(next http.Handler) http.Handler {
	on := s.ToBaseURL()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		probe := r.URL.Path == probeAlive || r.URL.Path == probeReady
		if s.secure && !probe && s.overPlainHTTP(r) {
			on.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ToBaseURL sends every request on to the same page at the configured address, whatever host the client named, or at
// the verified domain that they came to (REC03). A name that is nobody's is not sent anywhere.
func (s *Server) ToBaseURL() http.Handler {
	return s.hardened(s.hosted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), pageFields)
		http.Redirect(w, r, s.origin(r)+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})))
}

func clientAddress(remote string, forwarded []string, trusted []netip.Prefix) netip.Addr {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	ip := at.Addr().Unmap().WithZone("")
	if !isTrusted(ip, trusted) {
		return ip
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(ip, trusted); i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			return ip // what cannot be read was not written by the proxy we trust
		}
		ip = hop
	}
	return ip
}

// parseHop reads one hop: an address, with or without a port.
func parseHop(s string) (netip.Addr, error) {
	if at, err := netip.ParseAddrPort(s); err == nil {
		return at.Addr().Unmap().WithZone(""), nil
	}
	ip, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return ip.Unmap().WithZone(""), err
}

func isTrusted(ip netip.Addr, trusted []netip.Prefix) bool {
	for _, p := range trusted {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
