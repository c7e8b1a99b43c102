package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/runtime/spec"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// RecordOptions say what is recorded.
type RecordOptions struct {
	Bot string
	// User is whose conversation, "" for all.
	User string
	// From and To are the times between which it was.
	From, To time.Time
	// KeepIDs leaves the users' ids as they are; otherwise they are user1, user2, ….
	KeepIDs bool
}

// Record writes what a bot and its users have said to each other to w, as a
// recording that specs can replay. It has no tokens, keys or files; texts are as they
// were, but for what looks like a key and the values of variables that the script
// may read.
func Record(ctx context.Context, o Options, what RecordOptions, w io.Writer) error {
	var in []store.Inbound
	var out []store.Send
	err := o.withStore(ctx, func(st *store.Store) (err error) {
		in, out, err = st.Exchange(ctx, what.Bot, what.User, what.From, what.To)
		return err
	})
	if err == nil {
		err = o.checkBot(what.Bot, len(in)+len(out) > 0)
	}
	if err != nil {
		return err
	}
	if len(in) == 0 {
		return errors.New("nothing was received from there in that time")
	}
	r := spec.Recording{Bot: what.Bot, Started: in[0].Received.Truncate(time.Second).UTC()}
	redact := secretsIn(nil)
	for _, b := range o.Config.Bots {
		if b.Name == what.Bot {
			r.Script = filepath.ToSlash(b.Script)
			redact = secretsIn(b.Allow.Env)
		}
	}
	for i := range in {
		r.Messages = append(r.Messages, inboundLine(&in[i], r.Started))
	}
	for i := range out {
		r.Messages = append(r.Messages, sendLine(&out[i], r.Started))
	}
	slices.SortStableFunc(r.Messages, func(a, b spec.RecordedMessage) int { return cmp.Compare(a.After, b.After) })
	if !what.KeepIDs {
		pseudonymise(r.Messages)
	}
	for i := range r.Messages {
		m := &r.Messages[i]
		m.Text, m.Quote, m.Name = redact(m.Text), redact(m.Quote), redact(m.Name)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the recording: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s\n", text); err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

func inboundLine(in *store.Inbound, started time.Time) spec.RecordedMessage {
	line := spec.RecordedMessage{After: after(in.Received, started), User: in.User}
	var m ilink.Message
	if json.Unmarshal(in.Message, &m) != nil {
		return line
	}
	line.Text = m.Text()
	for i := range m.Items {
		item := &m.Items[i]
		if ref := item.RefMsg; ref != nil && line.Quote == "" {
			if line.Quote = ref.Title; ref.Item != nil && ref.Item.Text != nil {
				line.Quote = ref.Item.Text.Text
			}
		}
		if item.Type != ilink.ItemTypeText && line.Kind == "" {
			describeItem(&line, item)
		}
	}
	return line
}

func sendLine(s *store.Send, started time.Time) spec.RecordedMessage {
	line := spec.RecordedMessage{After: after(s.Created, started), User: s.User, FromBot: true}
	var item ilink.Item
	if s.Kind != store.PayloadItem {
		line.Kind = s.Kind
	} else if json.Unmarshal(s.Payload, &item) == nil {
		describeItem(&line, &item)
	}
	return line
}

// describeItem notes what an item is.
func describeItem(line *spec.RecordedMessage, item *ilink.Item) {
	switch {
	case item.Type == ilink.ItemTypeText && item.Text != nil:
		line.Text = item.Text.Text
		return
	case item.Type == ilink.ItemTypeVoice && item.Voice != nil:
		line.Text = item.Voice.RecognText
	case item.Type == ilink.ItemTypeFile && item.File != nil:
		line.Name = item.File.FileName
	}
	line.Kind = item.Type.String()
}

func after(t, started time.Time) float64 { return max(0, t.Sub(started).Seconds()) }

// pseudonymise gives users other names, also where texts and files name them.
func pseudonymise(messages []spec.RecordedMessage) {
	names := map[string]string{}
	for i := range messages {
		if id := messages[i].User; names[id] == "" {
			names[id] = fmt.Sprintf("user%d", len(names)+1)
		}
	}
	replace := replacer(names)
	for i := range messages {
		m := &messages[i]
		m.User = names[m.User]
		m.Text, m.Quote, m.Name = replace.Replace(m.Text), replace.Replace(m.Quote), replace.Replace(m.Name)
	}
}

// replacer puts values in the place of keys, the longest first: one may begin with
// another.
func replacer(by map[string]string) *strings.Replacer {
	var pairs []string
	for _, old := range slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Compare(len(b), len(a)) }) {
		pairs = append(pairs, old, by[old])
	}
	return strings.NewReplacer(pairs...)
}

// keyLike is what services' keys look like.
var keyLike = regexp.MustCompile(`\b(?:sk|pk|rk|gh[opsu]|xox[a-z])[-_][A-Za-z0-9_-]{12,}|(?i:bearer) [A-Za-z0-9._~+/-]{12,}=*`)

// secretsIn returns what takes the values of environment variables, and what looks
// like a key, out of a text.
func secretsIn(variables []string) func(string) string {
	const shortest = 6
	values := map[string]string{}
	for _, name := range variables {
		if value := os.Getenv(name); len(value) >= shortest {
			values[value] = "[redacted]"
		}
	}
	known := replacer(values)
	return func(s string) string { return keyLike.ReplaceAllString(known.Replace(s), "[redacted]") }
}
