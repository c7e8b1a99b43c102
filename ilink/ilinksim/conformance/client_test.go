package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// callTimeout is for one call to the client, its own waiting included.
const callTimeout = 30 * time.Second

// A client is Tencent's client in a Node process of its own. Its methods may
// be called from any goroutine; calls run side by side.
type client struct {
	in   io.WriteCloser
	gone chan struct{} // closed when the process has no more answers

	mu      sync.Mutex
	calls   int
	waiting map[int]chan reply
}

// reply is a line of the driver.
type reply struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  string          `json:"error"`
}

// startClient starts Node with the driver. All that the client writes goes
// into a temporary directory; its log is shown if the test fails.
func startClient(t *testing.T) *client {
	t.Helper()
	node, dir := needClient(t)
	tmp := t.TempDir()
	home, state, logs := filepath.Join(tmp, "home"), filepath.Join(tmp, "state"), filepath.Join(tmp, "log")
	config := filepath.Join(tmp, "openclaw.json")
	for _, d := range []string{home, state, logs} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	settings := `{"channels":{"openclaw-weixin":{"botAgent":"Conformance/1.0 (go test)","routeTag":"7"}}}`
	if err := os.WriteFile(config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command(node, filepath.Join("client", "driver.mjs"), dir)
	cmd.Env = append(os.Environ(),
		"HOME="+home, "USERPROFILE="+home, "NODE_OPTIONS=",
		"OPENCLAW_STATE_DIR="+state, "OPENCLAW_CONFIG="+config, "OPENCLAW_OAUTH_DIR="+filepath.Join(state, "oauth"),
		"OPENCLAW_LOG_LEVEL=DEBUG", "CONFORMANCE_TMP_DIR="+logs,
	)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &client{in: in, gone: make(chan struct{}), waiting: map[int]chan reply{}}
	go c.read(out)
	t.Cleanup(func() {
		_ = in.Close() // the driver ends with its input
		select {
		case <-c.gone:
		case <-time.After(callTimeout):
			_ = cmd.Process.Kill()
			<-c.gone
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("driver: %v", err)
		}
		if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
			t.Errorf("home directory after the run: %v, error %v; want it empty", left, err)
		}
		if t.Failed() {
			t.Logf("standard error of node:\n%s", stderr.String())
			logTail(t, logs)
		}
	})
	return c
}

// logTail shows the end of the client's log.
func logTail(t *testing.T, dir string) {
	t.Helper()
	const most = 40
	files, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Log(err)
			continue
		}
		lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
		for _, line := range lines[max(0, len(lines)-most):] {
			var entry struct {
				Text string `json:"1"`
			}
			_ = json.Unmarshal(line, &entry)
			t.Logf("client log: %s", entry.Text)
		}
	}
}

// read gives the driver's answers to those who wait for them.
func (c *client) read(out io.Reader) {
	defer close(c.gone)
	dec := json.NewDecoder(bufio.NewReader(out))
	for {
		var r reply
		if dec.Decode(&r) != nil {
			return
		}
		c.mu.Lock()
		ch := c.waiting[r.ID]
		delete(c.waiting, r.ID)
		c.mu.Unlock()
		if ch != nil {
			ch <- r
		}
	}
}

// start begins a call; the channel gets its outcome.
func (c *client) start(name string, params any) <-chan reply {
	ch := make(chan reply, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	line, err := json.Marshal(map[string]any{"id": c.calls, "call": name, "params": params})
	if err == nil {
		c.waiting[c.calls] = ch
		_, err = c.in.Write(append(line, '\n'))
	}
	if err != nil {
		delete(c.waiting, c.calls)
		ch <- reply{Error: "driver: " + err.Error()}
	}
	return ch
}

// finish waits for the outcome of a call; result may be nil.
func (c *client) finish(name string, ch <-chan reply, result any) error {
	select {
	case r := <-ch:
		if r.Error != "" {
			return errors.New(r.Error)
		}
		if result == nil {
			return nil
		}
		if err := json.Unmarshal(r.Result, result); err != nil {
			return fmt.Errorf("%s: the client returned %s: %w", name, r.Result, err)
		}
		return nil
	case <-c.gone:
		return fmt.Errorf("%s: node has ended", name)
	case <-time.After(callTimeout):
		return fmt.Errorf("%s: no answer in %v", name, callTimeout)
	}
}

func (c *client) call(name string, params, result any) error {
	return c.finish(name, c.start(name, params), result)
}
