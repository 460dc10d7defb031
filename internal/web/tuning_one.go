package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"bailiwick/internal/audit"
	"bailiwick/internal/authz"
	"bailiwick/internal/brand"
	"bailiwick/internal/i18n"
	"bailiwick/internal/setting"
	"bailiwick/internal/tuning"
	"bailiwick/internal/web/ui/part"
	ui "bailiwick/internal/web/ui/tuning"
)

// lately is how many changes of a setting are shown.
const lately = 20

// settingPage shows all that is known of one setting on an account: its value at each level, whom a lock would reach,
// and how it changed.
func (s *Server) settingPage(w http.ResponseWriter, r *http.Request, by authz.Actor) error {
	id, err := accountOf(r)
	if err != nil {
		return err
	}
	page, f, err := s.Tuning.One(r.Context(), by, id, r.PathValue("setting"))
	if err != nil {
		return err
	}
	return s.showSetting(w, r, by, page, f)
}

func (s *Server) showSetting(w http.ResponseWriter, r *http.Request, by authz.Actor, page tuning.Page, f tuning.Field) error {
	p := i18n.From(r.Context())
	b, err := s.Tuning.Below(r.Context(), by, page.Account, page.Tab, f.Name)
	if err != nil {
		return err
	}
	v := ui.One{Title: settingLabel(p, f.Name), Hint: settingHint(p, f.Name), Back: accountPath(page.Account, "/"+string(page.Tab)), Facts: settingFacts(p, f), Reach: p.T("setting.reach", "count", b.Accounts, "own", b.Own)}
	_, sc, err := s.Ops.See(r.Context(), by, page.Account)
	if err != nil {
		return err
	}
	if sc.Has(authz.AuditView) {
		v.Log = accountPath(page.Account, "/audit")
		if v.History, _, err = s.activity(r, by, page.Account, audit.Filter{Target: f.Name, Noun: "setting", Limit: lately}); err != nil {
			return err
		}
	}
	return s.section(w, r, by, http.StatusOK, sc, string(page.Tab), v)
}

func settingFacts(p i18n.Printer, f tuning.Field) []part.Fact {
	var out []part.Fact
	add := func(key, text string) { out = append(out, part.Fact{Term: p.T("setting." + key), Text: text}) }
	add("in_force", settingText(p, f, f.Value))
	switch {
	case f.From.IsDefault():
		add("comes_from", p.T("setting.is_default"))
	case f.From.Depth == 0:
		add("comes_from", p.T("setting.this_account"))
	default:
		add("comes_from", providerName(p, f.From.Name))
	}
	if f.Own != nil {
		add("own", settingText(p, f, f.Own))
	}
	add("above", settingText(p, f, f.Above))
	if f.From.Locked {
		add("locked", providerName(p, f.From.LockedBy.Name))
	}
	if f.Guard {
		add("rule", p.T("setting.only_stricter"))
	}
	return out
}

func settingLabel(p i18n.Printer, name string) string { return p.T(setting.TextKey(name)) }

// settingHint says what a setting does where its label does not; "" where it does.
func settingHint(p i18n.Printer, name string) string {
	if key := setting.TextKey(name) + "_hint"; p.Has(key) {
		return p.T(key)
	}
	return ""
}

func settingOption(p i18n.Printer, name, option string) string {
	return p.T(setting.TextKey(name) + "_" + option)
}

// settingAmount is a number with its unit, where it has one.
func settingAmount(p i18n.Printer, unit string, n int) string {
	if unit == "" {
		return p.Number(int64(n))
	}
	return p.T("setting.amount_"+unit, "count", n)
}

func settingOptions(p i18n.Printer, f tuning.Field) []part.Option {
	out := make([]part.Option, len(f.Control.Options))
	for i, o := range f.Control.Options {
		out[i] = part.Option{Value: o, Label: settingOption(p, f.Name, o)}
	}
	return out
}

// settingText says a value in words.
func settingText(p i18n.Printer, f tuning.Field, value json.RawMessage) string {
	shown := f.Control.Show(value)
	text := strings.Join(shown, ", ")
	switch f.Control.Kind {
	case setting.Optional:
		var n int
		if json.Unmarshal(value, &n) == nil && n == 0 {
			return p.T("setting.off")
		}
		return settingAmount(p, f.Control.Unit, n)
	case setting.Number:
		var n int
		if json.Unmarshal(value, &n) == nil {
			return settingAmount(p, f.Control.Unit, n)
		}
	case setting.Switch:
		if len(shown) == 0 {
			return p.T("setting.off")
		}
		return p.T("setting.on")
	case setting.Image:
		if text != "" {
			return pictureText(p, brand.Image(text))
		}
	case setting.Mail:
		text = strings.Join(slices.DeleteFunc(shown, func(t string) bool { return t == "" }), "\n")
	case setting.Choice, setting.Choices:
		for i, o := range shown {
			shown[i] = settingOption(p, f.Name, o)
		}
		text = strings.Join(shown, p.T("part.comma")+" ")
	}
	if text == "" {
		if key := setting.TextKey(f.Name) + "_empty"; p.Has(key) {
			return p.T(key) // none chosen is all of them
		}
		return p.T("setting.nothing")
	}
	return text
}
