package web

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

const smallContract = `{"servers": [{"url": "/api/v1"}], "paths": {"/things/{thing}": {
	"patch": {"operationId": "editThing", "summary": "Edit", "tags": ["Some things"], "x-permission": "things.edit",
		"parameters": [{"name": "thing", "in": "path", "required": true, "schema": {"type": "string"}}, {"name": "If-Match", "in": "header", "schema": {"type": "string"}}],
		"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
		"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}, "404": {"$ref": "x"}}},
	"get": {"operationId": "getThing", "tags": ["Some things"], "responses": {"204": {}}}}},
	"components": {"schemas": {"Thing": {"type": "object", "required": ["name"], "properties": {
		"parts": {"type": "array", "maxItems": 3, "items": {"$ref": "#/components/schemas/Thing"}},
		"name": {"type": "string", "maxLength": 8, "description": "Its name.", "examples": ["it's"]},
		"roles": {"type": "object", "additionalProperties": {"type": "string"}}}}}}}`

func TestTheReferenceReadsAContract(t *testing.T) {
	groups, err := readContract([]byte(smallContract), &url.URL{Scheme: "https", Host: "portal.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != 1 || groups[0].Slug != "some-things" || len(groups[0].Operations) != 2 || groups[0].Operations[0].ID != "getThing" {
		t.Fatalf("groups: %+v", groups)
	}
	edit := groups[0].Operations[1]
	var names []string
	for _, v := range edit.Body {
		names = append(names, v.Name+" "+v.Type)
	}
	if got := strings.Join(names, ", "); got != "name string, parts object[], roles object" {
		t.Errorf("a thing that contains things is listed as %s", got)
	}
	if !edit.Body[0].Required || edit.Body[0].Doc != "Its name." || *edit.Body[0].MaxLength != 8 || *edit.Body[1].MaxItems != 3 {
		t.Errorf("body: %+v", edit.Body)
	}
	if !json.Valid([]byte(edit.Example)) || edit.Permission != "things.edit" || len(edit.Answers) != 1 || len(edit.Problems) != 1 {
		t.Errorf("operation: %+v", edit)
	}
	for _, want := range []string{`-X PATCH "https://portal.example.com/api/v1/things/$THING"`, `'If-Match: "3"'`, `it'\''s`} {
		if !strings.Contains(edit.Curl, want) {
			t.Errorf("%s is not in\n%s", want, edit.Curl)
		}
	}
}
