package dev

import (
	"os"
	"strings"
	"testing"
)

func TestMessage(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, data := range map[string]string{
		"cat.png": "\x89PNG\r\n\x1a\n", "my cat.png": "\x89PNG\r\n\x1a\n", "clip.mp4": "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42mp41\x00\x00\x00\x00", "list.txt": "milk",
	} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ line, text, kind, err string }{
		{line: "你好 file:cat.png", text: "你好 file:cat.png"},
		{line: "a\xff", text: "a\ufffd"},
		{line: "file:cat.png", kind: "image"},
		{line: "file: cat.png a nice cat", kind: "image", text: "a nice cat"},
		{line: `file:"my cat.png"`, kind: "image"},
		{line: `file: "my cat.png" a nice cat`, kind: "image", text: "a nice cat"},
		{line: `file:"my cat.png`, err: "no quotation mark"},
		{line: `file:""`, err: "names a file"},
		{line: "file:clip.mp4", kind: "video"},
		{line: "file:list.txt", kind: "file"},
		{line: "file:dog.png", err: "dog.png"},
		{line: "file: ", err: "names a file"},
	} {
		in, err := message(c.line)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: error %v, want one with %q", c.line, err, c.err)
			}
			continue
		}
		kind := ""
		switch {
		case in.Image != nil:
			kind = "image"
		case in.Video != nil:
			kind = "video"
		case in.File != nil:
			kind = "file"
		}
		if err != nil || kind != c.kind || in.Text != c.text {
			t.Errorf("%q is %q with %q, %v; want %q with %q", c.line, kind, in.Text, err, c.kind, c.text)
		}
	}
}
