package faulttest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// left is a world in which alice was answered, and parts of a long answer to her
// wait in a store that was closed in an orderly way.
func left(t *testing.T, s setup) *world {
	t.Helper()
	s.script = parts
	w := newWorld(t, quick(s))
	w.start()
	w.say("bot0", "alice", "parts defer")
	w.expect("alice", want(1, 10)...)
	w.until("the rest waits", func() bool { return w.logged("result: deferred") == 1 })
	w.polling()
	w.stop()
	return w
}

// goesOn checks that what waited is still there, and nothing was sent meanwhile.
func (w *world) goesOn() {
	w.t.Helper()
	w.start()
	w.idle("bob")
	w.say("bot0", "alice", "go on")
	w.expect("alice", want(11, 20)...)
	w.noneRefused()
}

// refuses starts ilinkd, which must end with 1 and with words that say why.
func (w *world) refuses(words ...string) {
	w.t.Helper()
	w.start()
	if code := w.wait(); code != 1 {
		w.t.Errorf("exit code %d, want 1", code)
	}
	log := w.log()
	last := log[len(log)-1].Msg
	for _, word := range words {
		if !strings.HasPrefix(last, "ilinkd: ") || !strings.Contains(last, word) {
			w.t.Errorf("%q is not told: %s", word, last)
		}
	}
}

// A damaged store is set aside whole, told of, and not replaced without a word
// of the operator's; with a backup in its place all goes on.
func TestDamagedStore(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"truncated": func(b []byte) []byte { return b[:len(b)/2] },
		"empty":     func([]byte) []byte { return nil },
		"header":    func(b []byte) []byte { return append([]byte(strings.Repeat("garbage!", 32)), b[256:]...) },
		"pages": func(b []byte) []byte {
			b = slices.Clone(b)
			for i := 4096; i < len(b); i++ {
				b[i] ^= 0x5a
			}
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := left(t, setup{})
			path := filepath.Join(w.dir, "data", "ilinkd.db")
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			damaged := damage(whole)
			w.put(path, damaged)

			w.refuses("damaged", "set aside", path, "--fresh-store")
			aside, err := filepath.Glob(path + ".damaged-*Z")
			if err != nil || len(aside) != 1 {
				t.Fatalf("set aside: %q, %v", aside, err)
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || !slices.Equal(kept, damaged) {
				t.Errorf("what was set aside is not what was there (%v)", err)
			}
			w.refuses("set aside", aside[0], "--fresh-store")
			if _, err := os.Stat(path); err == nil {
				t.Error("there is a new store")
			}

			w.put(path, whole)
			w.goesOn()
		})
	}
}

// An operator may decide to start with nothing.
func TestFreshStore(t *testing.T) {
	t.Parallel()
	w := left(t, setup{})
	w.put(filepath.Join(w.dir, "data", "ilinkd.db"), []byte(strings.Repeat("garbage!", 1000)))
	w.refuses("damaged")
	w.start("--fresh-store")
	w.idle("bob")
	w.say("bot0", "alice", "hello")
	w.expect("alice", "re: hello")
	w.noneRefused()
}

func (w *world) put(path string, content []byte) {
	w.t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		w.t.Fatal(err)
	}
}
