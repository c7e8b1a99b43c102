package faulttest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// full says that the tests shall run in full size.
var full = os.Getenv("ILINKD_FULL") != ""

// patience bounds each single wait: it is only used up by a failure.
const patience = 30 * time.Second

// buildDir is where the binary under test is built; TestMain removes it.
func buildDir() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("ilinkd-faulttest-%d", os.Getpid()))
}

// build makes the binary under test, once.
var build = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(buildDir(), "ilinkd")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return path, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// binary is the path of the binary under test. It skips the test where that
// shall be quick.
func binary(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds and runs ilinkd")
	}
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(buildDir())
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// random returns the random numbers of a test, and prints how to repeat them.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("ILINKD_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("ILINKD_SEED: %v", err)
		}
	}
	t.Logf("ILINKD_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}
