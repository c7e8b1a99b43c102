package admin

import (
	"slices"
	"testing"

	"github.com/ilinkd/ilinkd/runtime/spec"
)

// TestPseudonyms: no id is left, also where it begins with another one, or stands in
// a file's name.
func TestPseudonyms(t *testing.T) {
	got := []spec.RecordedMessage{
		{User: "bob", Text: "I am bob, not bobby", Name: "bobby.pdf"},
		{User: "bobby", Quote: "bob", Text: "bobby!"},
	}
	pseudonymise(got)
	want := []spec.RecordedMessage{
		{User: "user1", Text: "I am user1, not user2", Name: "user2.pdf"},
		{User: "user2", Quote: "user1", Text: "user2!"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

// TestSecretsAreTakenOut: values of variables are left out whole, and what looks like
// a key.
func TestSecretsAreTakenOut(t *testing.T) {
	t.Setenv("SHORT_KEY", "hunter2")
	t.Setenv("LONG_KEY", "hunter2-and-more")
	redact := secretsIn([]string{"SHORT_KEY", "LONG_KEY", "NONE"})
	for given, want := range map[string]string{
		"it is hunter2-and-more":                 "it is [redacted]",
		"it is hunter2.":                         "it is [redacted].",
		"sk-proj-0123456789abcdef, 好":            "[redacted], 好",
		"Authorization: Bearer abcdefghijklmnop": "Authorization: [redacted]",
		"task-force of skiers":                   "task-force of skiers",
	} {
		if got := redact(given); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}
