package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// traceHost notes what scripts have it do.
type traceHost struct {
	dir string

	mu      sync.Mutex
	trace   []string
	answers []string // to what scripts ask for
	timers  []luabind.TimerRequest
	values  map[string][]byte
	// holds says that where there is no answer handlers wait, and tell waits.
	holds bool
	waits chan struct{}
}

func (h *traceHost) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trace = append(h.trace, fmt.Sprintf(format, args...))
}

func (h *traceHost) Send(_ context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	var parts []string
	for _, p := range req.Parts {
		text := p.Text
		if p.File != nil {
			text = fmt.Sprintf("%s as %q, %s, %d bytes", filepath.Base(p.File.Path), p.File.Name, p.File.MIME, p.File.Size)
		}
		parts = append(parts, text)
	}
	reply := ""
	if req.InReplyTo != nil {
		reply = " re " + req.InReplyTo.ID
	}
	h.note("send %s%s: %q %s %v %s", req.To, reply, parts, req.Mode, req.Lifetime, req.As)
	if parts[0] == "too much" {
		return luabind.SendResult{}, &luabind.HostError{Kind: luabind.ReasonQuota, Message: "no more"}
	}
	return luabind.SendResult{Status: luabind.StatusSent, MessageIDs: []string{"18446744073709551615"}, Parts: 1, Sent: 1}, nil
}

func (h *traceHost) Typing(_ context.Context, to string, on bool) error {
	h.note("typing %s %v", to, on)
	return nil
}

func (h *traceHost) Recall(_ context.Context, id string) error {
	h.note("recall %s", id)
	return &luabind.HostError{Kind: "not_found", Message: "it is gone"}
}

func (h *traceHost) file(name string) (*luabind.File, error) {
	path := filepath.Join(h.dir, filepath.Base(name))
	info, err := os.Stat(path)
	if err != nil {
		return nil, &luabind.HostError{Kind: "not_found", Message: "there is no file " + name}
	}
	return &luabind.File{Path: path, Name: name, MIME: "text/plain", Size: info.Size()}, nil
}

func (h *traceHost) Download(_ context.Context, item *ilink.Item) (*luabind.File, error) {
	h.note("download %s", item.File.FileName)
	return h.file(item.File.FileName)
}

func (h *traceHost) SaveFile(_ context.Context, f *luabind.File, path string) (*luabind.File, error) {
	h.note("save %s as %q", filepath.Base(f.Path), path)
	return f, nil
}

func (h *traceHost) OpenFile(_ context.Context, path string) (*luabind.File, error) {
	h.note("open %q", path)
	return h.file(path)
}

func (h *traceHost) Upload(_ context.Context, to string, kind ilink.ItemType, f *luabind.File) (*ilink.CDNMedia, error) {
	h.note("upload %s for %s, kind %d", filepath.Base(f.Path), to, kind)
	return &ilink.CDNMedia{EncryptQueryParam: "uploaded"}, nil
}

func (h *traceHost) Log(_ context.Context, level slog.Level, text string) {
	h.note("%v %s", level, text)
}

// Await answers with what the test has for it; where that is none, the time is over, or
// it waits for the end of the handler.
func (h *traceHost) Await(ctx context.Context, req luabind.AwaitRequest) (*luabind.Answer, error) {
	if req.Sleep {
		h.note("sleep")
		return nil, nil
	}
	h.mu.Lock()
	if len(h.answers) > 0 {
		defer h.mu.Unlock()
		text := h.answers[0]
		h.answers = h.answers[1:]
		return &luabind.Answer{Message: textMessage(text)}, nil
	}
	holds := h.holds
	h.mu.Unlock()
	if !holds {
		return nil, &luabind.HostError{Kind: "timeout", Message: "no answer came in time"}
	}
	h.waits <- struct{}{}
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func (h *traceHost) KV(_ context.Context, req luabind.KVRequest) (luabind.KVResult, error) {
	h.note("kv %s %q %q", req.Op, req.User, req.Key)
	h.mu.Lock()
	defer h.mu.Unlock()
	key := req.User + "/" + req.Key
	if req.Op == luabind.KVSet {
		h.values[key] = req.Value
	}
	v, found := h.values[key]
	return luabind.KVResult{Found: found, Value: v}, nil
}

func (h *traceHost) StartTimer(_ context.Context, req luabind.TimerRequest) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trace = append(h.trace, fmt.Sprintf("timer %s %q", req.Line, req.Function))
	h.timers = append(h.timers, req)
	return fmt.Sprint(len(h.timers)), nil
}

