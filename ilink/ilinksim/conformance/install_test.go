package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const (
	// requireEnv, set to 1, turns reasons to skip into failures.
	requireEnv = "ILINKD_REQUIRE_CONFORMANCE"
	// clientPackage is Tencent's client.
	clientPackage = "@tencent-weixin/openclaw-weixin"
	// installTimeout is for "npm ci" of four small packages.
	installTimeout = 3 * time.Minute
)

// installed are the files that an installation of the client is made from.
var installed = []string{
	".npmrc",
	"package.json",
	"package-lock.json",
	"openclaw/account-id.mjs",
	"openclaw/infra-runtime.mjs",
	"openclaw/package.json",
}

// unavailable skips the test, or fails it where it must run.
func unavailable(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv(requireEnv) == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf("Tencent's client isn't run: "+format, args...)
}

// needClient returns node and a directory with the client in its
// node_modules, installing it if need be.
func needClient(t *testing.T) (node, dir string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		unavailable(t, "no node on the PATH")
	}
	version := pinnedVersion(t)
	if installedVersion("client") == version {
		return node, "client"
	}
	parent := cacheDir(t)
	dir = filepath.Join(parent, fingerprint(t))
	if installedVersion(dir) == version {
		return node, dir
	}
	if err := install(t, parent, dir); err != nil && installedVersion(dir) != version {
		unavailable(t, "npm can't install it: %v", err)
	}
	if got := installedVersion(dir); got != version {
		t.Fatalf("npm installed version %q, want %q", got, version)
	}
	return node, dir
}

// pinnedVersion is the version of the client that client/package.json names.
func pinnedVersion(t *testing.T) string {
	t.Helper()
	var pkg struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	raw, err := os.ReadFile("client/package.json")
	if err == nil {
		err = json.Unmarshal(raw, &pkg)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pkg.Dependencies[clientPackage]
}

// installedVersion is the version of the client in dir, "" if there is none.
func installedVersion(dir string) string {
	var pkg struct {
		Version string `json:"version"`
	}
	raw, err := os.ReadFile(filepath.Join(dir, "node_modules", filepath.FromSlash(clientPackage), "package.json"))
	if err != nil || json.Unmarshal(raw, &pkg) != nil {
		return ""
	}
	return pkg.Version
}

// cacheDir is where installations are kept between runs, or a temporary
// directory where the user has no cache that can be written to.
func cacheDir(t *testing.T) string {
	t.Helper()
	if cache, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(cache, "ilinkd", "conformance")
		if os.MkdirAll(dir, 0o755) == nil {
			return dir
		}
	}
	return t.TempDir()
}

// fingerprint changes with everything that an installation is made from.
func fingerprint(t *testing.T) string {
	t.Helper()
	h := sha256.New()
	for _, name := range installed {
		raw, err := os.ReadFile(filepath.Join("client", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(h, "%s %d\n%s", name, len(raw), raw)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// install makes dir, below parent, with "npm ci". It appears whole or not at
// all: tests of several checkouts may run at once.
func install(t *testing.T, parent, dir string) error {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(parent, "installing-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	for _, name := range installed {
		raw, err := fs.ReadFile(os.DirFS("client"), name)
		if err != nil {
			return err
		}
		to := filepath.Join(tmp, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, raw, 0o644); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), installTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund",
		"--loglevel=error", "--fetch-timeout=30000", "--fetch-retries=1")
	cmd.Dir = tmp
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return os.Rename(tmp, dir)
}
