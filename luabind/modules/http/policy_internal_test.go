package http

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind"
)

func TestRules(t *testing.T) {
	for _, good := range []string{
		"*", "*:*", "*:8080", "api.example.org", "API.Example.org.", "*.example.org", "localhost:11434", "my_service:80", "xn--fsqu00a.xn--fiqs8s",
		"192.168.1.5", "192.168.1.5:8080", "[::1]:8080", "::1", "10.0.0.0/8", "10.0.0.0/8:*", "fd00::/8", "fd00::/8:8080",
	} {
		if err := CheckRule(good); err != nil {
			t.Errorf("%q %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"https://api.example.org": "name the host alone",
		"":                        "is no host",
		"api.example.org/v1":      "is no range of addresses",
		"10.0.0.0/99":             "is no range of addresses",
		"localhost:":              `has the port ""`,
		"localhost:99999":         `has the port "99999"`,
		"localhost:0":             `has the port "0"`,
		"a b":                     "is no host",
		"*example.org":            "is no host",
		"a.*.org":                 "is no host",
		"[::1]":                   "is no host and port",
		"2130706433":              "is no host",
		"例子.中国":                   "is no host",
	} {
		if err := CheckRule(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", bad, err, want)
		}
	}
}

func TestPolicyOfURLs(t *testing.T) {
	const ok = ""
	for _, c := range []struct {
		allow []string
		url   string
		kind  string
	}{
		{nil, "https://api.example.org/x", ok},
		{nil, "http://api.example.org:80", ok},
		{nil, "https://93.184.216.34/", ok},
		{nil, "https://api.example.org:8443/", kindRefused},
		{nil, "http://127.0.0.1/", kindRefused},
		{nil, "http://[::1]/", kindRefused},
		{nil, "http://[::ffff:127.0.0.1]/", kindRefused},
		{nil, "http://[::ffff:a9fe:a9fe]/", kindRefused},
		{nil, "http://0.0.0.0/", kindRefused},
		{nil, "http://[fe80::1%25eth0]/", kindRefused},
		{nil, "http://169.254.169.254/latest/meta-data", kindRefused},
		{nil, "http://2130706433/", kindBadURL},
		{nil, "http://0x7f000001/", kindBadURL},
		{nil, "http://0x7f.1/", kindBadURL},
		{nil, "http://127.1/", kindBadURL},
		{nil, "http://0177.0.0.1/", kindBadURL},
		{nil, "http://127.0.0.1./", kindBadURL},
		{nil, "http://127。0。0。1/", kindBadURL},
		{nil, "http://①②⑦.⓪.⓪.①/", kindBadURL},
		{nil, "http://a..b/", kindBadURL},
		{nil, "http:///x", kindBadURL},
		{nil, "ftp://api.example.org/", kindBadURL},
		{nil, "file:///etc/passwd", kindBadURL},
		{nil, "api.example.org", kindBadURL},
		{nil, "http://api.example.org:99999/", kindBadURL},
		{[]string{}, "https://api.example.org/", kindRefused},
		{[]string{"api.example.org"}, "https://api.example.org/", ok},
		{[]string{"api.example.org"}, "https://API.example.org./", ok},
		{[]string{"api.example.org"}, "https://api.example.org:8443/", kindRefused},
		{[]string{"api.example.org"}, "https://api.example.org.evil.com/", kindRefused},
		{[]string{"api.example.org"}, "https://api.example.org@evil.com/", kindRefused},
		{[]string{"api.example.org"}, "https://evil.com/?api.example.org", kindRefused},
		{[]string{"api.example.org"}, "https://93.184.216.34/", kindRefused},
		{[]string{"*.example.org"}, "https://api.example.org/", ok},
		{[]string{"*.example.org"}, "https://a.b.example.org/", ok},
		{[]string{"*.example.org"}, "https://example.org/", kindRefused},
		{[]string{"*.example.org"}, "https://evilexample.org/", kindRefused},
		{[]string{"localhost:11434"}, "http://localhost:11434/v1", ok},
		{[]string{"localhost:11434"}, "http://localhost/v1", kindRefused},
		{[]string{"*:*"}, "http://api.example.org:8080/", ok},
		{[]string{"*:*"}, "http://127.0.0.1:8080/", kindRefused},
		{[]string{"127.0.0.1:8080"}, "http://127.0.0.1:8080/", ok},
		{[]string{"127.0.0.1:8080"}, "http://[::ffff:127.0.0.1]:8080/", ok},
		{[]string{"127.0.0.1:8080"}, "http://127.0.0.1:8081/", kindRefused},
		{[]string{"192.168.0.0/16:*"}, "http://192.168.3.4:5000/", ok},
		{[]string{"192.168.0.0/16:*"}, "http://10.0.0.1:5000/", kindRefused},
		{[]string{"169.254.169.254"}, "http://169.254.169.254/", ok},
	} {
		p, err := newPolicy(c.allow)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		err = p.url(u)
		var he *luabind.HostError
		if kind := ok; err != nil && (!errors.As(err, &he) || he.Kind != c.kind) || err == nil && c.kind != kind {
			t.Errorf("%q with %q: %v, want %q", c.url, c.allow, err, c.kind)
		}
	}
}

// TestRefusedSaysWhatToAllow: what it says to write is what allows it.
func TestRefusedSaysWhatToAllow(t *testing.T) {
	p, _ := newPolicy([]string{})
	for raw, entry := range map[string]string{
		"https://api.example.org/secret?key=secret": `"api.example.org"`,
		"http://localhost:8080/":                    `"localhost:8080"`,
		"http://[::1]:8080/":                        `"[::1]:8080"`,
		"http://[::1]/":                             `"::1"`,
	} {
		u, _ := url.Parse(raw)
		err := p.url(u)
		if err == nil || !strings.Contains(err.Error(), "add "+entry+" to http in runtime.toml, [bot.allow]") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", raw, err)
		}
		allowed, err := newPolicy([]string{strings.Trim(entry, `"`)})
		if err != nil || allowed.url(u) != nil {
			t.Errorf("%s is not allowed by %s: %v", raw, entry, err)
		}
	}
}
