package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/i18n"
	"bailiwick/internal/web/ui/part"
)

func TestLanguagesAreOfferedInTheirOwnWords(t *testing.T) {
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Deps: Deps{Texts: texts}}
	got := s.languages(texts.For("en"))
	want := []part.Option{
		{Value: "", Label: "As your browser asks"}, {Value: "de", Label: "Deutsch"}, {Value: "en", Label: "English"}, {Value: "es", Label: "Español"},
		{Value: "fr", Label: "Français"}, {Value: "pt", Label: "Português"}, {Value: "ar", Label: "العربية"}, {Value: "th", Label: "ไทย"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
}
