package dev

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// filePrefix is what a line begins with that is a file to be sent.
const filePrefix = "file:"

// message is what a line says: a text, or as "file:cat.png a nice cat" a file, shown
// as what it is, perhaps with a text. A name with spaces stands in quotation marks.
func message(line string) (ilinksim.In, error) {
	in := ilinksim.In{From: user, Text: strings.ToValidUTF8(line, "\ufffd")}
	rest, found := strings.CutPrefix(line, filePrefix)
	if !found {
		return in, nil
	}
	rest = strings.TrimSpace(rest)
	path, text, _ := strings.Cut(rest, " ")
	if quoted, found := strings.CutPrefix(rest, `"`); found {
		var closed bool
		if path, text, closed = strings.Cut(quoted, `"`); !closed {
			return in, fmt.Errorf("the name of the file has no quotation mark at its end: %s", rest)
		}
		text = strings.TrimSpace(text)
	}
	if path == "" {
		return in, fmt.Errorf("a line that begins with %s names a file, such as %sphotos/cat.png", filePrefix, filePrefix)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return in, fmt.Errorf("read the file to be sent: %w", err)
	}
	in.Text = strings.ToValidUTF8(text, "\ufffd")
	blob := &ilinksim.Blob{Name: filepath.Base(path), Data: data}
	switch kind, _, _ := strings.Cut(http.DetectContentType(data), "/"); kind {
	case "image":
		in.Image = blob
	case "video":
		in.Video = blob
	default:
		in.File = blob
	}
	return in, nil
}