func (h *traceHost) StopTimer(_ context.Context, id string) (bool, error) {
	h.note("stop timer %s", id)
	return id == "1", nil
}

func (h *traceHost) ReadFile(_ context.Context, path string, most int) ([]byte, error) {
	h.note("read %q", path)
	return os.ReadFile(filepath.Join(h.dir, filepath.Base(path)))
}

func (h *traceHost) WriteFile(_ context.Context, path string, data []byte, add bool) error {
	h.note("write %q %q %v", path, data, add)
	return &luabind.HostError{Kind: "not_allowed", Message: "not there"}
}

func (h *traceHost) ListFiles(_ context.Context, path string) ([]luabind.FileInfo, error) {
	h.note("list %q", path)
	return []luabind.FileInfo{{Name: "表.csv", Size: 3}}, nil
}

func (h *traceHost) RemoveFile(_ context.Context, path string) error {
	h.note("remove %q", path)
	return nil
}

func textMessage(text string) *ilink.Message {
	return &ilink.Message{ID: "18446744073709551614", From: "alice@im.wechat", Items: []ilink.Item{ilink.TextMessage(text)}}
}

// anySandbox is a script in this process or in another.
type anySandbox = luabind.Script

// play is what a test does with a script.
type play struct {
	*traceHost
	anySandbox
	t *testing.T
}

// ended notes how a handler has ended, with all that is told of it.
func (p *play) ended(err error) {
	var se *luabind.ScriptError
	if errors.As(err, &se) {
		p.note("%s at %s:%d, limit %q used %v, certain %v, interrupted %v: %s\n%s\n%s", se.Kind, se.File, se.Line, se.Limit, se.Used != "",
			se.Certain(), errors.Is(err, luabind.ErrInterrupted), se.Message, se.Excerpt, se.Traceback)
	} else {
		p.note("end %v", err)
	}
}

func (p *play) says(text string, answers ...string) {
	p.mu.Lock()
	p.answers = answers
	p.mu.Unlock()
	p.ended(p.OnMessage(p.t.Context(), &luabind.Event{Message: textMessage(text)}))
}

// stops has the handler that waits for an answer be interrupted.
func (p *play) stops(text, by string) {
	p.mu.Lock()
	p.holds = true
	p.mu.Unlock()
	ctx, cancel := context.WithCancelCause(p.t.Context())
	defer cancel(nil)
	done := make(chan error)
	go func() { done <- p.OnMessage(ctx, &luabind.Event{Message: textMessage(text)}) }()
	<-p.waits
	stop, err := p.OnInterrupt(p.t.Context(), &luabind.Event{Message: textMessage(by)})
	p.note("stop %v %v", stop, err)
	cancel(luabind.ErrInterrupted)
	p.ended(<-done)
}

