package dev

import (
	"bytes"
	"io"
	"testing"
)

func TestScreenClose(t *testing.T) {
	for _, c := range []struct {
		terminal bool
		want     string
	}{{true, prompt + clearLine + "log\n" + prompt + clearLine + "end\n"}, {false, "log\nend\n"}} {
		var b bytes.Buffer
		s := NewScreen(&b, &b, c.terminal)
		s.Prompt()
		io.WriteString(s.Log(), "log\n")
		s.Close()
		io.WriteString(s.Log(), "end\n")
		if b.String() != c.want {
			t.Errorf("terminal %v: got %q, want %q", c.terminal, b.String(), c.want)
		}
	}
}
