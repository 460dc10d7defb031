package i18n

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// alike are the texts that a language shares with English.
var alike = map[string][]string{
	"de": {
		"Admin", "Admins", "Code", "Domains", "Form", "Format", "In {name}", "in {path}", "Layout", "Link", "Logo", "Marketing", "Name", "Person", "Portal", "Reseller", "Status",
		"Support", "System", "Text", "Token", "Website",
	},
	"es": {"Marketing", "No", "Portal", "Token", "Visible"},
	"fr": {
		"Action", "Actions", "Client", "Clients", "Code", "Contact", "Contacts", "Date", "Description", "Format", "Imports", "Invitation", "Invitations", "invitations", "Logo",
		"Marketing", "Message", "Messages", "minutes", "Module", "Modules", "Note", "Notifications", "Pages", "Quotas", "Sections", "Sessions", "Source", "Type", "Visible",
		"{count} clients", "{count} invitations", "{count} minutes",
	},
	"pt": {"Envelope", "Link", "Marketing", "Portal", "Status", "Token"},
}

// everywhere are those that all languages share: signs, and names of things.
var everywhere = []string{"ID", "MB", "Webhooks", "{count} MB", "SMS", "{count} SMS"}

// TestNothingIsLeftInEnglish finds what was copied and not translated. A word that is the same in both goes into alike.
func TestNothingIsLeftInEnglish(t *testing.T) {
	c, langs := translations(t)
	for lang, messages := range langs {
		met := map[string]bool{}
		for key, m := range messages {
			en := english(t, c)[key]
			if en == nil || m.Other != en.Other || !strings.ContainsFunc(place.ReplaceAllString(en.Other, ""), unicode.IsLetter) || slices.Contains(everywhere, en.Other) {
				continue
			}
			met[en.Other] = true
			if !slices.Contains(alike[lang], en.Other) {
				t.Errorf("%s %q is the English: %s", lang, key, en.Other)
			}
		}
		for _, text := range alike[lang] {
			if !met[text] {
				t.Errorf("%s: %q stands in alike, but nothing reads so any more", lang, text)
			}
		}
	}
}
