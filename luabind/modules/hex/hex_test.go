package hex_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/hex"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

func TestHex(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "encode", Script: `print(hex.encode("\0\255A"), hex.encode(""))`, Want: "00ff41\t"},
		{Name: "decode", Script: `print(hex.decode("00Ff41") == "\0\255A", hex.decode("") == "")`, Want: "true\ttrue"},
		{Name: "no hex", Script: `print(select(2, hex.decode("0x41")).kind, hex.decode("414"))`, Want: "bad_hex\tnil\tthe text isn't hexadecimal: it has an even number of 0-9, a-f and A-F"},
		{Name: "no text", Script: `hex.decode(nil)`, Error: "hex.decode needs a text, got nil"},
		{Name: "too long", Script: `hex.encode(("x"):rep(5e6))`, Error: "longer than 8 MiB"},
	}, hex.Module{})
}

func TestDefinitions(t *testing.T) { librarytest.Module(t, hex.Module{}, nil, "") }
