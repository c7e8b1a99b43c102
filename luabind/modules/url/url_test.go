package url_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
	"github.com/ilinkd/ilinkd/luabind/modules/url"
)

func TestURL(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "parse", Script: `local u = url.parse("https://me:pw@example.org:8080/a%20b/c?q=%E4%BD%A0+x&l=1&l=2#top")
			print(u.scheme, u.user, u.password, u.host, u.port, u.path, u.fragment, u.query.q, u.query.l[1], u.query.l[2])`,
			Want: "https\tme\tpw\texample.org\t8080\t/a b/c\ttop\t你 x\t1\t2"},
		{Name: "a short one", Script: `local u = url.parse(" http://example.org ") print(u.host, u.port, u.path, u.user, next(u.query))`, Want: "example.org\tnil\t\tnil\tnil"},
		{Name: "no address", Script: `local u, err = url.parse("http://[::1?key=SECRET") print(u, err.kind, err)`, Want: "nil\tbad_url\tthis is no address: missing ']' in host"},
		{Name: "control characters", Script: `print(url.parse("http://a\nb/"))`, Want: "nil\tthis is no address: net/url: invalid control character in URL"},
		{Name: "bad query", Script: `print(url.parse("http://a/?a=%zz"))`, Want: "nil\tthe query is wrong: it has a semicolon, or a % without two hexadecimal digits behind it"},
		{Name: "build", Script: `print(url.build{ scheme = "https", host = "example.org", port = 8080, path = "a b/你", query = { b = { 1, 2 }, a = "x&y", c = true }, fragment = "f" })`,
			Want: "https://example.org:8080/a%20b/%E4%BD%A0?a=x%26y&b=1&b=2&c=true#f"},
		{Name: "build IPv6", Script: `print(url.build{ scheme = "http", host = "::1" }, url.build{ scheme = "http", host = "::1", port = 80 })`, Want: "http://[::1]\thttp://[::1]:80"},
		{Name: "build what was parsed", Script: `local s = "https://me:pw@example.org:8080/a%20b/c?l=1&l=2&q=x#top" print(url.build(url.parse(s)) == s)`, Want: "true"},
		{Name: "build of nothing", Script: `url.build()`, Error: "url.build needs a table such as"},
		{Name: "build misspelt", Script: `url.build{ hots = "x" }`, Error: "did you mean host?"},
		{Name: "build wrong", Script: `url.build{ host = {} }`, Error: "url.build: host is a text, got a table"},
		{Name: "join", Script: `print(url.join("https://a.org/x/y?q", "../z"), url.join("https://a.org/x", "//b.org/"), url.join("https://a.org/x", "?p=1"))`,
			Want: "https://a.org/z\thttps://b.org/\thttps://a.org/x?p=1"},
		{Name: "encode", Script: `print(url.encode("a b&c=d/你+~"), url.decode("a%20b%26+%E4%BD%A0"))`, Want: "a%20b%26c%3Dd%2F%E4%BD%A0%2B~\ta b&+你"},
		{Name: "decode wrong", Script: `print(url.decode("100%"))`, Want: "nil\ta % has no two hexadecimal digits behind it"},
		{Name: "queries", Script: `print(url.encode_query{ q = "a b", n = 5 }, url.decode_query("?q=a+b").q)`, Want: "n=5&q=a+b\ta b"},
		{Name: "query of lists", Script: `url.encode_query{ "x" }`, Error: "names are texts, got number 1"},
		{Name: "query with a function", Script: `url.encode_query{ x = print }`, Error: `the value of "x" is a text, a number, true or false, or a list of them, got a function`},
		{Name: "long", Script: `print(url.parse(("x"):rep(1e6)))`, Want: "nil\tthe address is longer than 64 KiB"},
	}, url.Module{})
}

func TestDefinitions(t *testing.T) { librarytest.Module(t, url.Module{}, nil, "") }
