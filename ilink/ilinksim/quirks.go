package ilinksim

import (
	"fmt"
	"slices"
	"strings"
)

// A Quirk is a way of the real server's, or of some of its clients' reports, that
// the simulator has on request alone: by default it is as most clients meet it.
type Quirk string

const (
	// RefuseAppHeaders answers -14 to calls without the iLink-App-* headers, as a
	// few users report. By default they are served, with a warning.
	RefuseAppHeaders Quirk = "refuse_app_headers"
	// RefuseBaseInfo refuses bodies without base_info.channel_version.
	RefuseBaseInfo Quirk = "refuse_base_info"
	// StringIDs gives message ids as strings, every other one.
	StringIDs Quirk = "string_ids"
	// BigIDs gives message ids above 2^63 - 1, every fourth one.
	BigIDs Quirk = "big_ids"
	// ShortSession answers -14 with one of its fields alone, which depends on the
	// cause.
	ShortSession Quirk = "short_session"
	// OneUploadForm answers getuploadurl with upload_param or upload_full_url, in turns.
	OneUploadForm Quirk = "one_upload_form"
	// KeyForms gives the keys of users' media in each form in turns, and full_url
	// only now and then.
	KeyForms Quirk = "key_forms"
	// FullURLOnly answers 500 to downloads by an address built from the parameter.
	FullURLOnly Quirk = "full_url_only"
	// NoItemIDs leaves msg_id out of items.
	NoItemIDs Quirk = "no_item_ids"
	// RetOfUpdates has answers to getupdates carry "ret":0.
	RetOfUpdates Quirk = "ret_of_updates"
	// PlaySeconds gives play_length in seconds.
	PlaySeconds Quirk = "play_seconds"
	// AnyContextToken takes any context token.
	AnyContextToken Quirk = "any_context_token"
	// LongTexts delivers texts of up to 4,000 characters whole, not 2,000.
	LongTexts Quirk = "long_texts"
	// SplitTexts delivers a user's long text in pieces near 2,048 characters.
	SplitTexts Quirk = "split_texts"
	// ReusedCipher serves the old ciphertext under a new key for a file that a user
	// sends again.
	ReusedCipher Quirk = "reused_cipher"
	// Recompress delivers users' images compressed anew.
	Recompress Quirk = "recompress"
)

// Quirks are all that there are.
func Quirks() []Quirk {
	return []Quirk{
		RefuseAppHeaders, RefuseBaseInfo, StringIDs, BigIDs, ShortSession, OneUploadForm, KeyForms, FullURLOnly, NoItemIDs,
		RetOfUpdates, PlaySeconds, AnyContextToken, LongTexts, SplitTexts, ReusedCipher, Recompress,
	}
}

// WithQuirks has the simulator behave in ways that it doesn't by default.
func WithQuirks(quirks ...Quirk) Option {
	return func(o *options) { o.quirks = append(o.quirks, quirks...) }
}

// ParseQuirks reads quirks by their names.
func ParseQuirks(names []string) ([]Quirk, error) {
	var all []Quirk
	for _, name := range names {
		q := Quirk(strings.ReplaceAll(name, "-", "_"))
		if !slices.Contains(Quirks(), q) {
			return nil, fmt.Errorf("there is no quirk %q; there are %v", name, Quirks())
		}
		all = append(all, q)
	}
	return all, nil
}

func (s *Server) has(q Quirk) bool { return slices.Contains(s.opts.quirks, q) }
