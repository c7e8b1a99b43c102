package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/spec/spectest"
)

// TestScripts runs the specs of the bots in scripts.
func TestScripts(t *testing.T) { spectest.Run(t, "scripts") }

// TestScriptsInProcesses: they do the same with isolation = "process".
func TestScriptsInProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each case")
	}
	command, err := runtime.SandboxCommand(sandboxArg)
	if err != nil {
		t.Fatal(err)
	}
	spectest.RunInProcesses(t, "scripts", command)
}

// TestScriptsAreComplete: each bot has a spec, says on top how to try it and what to
// change, and is in the tables of the READMEs.
func TestScriptsAreComplete(t *testing.T) {
	bots, err := filepath.Glob("scripts/*.lua")
	if err != nil || len(bots) == 0 {
		t.Fatalf("found %d bots: %v", len(bots), err)
	}
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, bot := range bots {
		if strings.HasSuffix(bot, "_spec.lua") {
			continue
		}
		bot = filepath.ToSlash(bot)
		if _, err := os.Stat(strings.TrimSuffix(bot, ".lua") + "_spec.lua"); err != nil {
			t.Errorf("%s has no spec: %v", bot, err)
		}
		head, _, _ := strings.Cut(read(bot), "\n\n")
		for _, part := range []string{"-- Try it:", "go run . dev ", bot, "-- Change:"} {
			if !strings.Contains(head, part) {
				t.Errorf("the comment on top of %s has no %q", bot, part)
			}
		}
		for _, page := range []string{"README.md", "README.zh-CN.md"} {
			if !strings.Contains(read(page), "("+bot+")") {
				t.Errorf("%s is not in %s", bot, page)
			}
		}
	}
}
