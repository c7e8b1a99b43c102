package store

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// The same with a file system that is really full: here the log can't grow.
func TestDiskFullForReal(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m,mode=0700"); err != nil {
		t.Skip("needs the right to mount: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "store.db")
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 512<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, path, Options{})
	acknowledged := fillUp(t, s)
	if n := number(t, s, `SELECT count(*) FROM quotes`); n != acknowledged || n == 0 {
		t.Errorf("%d rows, %d were acknowledged", n, acknowledged)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	mustExec(t, s, `INSERT INTO bots (bot) VALUES ('b')`)
	acknowledged += fillUp(t, newPrefix(t, s))
	if err := s.Close(); err != nil {
		t.Logf("Close on a full disk: %v", err)
	}
	// Full as it is: what there is can be read, or the error is clear.
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := number(t, s, `SELECT count(*) FROM quotes`); n != acknowledged {
		t.Errorf("%d rows after opening again, %d were acknowledged", n, acknowledged)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "another.db"), Options{}); !errors.Is(err, ErrDiskFull) {
		t.Errorf("a new store: %v", err)
	}
}

// newPrefix lets fillUp be used again: its rows get other keys.
func newPrefix(t testing.TB, s *Store) *Store {
	t.Helper()
	mustExec(t, s, `UPDATE quotes SET bot = 'before'`)
	return s
}

// What may not be written is told in clear words. Root may write everything,
// so a process of nobody tries.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "store.db")
	filled(t, path)
	if os.Getuid() != 0 {
		if err := childReadOnly(t.Context(), path); err != nil {
			t.Error(err)
		}
		return
	}
	const nobody = 65534
	binary := filepath.Join(top, "test")
	if err := os.Link(os.Args[0], binary); err != nil { // where it is, nobody may not go
		t.Skip("the temporary folders are on two file systems: ", err)
	}
	for _, name := range []string{dir, path} {
		if err := os.Chown(name, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{top, filepath.Dir(top)} { // 0700 as they are made
		if err := os.Chmod(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(binary)
	cmd.Dir = top
	cmd.Env = append(os.Environ(), childGORACE, childEnv+"=read-only", childPath+"="+path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// childReadOnly opens a store in places that may not be written.
func childReadOnly(ctx context.Context, path string) error {
	dir := filepath.Dir(path)
	try := func(what, path string) error {
		s, err := Open(ctx, path, Options{})
		if err == nil {
			return errors.Join(errors.New(what+": it opens"), s.Close())
		}
		if !errors.Is(err, ErrReadOnly) || errors.Is(err, ErrDamaged) {
			return errors.New(what + ": " + err.Error())
		}
		return nil
	}
	var errs []error
	if err := os.Chmod(path, 0o400); err != nil {
		return err
	}
	errs = append(errs, try("a read-only file", path))
	if err := os.Chmod(path, 0o000); err != nil {
		return err
	}
	errs = append(errs, try("a file that can't even be read", path))
	if err := errors.Join(os.Chmod(path, 0o600), os.Chmod(dir, 0o500)); err != nil {
		return err
	}
	errs = append(errs, try("a read-only folder", path))
	errs = append(errs, try("a new store in a read-only folder", filepath.Join(dir, "new.db")))
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, s.Close())...)
}
