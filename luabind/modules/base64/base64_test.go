package base64_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/base64"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

func TestBase64(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "encode", Script: `print(base64.encode("你好?>"), base64.encode(""), base64.encode(12))`, Want: "5L2g5aW9Pz4=\t\tMTI="},
		{Name: "url", Script: `print(base64.encode("\255\239\190"), base64.encode("\255\239\190", { url = true }), base64.encode("a", { url = true, padding = false }))`,
			Want: "/+++\t_---\tYQ"},
		{Name: "decode", Script: `print(base64.decode("5L2g\r\n 5aW9Pz4="), base64.decode("YQ"), base64.decode("YQ=="), base64.decode("_---") == "\255\239\190", base64.decode("") == "")`,
			Want: "你好?>\ta\ta\ttrue\ttrue"},
		{Name: "no base64", Script: `local v, err = base64.decode("a*b") print(v, err.kind, err)`,
			Want: "nil\tbad_base64\tthe text is no base64: illegal base64 data at input byte 1"},
		{Name: "half", Script: `print(base64.decode("a") , base64.decode("YQ="))`, Want: "nil\tnil\tthe text is no base64: illegal base64 data at input byte 3"},
		{Name: "no text", Script: `base64.encode()`, Error: "base64.encode needs a text, got nil"},
		{Name: "option", Script: `base64.encode("x", { pad = false })`, Error: "doesn't know the option"},
		{Name: "too long", Script: `base64.encode(("x"):rep(7e6))`, Error: "longer than 8 MiB"},
	}, base64.Module{})
}

func TestDefinitions(t *testing.T) { librarytest.Module(t, base64.Module{}, nil, "") }
