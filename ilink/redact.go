package ilink

import (
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// redactor takes secrets out of text that goes into errors and logs: those that
// it was told, whatever looks like one by the name in front of it, and what
// follows the path in a URL.
type redactor struct {
	known   *strings.Replacer
	secrets []string
}

const redacted = "[redacted]"

// The names under which the protocol carries secrets, in JSON, in queries and in
// headers.
const secretNames = `bot_token|context_token|aes_?key|encrypt(?:ed)?_query_param|(?:thumb_)?upload_param|` +
	`typing_ticket|qrcode(?:_img_content)?|verify_code|local_token_list|authorization|x-encrypted-param|` +
	`(?:(?:upload_)?full_)?url`

var (
	// namedSecret is a name of a secret and its value behind it. The quotes may be
	// escaped, which is how JSON within JSON looks; a value that was cut off in
	// the middle is one too.
	namedSecret = regexp.MustCompile(`(?i)(\b(?:` + secretNames + `)(?:\\*["']|&quot;|&#34;)?\s*[:=]\s*)` +
		`(\[[^\]]*\]?|\\+"(?:[^"\\]|\\[^"])*(?:\\*")?|"(?:[^"\\]|\\.)*"?|(?:Bearer|Basic)\s+\S+|[^\s&"',}]+)`)
	// bearer is the value of an Authorization header, wherever it stands.
	bearer = regexp.MustCompile(`(?i)(\b(?:Bearer|Basic)\s+)[^\s"'<>]+`)
	// urlSecret is a URL's user and query or fragment.
	urlUser  = regexp.MustCompile(`(://)[^/\s"'@<>]*@`)
	urlQuery = regexp.MustCompile(`(://[^\s"'?#<>]*)[?#][^\s"'<>]*`)
)

// minSecret is the length from which a secret is looked for by its value:
// shorter ones would blot out ordinary words.
const minSecret = 4

func newRedactor(secrets ...string) *redactor {
	var forms []string
	for _, s := range secrets {
		if s = strings.TrimSpace(s); len(s) >= minSecret {
			forms = append(forms, secretForms(s)...)
		}
	}
	// A secret that begins like another must not leave the other's rest behind.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range forms {
		pairs = append(pairs, f, redacted)
	}
	return &redactor{known: strings.NewReplacer(pairs...), secrets: secrets}
}

// secretForms is how a secret may look in an answer that repeats the request.
func secretForms(s string) []string {
	forms := []string{strings.ReplaceAll(s, "/", `\/`)}
	// As it is, in JSON, in JSON within JSON; and each of these in a page or a URL.
	for range 3 {
		forms = append(forms, s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s))
		s = jsonForm(s)
	}
	return forms
}

func jsonForm(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(quoted[1 : len(quoted)-1])
}

// text returns s without secrets and without line breaks, at most maxErrorText
// bytes long.
func (r *redactor) text(s string) string {
	if s == "" {
		return ""
	}
	// Before anything is cut: the half of a secret isn't recognised.
	s = r.known.Replace(s)
	if len(s) > 8*maxErrorText {
		s = cutUTF8(s, 8*maxErrorText)
	}
	s = namedSecret.ReplaceAllString(s, "${1}"+redacted)
	s = bearer.ReplaceAllString(s, "${1}"+redacted)
	s = urlUser.ReplaceAllString(s, "${1}"+redacted+"@")
	s = urlQuery.ReplaceAllString(s, "${1}?"+redacted)
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\ufffd")), " ")
	if len(s) > maxErrorText {
		s = cutUTF8(s, maxErrorText) + "…"
	}
	return s
}

// maxErrorText bounds what a server's answer may put into an error: enough to
// recognise a gateway's HTML page, little enough for a log line.
const maxErrorText = 200

// cutUTF8 cuts s to at most n bytes, never within a code point.
func cutUTF8(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func isEOF(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// and returns a redactor that knows further secrets too.
func (r *redactor) and(secrets ...string) *redactor {
	return newRedactor(slices.Concat(secrets, r.secrets)...)
}
