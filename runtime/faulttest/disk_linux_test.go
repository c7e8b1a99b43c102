package faulttest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// smallDisk is a folder on a file system of 4 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	binary(t) // skips
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m,mode=0700"); err != nil {
		t.Skip("needs the right to mount: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillUp leaves no room, and returns the file that takes it.
func fillUp(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// With no room left nothing is taken as received that isn't stored, and nothing
// is sent that isn't noted; when there is room again, all goes on in order. The
// server has given the messages out by then: they are held in memory.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	data := smallDisk(t)
	w := newWorld(t, quick(setup{data: data, sim: repeats(ilinksim.RepeatAccept)}))
	w.start()
	w.say("bot0", "alice", "before")
	w.expect("alice", "re: before")
	ballast := fillUp(t, data)
	// The store's log may have some room of its own, and take a few.
	said := 0
	text := strings.Repeat("long ", 300)
	w.until("the store takes nothing more", func() bool {
		if w.sim.State().Bots[0].Queued == 0 && said < 500 {
			w.say("bot0", "alice", fmt.Sprint(said, " ", text))
			w.say("bot0", "bob", fmt.Sprint(said, " ", text))
			said++
		}
		return w.logged("were not taken") > 0
	})
	w.until("the full disk shows", func() bool {
		code, body := w.health()
		return code == 503 && strings.Contains(body, "the disk is full")
	})
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	w.until("its end shows", func() bool { code, _ := w.health(); return code == 200 })
	for range said {
		w.say("bot0", "alice", "and") // opens the window for those that had to wait
	}
	next := map[string]int{}
	w.until("all are answered", func() bool {
		clear(next)
		for _, s := range w.sim.Sent(0) {
			if strings.HasPrefix(s.Text, fmt.Sprint("re: ", next[s.To], " long")) {
				next[s.To]++
			}
		}
		return next["alice@im.wechat"] == said && next["bob@im.wechat"] == said
	})
	w.polling()
	w.stop()
	w.noneRefused()
	if n := w.sim.State().Counts.Repeats; n > 0 {
		t.Errorf("%d sends were repeated", n)
	}
	t.Logf("%d messages of each user", said)
}

// With a disk that is full from the start, or can't be written, ilinkd doesn't
// start, says why, and leaves what there is as it is.
func TestStartOnAFullDisk(t *testing.T) {
	t.Parallel()
	data := smallDisk(t)
	w := newWorld(t, quick(setup{data: data}))
	ballast := fillUp(t, data)
	w.refuses("the disk is full")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.say("bot0", "alice", "hello")
	w.expect("alice", "re: hello")
}

func TestReadOnlyData(t *testing.T) {
	t.Parallel()
	data := smallDisk(t)
	w := left(t, setup{data: data})
	if err := syscall.Mount("", data, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	w.refuses("can't be written", data)
	if err := syscall.Mount("", data, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	if aside, _ := filepath.Glob(filepath.Join(data, "*.damaged-*")); len(aside) > 0 {
		t.Errorf("it was set aside: %q", aside)
	}
	w.goesOn()
}
