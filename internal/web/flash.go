package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"bailiwick/internal/i18n"
)

const flashCookie = "bw_flash"

// flash is the one message that the next page shows. Only texts of the catalogue can be shown, so a forged cookie says nothing new.
type flash struct {
	Key  string   `json:"k"`
	Args []string `json:"a,omitempty"`
}

// setFlash has the next page say that something was done. key stands in the catalogue below "flash.".
func (s *Server) setFlash(w http.ResponseWriter, key string, args ...string) {
	b, err := json.Marshal(flash{key, args})
	if err != nil {
		return // strings always encode
	}
	http.SetCookie(w, &http.Cookie{
		Name: flashCookie, Value: base64.RawURLEncoding.EncodeToString(b), Path: "/",
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode, MaxAge: 60,
	})
}

// takeFlash returns the message left by the previous request and removes it.
func takeFlash(w http.ResponseWriter, r *http.Request, p i18n.Printer) string {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return ""
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1})
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	var f flash
	if err != nil || json.Unmarshal(b, &f) != nil || strings.ContainsAny(f.Key, ". ") {
		return ""
	}
	args := make([]any, len(f.Args))
	for i, a := range f.Args {
		args[i] = a
	}
	return p.T("flash."+f.Key, args...)
}
