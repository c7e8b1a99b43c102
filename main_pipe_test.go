package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// TestOutlivesReaders: a bot goes on when whoever read its log is gone.
func TestOutlivesReaders(t *testing.T) {
	link := linkToSelf(t)
	for _, command := range [][]string{{"run", "--config", "runtime.toml"}, {"dev", "bot.lua", "--serve", "--listen", "127.0.0.1:0"}} {
		t.Run(command[0], func(t *testing.T) {
			sim := ilinksim.New()
			t.Cleanup(sim.Close)
			dir := t.TempDir()
			file := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			file("bot.lua", `function on_message(msg) print(msg.text) msg:reply("heard " .. msg.text) end`)
			file("runtime.toml", fmt.Sprintf("[ilink]\nbase_url = %q\n[[bot]]\nname = \"echo\"\nscript = \"bot.lua\"\ntoken_env = \"T\"\n", sim.URL))
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(link, command...)
			cmd.Dir, cmd.Stdout, cmd.Stderr = dir, writer, writer
			cmd.Env = append(os.Environ(), "T="+sim.AddBot("echo").Token)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cmd.Process.Kill() })
			writer.Close()
			url := ""
			for s := bufio.NewScanner(reader); s.Scan(); {
				if _, u, found := strings.Cut(s.Text(), "simulator at "); found {
					url = u
				}
				if strings.Contains(s.Text(), "script loaded") {
					break
				}
			}
			reader.Close()
			for i := range 3 {
				text, want := fmt.Sprint(i), fmt.Sprint("heard ", i)
				if url != "" { // of the simulator in dev
					converse(t, url, text, want, i)
					continue
				}
				if _, err := sim.Inject(ilinksim.In{Bot: "echo", From: "alice", Text: text}); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				sent, err := sim.WaitSent(ctx, ilinksim.Filter{}, i)
				cancel()
				if err != nil || sent[0].Text != want {
					t.Fatalf("%+v %v", sent, err)
				}
			}
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}
