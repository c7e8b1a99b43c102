package main

import (
	"testing"

	"github.com/ilinkd/ilinkd/runtime/spec/spectest"
)

// TestScripts runs the specs of the bots in scripts.
func TestScripts(t *testing.T) { spectest.Run(t, "scripts") }
