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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// sandboxArg has the program of the tests be the process of a script.
const sandboxArg = "sandbox-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == sandboxArg {
		os.Exit(runtime.SandboxMain())
	}
	testscript.Main(m, map[string]func(){
		"ilinkd": main,
	})
}

// TestCommands runs the scripts of testdata/script, each with a simulator of its
// own: $SIM is its URL, and bots "echo" of the configuration can log in there.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:      "testdata/script",
		Deadline: time.Now().Add(2 * time.Minute),
		Setup: func(env *testscript.Env) error {
			sim := ilinksim.New(ilinksim.WithHold(200 * time.Millisecond))
			env.Defer(sim.Close)
			env.Setenv("SIM", sim.URL)
			// Else each command with the race detector in it sleeps for a second when it
			// ends.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			repo, err := os.Getwd()
			env.Setenv("REPO", repo)
			env.Values["sim"] = sim
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"scan": scan, "exits": exits, "until": until, "account": account, "say": say, "answered": answered,
			"expire": expire, "fault": fault, "signal": signalDaemon,
		},
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
// is an action, "code=1234" a pair code to be shown, "confirm=echo" a confirmation
// for that account. A confirmation waits until the phone takes it, after the code.
func scan(ts *testscript.TestScript, _ bool, args []string) {
	sim := ts.Value("sim").(*ilinksim.Server)
	qrcode, err := sim.WaitQRCode(tsContext(ts))
	ts.Check(err)
	for _, a := range args {
		action := ilinksim.LoginAction{Action: a}
		if code, found := strings.CutPrefix(a, "code="); found {
			action = ilinksim.LoginAction{Action: "need_verifycode", Code: code}
		}
		if account, found := strings.CutPrefix(a, "confirm="); found {
			action = ilinksim.LoginAction{Action: "confirm", BotID: account}
		}
		err := sim.LoginAction(qrcode, action)
		for tries := 0; err != nil && action.Action == "confirm" && tries < 500; tries++ {
			time.Sleep(20 * time.Millisecond)
			err = sim.LoginAction(qrcode, action)
		}
		ts.Check(err)
	}
}

// until runs a command, whatever its exit code, until its output has what the
// first argument, a regular expression, says.
func until(ts *testscript.TestScript, _ bool, args []string) {
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	ctx := tsContext(ts)
	for {
		_ = ts.Exec(args[1], args[2:]...)
		if want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("%q never came from %q; last:\n%s%s", args[0], args[1:], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// account logs accounts in at the simulator, and keeps their tokens where the
// bots of these names look for them.
func account(ts *testscript.TestScript, _ bool, args []string) {
	sim := ts.Value("sim").(*ilinksim.Server)
	ts.Check(os.MkdirAll(ts.MkAbs("data"), 0o700))
	for _, name := range args {
		path := ts.MkAbs(filepath.Join("data", name+".token.json"))
		ts.Check(os.WriteFile(path, []byte(sim.AddBot(name).Token), 0o600))
	}
}

// say sends a message: bot, user, text. \e in the text is the escape character.
func say(ts *testscript.TestScript, _ bool, args []string) {
	sim := ts.Value("sim").(*ilinksim.Server)
	_, err := sim.Inject(ilinksim.In{Bot: args[0], From: args[1], Text: strings.ReplaceAll(args[2], `\e`, "\x1b")})
	ts.Check(err)
}

// answered waits for a send: user, text. With ! it must not have come.
func answered(ts *testscript.TestScript, neg bool, args []string) {
	sim := ts.Value("sim").(*ilinksim.Server)
	there := func(all []ilinksim.Sent) bool {
		return slices.ContainsFunc(all, func(s ilinksim.Sent) bool { return s.Text == args[1] })
	}
	if neg {
		if there(sim.Sent(0)) {
			ts.Fatalf("%q was sent", args[1])
		}
		return
	}
	ctx := tsContext(ts)
	last := 0
	for {
		all, err := sim.WaitSent(ctx, ilinksim.Filter{To: args[0]}, last)
		if err != nil {
			ts.Fatalf("%q was not sent to %s: %v; sent: %+v", args[1], args[0], err, sim.Sent(0))
		}
		if there(all) {
			return
		}
		last = all[len(all)-1].N
	}
}

// expire has the server forget an account's token.
func expire(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Value("sim").(*ilinksim.Server).ExpireToken(args[0]))
}

// fault puts a fault in force: endpoint, kind, how often. Without arguments it
// ends them all.
func fault(ts *testscript.TestScript, _ bool, args []string) {
	sim := ts.Value("sim").(*ilinksim.Server)
	if len(args) == 0 {
		sim.ClearFaults()
		return
	}
	count, err := strconv.Atoi(args[2])
	ts.Check(err)
	_, err = sim.AddFault(ilinksim.Fault{Endpoint: args[0], Kind: ilinksim.FaultKind(args[1]), Count: count})
	ts.Check(err)
}

// signalDaemon sends a signal, by its number, to the process that has the store.
func signalDaemon(ts *testscript.TestScript, _ bool, args []string) {
	number, err := strconv.Atoi(args[0])
	ts.Check(err)
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile("data/ilinkd.db.lock")))
	ts.Check(err)
	p, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(p.Signal(syscall.Signal(number)))
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
	link := linkToSelf(t)
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
		converse(t, url, "hi", want, n)
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

// linkToSelf is a path under which this binary is ilinkd: testscript.Main makes a
// command of it when it is called by the command's name.
func linkToSelf(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "ilinkd")
	if err := os.Symlink(exe, link); err != nil {
		t.Fatal(err)
	}
	return link
}

// converse sends a message by the control API of a simulator, and waits for the answer,
// before which the bot has sent n.
func converse(t *testing.T, url, text, want string, n int) {
	t.Helper()
	resp, err := http.Post(url+"/sim/messages", "application/json", strings.NewReader(fmt.Sprintf(`{"from":"alice","text":%q}`, text)))
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
}

// tsContext ends when the script's time is up.
func tsContext(ts *testscript.TestScript) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	ts.Defer(cancel)
	return ctx
}
