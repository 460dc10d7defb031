package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"bailiwick/internal/secret"
)

func TestStringShowsItselfNowhere(t *testing.T) {
	const canary = "canary-7f3a"
	type box struct{ Password secret.String }
	held := box{secret.Wrap(canary)}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", held, held.Password)
	}
	js, err := json.Marshal(held)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(js)
	slog.New(slog.NewTextHandler(&out, nil)).Info("text", "pw", held.Password, "box", held)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "pw", held.Password, "box", held)
	if strings.Contains(out.String(), canary) || strings.Contains(out.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("the text shows:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "***") {
		t.Errorf("nothing says that something is hidden:\n%s", out.String())
	}
	if held.Password.Reveal() != canary {
		t.Error("Reveal does not give the text back")
	}
}
