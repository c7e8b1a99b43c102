package notify

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		config string
		want   []string // nil means fine
	}{
		{``, nil},
		{`command = []`, nil},
		{`command = ["alert", "", "--bot"]`, nil},
		{`webhook = "https://user:pw@example.com/hook?key=x"` + "\ntimeout = \"30s\"", nil},
		{`webhook = "http://[::1]:8080"`, nil},
		{`command = [""]`, []string{"notify.command: the first element is empty"}},
		{`command = ["  ", "x"]`, []string{"notify.command: the first element is empty"}},
		{`command = ["x", "a\u0000b"]`, []string{"notify.command: element 2 contains a NUL"}},
		{`webhook = "ftp://s3cret.example"`, []string{"notify.webhook: not an http or https URL"}},
		{`webhook = "s3cret.example/hook"`, []string{"notify.webhook: not an http or https URL"}},
		{`webhook = "https:///s3cret"`, []string{"notify.webhook: the URL has no host"}},
		{`webhook = "https://x:s3cret"`, []string{"notify.webhook: not a URL"}},
		{`webhook = "https://u:%s3cret@x"`, []string{"notify.webhook: not a URL"}},
		{`timeout = 10`, []string{"notify.timeout: 10ns is too short: write it with its unit"}},
		{`timeout = "-1s"`, []string{"notify.timeout: -1s is negative"}},
		{`timeout = "1h"`, []string{"notify.timeout: 1h0m0s is more than 5m0s"}},
		{"command = [\"\"]\nwebhook = \"x\"", []string{"notify.command: ", "notify.webhook: "}},
	} {
		var cfg Config
		if _, err := toml.Decode(c.config, &cfg); err != nil {
			t.Errorf("%s: %v", c.config, err)
			continue
		}
		err := cfg.Validate()
		if c.want == nil {
			if err != nil {
				t.Errorf("%s: %v", c.config, err)
			}
			continue
		}
		var setting *SettingError
		if !errors.As(err, &setting) {
			t.Errorf("%s: error %v", c.config, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", c.config, err, want)
			}
		}
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows it: %v", c.config, err)
		}
	}
	if (Config{Timeout: DefaultTimeout}).Validate() != nil || DefaultTimeout != 10*time.Second {
		t.Error("the default isn't fine")
	}
}
