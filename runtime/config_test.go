package runtime

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestParseConfig(t *testing.T) {
	c, err := parseConfig("/etc/ilinkd/runtime.toml", `
data = "state"
[ilink]
bot_agent = "Mine/2"
[limits]
min_gap = "1s"
[[bot]]
name = "a"
script = "bots/a.lua"
[bot.sandbox]
wall = "5m"
[[bot]]
name = "b"
script = "/srv/b.lua"
token_env = "B"
[bot.allow]
files = ["out"]
http = []
`)
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != "/etc/ilinkd/state" || c.Bots[0].Script != "/etc/ilinkd/bots/a.lua" || c.Bots[1].Script != "/srv/b.lua" {
		t.Errorf("paths: %q %q %q", c.Data, c.Bots[0].Script, c.Bots[1].Script)
	}
	if c.Bots[0].Allow.HTTP != nil || c.Bots[1].Allow.HTTP == nil {
		t.Errorf("http that isn't set is %q, and none at all %q", c.Bots[0].Allow.HTTP, c.Bots[1].Allow.HTTP)
	}
	if time.Duration(c.Limits.MinGap) != time.Second || time.Duration(c.Bots[0].Sandbox.Wall) != 5*time.Minute || c.Bots[1].Allow.Files[0] != "out" {
		t.Errorf("values: %+v", c)
	}
}

func TestConfigErrorsNameTheLine(t *testing.T) {
	const bot = "[[bot]]\nname = \"a\"\nscript = \"a.lua\"\n"
	for name, tc := range map[string]struct{ text, want string }{
		"unknown key":       {bot + "scirpt = \"x\"\n", `runtime.toml:4: bot.scirpt: there is no such setting; the settings here are name, script`},
		"unknown table":     {"[ilnk]\nbase_url = \"x\"\n", `runtime.toml:1: ilnk: there is no such setting; the settings here are data, listen`},
		"unknown in table":  {bot + "[bot.sandbox]\nwall = \"1s\"\ncpus = 3\n", `runtime.toml:6: bot.sandbox.cpus: there is no such setting`},
		"no TOML":           {"data = \n", `runtime.toml:1: data: `},
		"wrong type":        {"\ndata = 3\n", `runtime.toml:2: data: write a text in quotation marks: data = "…"`},
		"bad duration":      {"[limits]\n\nmin_gap = \"soon\"\n", `runtime.toml:3: limits.min_gap: "soon" is not a duration: write it like "350ms"`},
		"negative duration": {"[limits]\nmin_gap = \"-1s\"\n", `runtime.toml:2: limits.min_gap: "-1s" is negative`},
		"bad URL":           {"[ilink]\nbase_url = \"ilink\"\n", `runtime.toml:2: ilink.base_url: "ilink" is not a URL`},
		"bad isolation":     {bot + "[bot.sandbox]\nisolation = \"vm\"\n", `runtime.toml:5: bot.sandbox.isolation: "vm" is neither host nor process`},
		"little memory":     {bot + "[bot.sandbox]\nprocess_memory = 1000\n", `runtime.toml:5: bot.sandbox.process_memory: 1000 is not enough`},
		"bad name":          {"[[bot]]\nscript = \"a.lua\"\nname = \"Ä b\"\n", `runtime.toml:3: bot.name: "Ä b" is not a name`},
		"no name":           {"\n[[bot]]\nscript = \"a.lua\"\n", `runtime.toml:2: bot.name: bot number 1 has no name`},
		"no script":         {"[[bot]]\nname = \"a\"\n", `runtime.toml:1: bot.script: bot "a" has no script`},
		"two of a name":     {bot + bot, `runtime.toml:5: bot.name: there are two bots named "a"`},
		"two tokens":        {bot + "token_file = \"t\"\ntoken_env = \"T\"\n", `runtime.toml:4: bot.token_file: bot "a" has a token_file and a token_env`},
		"outside":           {bot + "[bot.allow]\nfiles = [\"../x\"]\n", `runtime.toml:5: bot.allow.files: "../x" does not lie below`},
		"env name":          {bot + "[bot.allow]\nenv = [\"A B\"]\n", `runtime.toml:5: bot.allow.env: "A B" is not the name of an environment variable`},
		"http":              {bot + "[bot.allow]\nhttp = [\"*\", \"https://a.org\"]\n", `runtime.toml:5: bot.allow.http: "https://a.org" is a URL: name the host alone`},
		"text_runes":        {"[limits]\ntext_runes = 9000\n", `runtime.toml:2: limits.text_runes: 9000 is not between`},
	} {
		_, err := parseConfig("runtime.toml", tc.text)
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s:\n got %v\nwant %s…", name, err, tc.want)
		}
	}
}

// TestShippedConfigNamesEverySetting uncomments runtime.toml and sees that each
// setting of it exists, and that each that exists is in it.
func TestShippedConfigNamesEverySetting(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "runtime.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseConfig("runtime.toml", string(text)); err != nil {
		t.Errorf("as it is: %v", err)
	}
	bare := regexp.MustCompile(`(?m)^# ([a-z_]+ = )`).ReplaceAllString(string(text), "$1")
	bare = strings.Replace(bare, "token_env = \"ECHO_TOKEN\"\n", "", 1)
	if _, err := parseConfig("runtime.toml", bare); err != nil {
		t.Errorf("uncommented: %v", err)
	}
	for table, names := range settings() {
		for _, name := range names {
			if !regexp.MustCompile(`(?m)^(# )?` + name + ` = |^\[+([a-z]+\.)?` + name + `\]`).MatchString(string(text)) {
				t.Errorf("runtime.toml does not mention %s in [%s]", name, table)
			}
		}
	}
}

func TestTokens(t *testing.T) {
	dir := t.TempDir()
	b := BotConfig{Name: "a", TokenFile: filepath.Join(dir, "sub", "a.json")}
	if _, err := b.LoadToken(); err == nil || !strings.Contains(err.Error(), "ilinkd login --bot a") {
		t.Errorf("no file: %v", err)
	}
	tok, err := parseToken([]byte("plain-token\n"), "env")
	if err != nil || tok.BotToken != "plain-token" {
		t.Errorf("bare token: %v %v", tok.BotToken, err)
	}
	tok.BotID = "x@im.bot"
	if err := b.SaveToken(tok); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(b.TokenFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got, err := b.LoadToken(); err != nil || got != tok {
		t.Errorf("read back: %v", err)
	}
	for _, broken := range []string{"", "{", `{"bot_token":""}`, "<html>secret", `{"bot_token": "secret`} {
		if err := os.WriteFile(b.TokenFile, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := b.LoadToken(); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", broken, err)
		}
	}
}
