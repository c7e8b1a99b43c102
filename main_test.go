package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ilinkd": func() { os.Exit(run(os.Args[1:])) },
	})
}

// TestCommands runs the scripts of testdata/script, each with a simulator of its
// own: $SIM is its URL, and bots "echo" of the configuration can log in there.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:      "testdata/script",
		Deadline: time.Now().Add(time.Minute),
		Setup: func(env *testscript.Env) error {
			sim := ilinksim.New(ilinksim.WithHold(200 * time.Millisecond))
			env.Defer(sim.Close)
			env.Setenv("SIM", sim.URL)
			repo, err := os.Getwd()
			env.Setenv("REPO", repo)
			env.Values["sim"] = sim
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"scan": scan, "exits": exits},
	})
}

// exits runs a command that must end with the exit code given first.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var ee *exec.ExitError
	if errors.As(err, &ee) {
		code = ee.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if want := args[0]; fmt.Sprint(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// scan waits for a QR code and does the phone's part of its login: each argument
// is an action, "code=1234" a pair code to be shown. A confirmation waits until
// the phone takes it, after the code.
func scan(ts *testscript.TestScript, _ bool, args []string) {
	sim := ts.Value("sim").(*ilinksim.Server)
	qrcode, err := sim.WaitQRCode(tsContext(ts))
	ts.Check(err)
	for _, a := range args {
		action := ilinksim.LoginAction{Action: a}
		if code, found := strings.CutPrefix(a, "code="); found {
			action = ilinksim.LoginAction{Action: "need_verifycode", Code: code}
		}
		err := sim.LoginAction(qrcode, action)
		for tries := 0; err != nil && a == "confirm" && tries < 500; tries++ {
			time.Sleep(20 * time.Millisecond)
			err = sim.LoginAction(qrcode, action)
		}
		ts.Check(err)
	}
}

// TestServeAnswersTheControlAPI runs "dev --serve" as a process and talks to it
// as somebody's test program would, then ends it as systemd does.
func TestServeAnswersTheControlAPI(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "bot.lua")
	write := func(answer string) {
		text := fmt.Sprintf("function on_message(msg) return msg:reply(%q) end", answer)
		if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// testscript.Main makes a command of this binary when it is called by the
	// command's name.
	link := filepath.Join(dir, "ilinkd")
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(link, "dev", script, "--serve", "--listen", "127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(stderr); s.Scan(); {
			lines <- s.Text()
		}
	}()
	expect := func(part string) string {
		t.Helper()
		timeout := time.After(20 * time.Second)
		for {
			select {
			case line, ok := <-lines:
				if !ok {
					t.Fatalf("the process ended before %q", part)
				}
				if strings.Contains(line, part) {
					return line
				}
			case <-timeout:
				t.Fatalf("no line with %q", part)
			}
		}
	}
	_, url, _ := strings.Cut(expect("simulator at "), "simulator at ")
	expect("generation=1")
	n := 0
	ask := func(want string) {
		t.Helper()
		resp, err := http.Post(url+"/sim/messages", "application/json", strings.NewReader(`{"from":"alice","text":"hi"}`))
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%v %v", resp, err)
		}
		resp.Body.Close()
		resp, err = http.Get(fmt.Sprintf("%s/sim/sent?to=alice&after=%d&wait_ms=20000", url, n))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var body strings.Builder
		if _, err := bufio.NewReader(resp.Body).WriteTo(&body); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(body.String(), fmt.Sprintf(`"text":%q`, want)) {
			t.Fatalf("want %q, got %s", want, body.String())
		}
		n++
	}
	ask("one")
	write("two")
	expect("generation=2")
	ask("two")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for range lines {
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
}

// tsContext ends when the script's time is up.
func tsContext(ts *testscript.TestScript) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	ts.Defer(cancel)
	return ctx
}
