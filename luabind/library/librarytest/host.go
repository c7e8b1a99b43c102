package librarytest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// Host pretends to do all that scripts want done. A module's test may embed it in
// a host of its own.
type Host struct {
	picture string // a file
}

var _ luabind.Host = (*Host)(nil)

// NewHost returns a host that has one file, of one byte.
func NewHost(t testing.TB) *Host {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.png")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return &Host{picture: path}
}

// Send pretends to have sent.
func (*Host) Send(_ context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	return luabind.SendResult{
		Status: luabind.StatusSent, MessageIDs: []string{"1"}, Parts: len(req.Parts), Sent: len(req.Parts),
	}, nil
}

// Typing does nothing.
func (*Host) Typing(context.Context, string, bool) error { return nil }

// Recall does nothing.
func (*Host) Recall(context.Context, string) error { return nil }

// Download returns the one file.
func (h *Host) Download(context.Context, *ilink.Item) (*luabind.File, error) { return h.file() }

// SaveFile returns the file.
func (*Host) SaveFile(_ context.Context, f *luabind.File, _ string) (*luabind.File, error) {
	return f, nil
}

// OpenFile returns the one file.
func (h *Host) OpenFile(context.Context, string) (*luabind.File, error) { return h.file() }

func (h *Host) file() (*luabind.File, error) {
	return &luabind.File{Path: h.picture, Name: "in.png", MIME: "image/png", Size: 1}, nil
}

// Upload returns nothing that could be fetched.
func (*Host) Upload(context.Context, string, ilink.ItemType, *luabind.File) (*ilink.CDNMedia, error) {
	return &ilink.CDNMedia{EncryptQueryParam: "x", AESKey: "x"}, nil
}

// Log does nothing.
func (*Host) Log(context.Context, slog.Level, string) {}

// tryLoad loads a script in a folder of its own.
func tryLoad(t testing.TB, host luabind.Host, script string, modules ...luabind.Module) (*luabind.Sandbox, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bot.lua")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if host == nil {
		host = NewHost(t)
	}
	s, err := luabind.Load(context.Background(), luabind.Config{Name: "testbot", Script: path, Host: host, Modules: modules})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, nil
}

func load(t testing.TB, host luabind.Host, script string, modules ...luabind.Module) *luabind.Sandbox {
	t.Helper()
	s, err := tryLoad(t, host, script, modules...)
	var se *luabind.ScriptError
	if errors.As(err, &se) {
		t.Fatal(se.Detail())
	} else if err != nil {
		t.Fatal(err)
	}
	return s
}

// message is a message with all that it can have.
func message(text string) *luabind.Event {
	media := &ilink.CDNMedia{EncryptQueryParam: "x", AESKey: "x"}
	m := &ilink.Message{
		ID: "1", From: "alice@im.wechat", To: "bot@im.bot", GroupID: "g", CreateTimeMs: 1700000000500,
		Items: []ilink.Item{
			ilink.TextMessage(text),
			{Type: ilink.ItemTypeVoice, Voice: &ilink.VoiceItem{Media: media, RecognText: "x", PlaytimeMs: 1}},
			{Type: ilink.ItemTypeFile, File: &ilink.FileItem{Media: media, FileName: "x", Size: 1}},
		},
	}
	return &luabind.Event{Message: m, Quote: &luabind.Quote{ID: "1", Item: &m.Items[2]}}
}

// image is a picture that a user sent.
func image() *luabind.Event {
	m := &ilink.Message{ID: "2", From: "alice@im.wechat", To: "bot@im.bot", CreateTimeMs: 1700000000500}
	m.Items = []ilink.Item{{Type: ilink.ItemTypeImage, Image: &ilink.ImageItem{
		Media: &ilink.CDNMedia{EncryptQueryParam: "x", AESKey: "x"}, AESKey: "x",
	}}}
	return &luabind.Event{Message: m}
}

// Await finds that nobody answers.
func (*Host) Await(context.Context, luabind.AwaitRequest) (*luabind.Answer, error) {
	return nil, &luabind.HostError{Kind: "timeout", Message: "nobody answered"}
}

// KV keeps nothing.
func (*Host) KV(context.Context, luabind.KVRequest) (luabind.KVResult, error) {
	return luabind.KVResult{}, nil
}

// StartTimer starts nothing.
func (*Host) StartTimer(context.Context, luabind.TimerRequest) (string, error) { return "1", nil }

// StopTimer pretends to have stopped one.
func (*Host) StopTimer(context.Context, string) (bool, error) { return true, nil }

// ReadFile returns a byte.
func (*Host) ReadFile(context.Context, string, int) ([]byte, error) { return []byte("x"), nil }

// WriteFile does nothing.
func (*Host) WriteFile(context.Context, string, []byte, bool) error { return nil }

// ListFiles lists one file.
func (*Host) ListFiles(context.Context, string) ([]luabind.FileInfo, error) {
	return []luabind.FileInfo{{Name: "in.png", Size: 1}}, nil
}

// RemoveFile does nothing.
func (*Host) RemoveFile(context.Context, string) error { return nil }