// What scripts have the host do, and what is told of their errors, is the same in
// this process and in another.
func TestSame(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		do     func(p *play)
		limits luabind.Limits
		want   []string // parts of what is noted, in order
	}{
		"routing": {
			script: `
				ilink.use(function(msg, next) msg:reply("before " .. msg.text) next() msg:reply("after") end)
				ilink.command("/sum", function(msg, a) msg:reply("sum of " .. table.concat(a, " ")) end, "adds")
				ilink.hears("^hello (%a+)", function(msg, who) msg:reply("hi " .. who) end)
				function on_message(msg) msg:reply("else") end`,
			do:   func(p *play) { p.says("/sum 1 2"); p.says("hello Anna"); p.says("x"); p.says("/help") },
			want: []string{"before /sum 1 2", "sum of 1 2", "after", "hi Anna", "else", "adds"},
		},
		"dialogue": {
			script: `function on_message(msg)
				local name = msg:ask("name?")
				local which = msg:choose("which?", { "one", "two" })
				local ok = msg:confirm("sure?")
				local r, err = msg:ask("late?", { timeout = 5 })
				msg:reply(name.text .. tostring(which) .. tostring(ok) .. tostring(r) .. err.kind .. ": " .. err.message)
			end`,
			do:   func(p *play) { p.says("x", "Anna 🎉", "2", "yes") },
			want: []string{"name?", "which?", "sure?", "late?", "Anna 🎉twotruenil", "timeout: no answer came"},
		},
		"interrupt": {
			script: `
				function on_message(msg)
					local r, err = msg:ask("?")
					msg:reply(tostring(r) .. err.kind .. tostring(ilink.cancelled()))
					if msg.text == "fail" then error("after") end
				end
				function on_interrupt(msg) return msg.text == "stop" end`,
			do:   func(p *play) { p.stops("x", "stop"); p.stops("fail", "no"); p.note("%v", p.HasInterrupt()) },
			want: []string{"stop true", "nilinterruptedtrue", "stop false", "interrupted true: after", "true"},
		},
		"hooks": {
			script: `
				function on_message(msg) end
				function on_start(info) ilink.log.info("start", info.reason) end
				function on_stop(info) ilink.log.warn("stop", info.reason) end
				function on_suppressed(info) ilink.log.error("suppressed", info.user, info.message) end
				function on_session_expired(info) ilink.log.error("expired", info.message) end
				function on_error(err, msg) msg:reply(err.kind .. err.message .. " " .. msg.text) end`,
			do: func(p *play) {
				p.ended(p.OnStart(p.t.Context(), luabind.ReasonStart))
				p.ended(p.OnSuppressed(p.t.Context(), luabind.SuppressedInfo{User: "amy"}))
				p.ended(p.OnSessionExpired(p.t.Context(), luabind.SessionInfo{Message: "it is over"}))
				p.ended(p.OnError(p.t.Context(), &luabind.Event{Message: textMessage("x")}, &luabind.ScriptError{Kind: "runtime", Message: "oh no"}))
				p.ended(p.OnStop(p.t.Context(), luabind.ReasonReload))
			},
			want: []string{"INFO start start", "ERROR expired it is over", "runtimeoh no x", "WARN stop reload"},
		},
		"timers": {
			script: `
				ilink.every("1h", function() ilink.log("hourly") end, { name = "hour" })
				function later() ilink.log("later") end
				function on_message(msg)
					local t = ilink.after("1h", later)
					ilink.after("2h", function() msg:reply("then " .. msg.text) end)
					msg:reply(tostring(t:cancel()) .. tostring(ilink.timer("7"):cancel()))
				end`,
			do: func(p *play) {
				p.says("x")
				for _, s := range p.Schedules() {
					p.note("%s %v", s.Name, s.Every)
					p.ended(p.OnTimer(p.t.Context(), &luabind.TimerEvent{Schedule: s.Name}))
				}
				for i, r := range p.timers {
					ev := &luabind.TimerEvent{ID: fmt.Sprint(i + 1), Function: r.Function, Line: r.Line, Due: r.At}
					if r.Function == "" {
						ev.Message = &luabind.Event{Message: textMessage("x")}
						ev.Journal = []luabind.Record{}
					}
					p.ended(p.OnTimer(p.t.Context(), ev))
				}
			},
			want: []string{`timer scripts/bot.lua:5 "later"`, "truefalse", "hour 1h0m0s", "hourly", "later"},
		},
		"quotes and ids": {
			script: `function on_message(msg)
				local q = msg.quote
				msg:reply(msg.id .. " " .. tostring(msg.token or msg.context_token) .. " " .. q.id .. q.text)
			end`,
			do: func(p *play) {
				m := textMessage("x")
				m.ContextToken = "SECRET"
				p.ended(p.OnMessage(p.t.Context(), &luabind.Event{Message: m, Quote: &luabind.Quote{ID: "42", Text: "引用"}}))
			},
			want: []string{"re 18446744073709551614", "18446744073709551614 nil 42引用"},
		},
		"media": {
			script: `function on_message(msg)
				local m = msg.items[1].media
				msg:reply(m:read(3) .. " " .. tostring(m.name) .. tostring(m.size))
				local kept = m:save("kept/x.txt")
				msg:reply{ file = kept, name = "neu.txt" }
				msg:reply{ image = "none.png" }
			end`,
			do: func(p *play) {
				m := textMessage("")
				m.Items = []ilink.Item{{Type: ilink.ItemTypeFile, File: &ilink.FileItem{FileName: "表.csv", Media: &ilink.CDNMedia{EncryptQueryParam: "x"}}}}
				p.ended(p.OnMessage(p.t.Context(), &luabind.Event{Message: m}))
			},
			want: []string{"download 表.csv", "a,b 表.csv", `save 表.csv as "kept/x.txt"`, "表.csv as", "none.png"},
		},
		"files, keys and other bots": {
			script: `function on_message(msg)
				kv.set("k\0\255", { 1, "zwei" })
				msg:reply(kv.get("k\0\255")[2])
				local ok, err = files.write("a.txt", "\255")
				msg:reply(err.kind .. #files.list() .. files.read("表.csv"))
				ilink.send("bob@im.wechat", "hi", { as = "other", mode = "fail", lifetime = 60 })
				ilink.typing(msg, true)
				local ok, err = ilink.recall("7")
				msg:reply(tostring(ok) .. err.message)
				local r, err = msg:reply("too much")
				msg:reply(err.kind .. err.message)
				time.sleep(3)
			end`,
			do:   func(p *play) { p.says("x") },
			want: []string{`"k\x00\xff"`, "zwei", `write "a.txt" "\xff"`, "not_allowed1a,b", "hi", "typing alice", "recall 7", "it is gone", "quotano more", "sleep"},
		},
		"errors": {
			script: `
				local function deeper(x) return x.y.z end
				function on_message(msg)
					if msg.text == "nil" then deeper({}) end
					if msg.text == "table" then error({ code = 1 }) end
					if msg.text == "mistake" then msg:reply(nil) end
					error("plain")
				end`,
			do:   func(p *play) { p.says("nil"); p.says("table"); p.says("mistake"); p.says("else") },
			want: []string{"runtime at scripts/bot.lua:2", "certain true", "bot.lua:5", "bot.lua:6", "bot.lua:7", "plain"},
		},
		"limits": {
			limits: luabind.Limits{Instructions: 3_000_000, Sends: 3, StringBytes: 1 << 20, Memory: 8 << 20, CPU: time.Minute},
			script: `
				function on_message(msg)
					if msg.text == "loop" then while true do end end
					if msg.text == "sends" then while true do msg:reply("x") end end
					if msg.text == "string" then return ("x"):rep(2 ^ 21) end
					if msg.text == "memory" then local t = {} for i = 1, 20 do t[i] = ("x"):rep(2 ^ 20 - i) end end
					msg:reply("fine")
				end`,
			do:   func(p *play) { p.says("loop"); p.says("sends"); p.says("string"); p.says("memory"); p.says("after") },
			want: []string{`bot.lua:3, limit "instructions" used true`, `bot.lua:4, limit "sends" used true`, "bot.lua:5", `bot.lua:6, limit "memory" used true`, "fine"},
		},
		"state": {
			script: `function on_message(msg) ilink.state.n = { 1, [2.5] = msg.text } if msg.text == "bad" then ilink.state.f = print end end`,
			do: func(p *play) {
				p.says("你好")
				state, err := p.State()
				p.note("%q %v", state, err)
				p.says("bad")
				_, err = p.State()
				p.note("%v", err)
			},
			want: []string{"你好", "ilink.state.f is a function"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			traces := map[string][]string{}
			for _, mode := range []string{"host", "process"} {
				dir := t.TempDir()
				path := filepath.Join(dir, "scripts", "bot.lua")
				if err := errors.Join(
					os.Mkdir(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(c.script), 0o600),
					os.WriteFile(filepath.Join(dir, "表.csv"), []byte("a,b"), 0o600),
				); err != nil {
					t.Fatal(err)
				}
				p := &play{t: t, traceHost: &traceHost{dir: dir, values: map[string][]byte{}, waits: make(chan struct{})}}
				var err error
				if mode == "host" {
					p.anySandbox, err = luabind.Load(t.Context(), luabind.Config{
						Name: "echo", Script: path, Host: p.traceHost, Limits: c.limits, Modules: modulesOfTests(),
					})
				} else {
					var command []string
					if command, err = Command(childArg); err == nil {
						p.anySandbox, err = Load(t.Context(), Config{
							Name: "echo", Script: path, Host: p.traceHost, Limits: c.limits, Command: command, Options: json.RawMessage("{}"),
						})
					}
				}
				if err != nil {
					t.Fatal(mode, err)
				}
				c.do(p)
				if err := p.Close(t.Context()); err != nil {
					t.Error(err)
				}
				for i := range p.trace {
					p.trace[i] = strings.ReplaceAll(p.trace[i], filepath.ToSlash(dir)+"/", "")
				}
				traces[mode] = p.trace
			}
			if !slices.Equal(traces["host"], traces["process"]) {
				t.Errorf("in this process\n%s\nin another\n%s", strings.Join(traces["host"], "\n"), strings.Join(traces["process"], "\n"))
			}
			rest := strings.Join(traces["host"], "\n")
			for _, want := range c.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Errorf("no %q in the rest of\n%s", want, strings.Join(traces["host"], "\n"))
					break
				}
				rest = after
			}
		})
	}
}
