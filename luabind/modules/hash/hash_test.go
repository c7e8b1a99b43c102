package hash_test

import (
	"testing"

	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/hash"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

func TestHash(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		// RFC 1321, FIPS 180-4: "abc".
		{Name: "md5", Script: `print(hash.md5("abc"))`, Want: "900150983cd24fb0d6963f7d28e17f72"},
		{Name: "sha1", Script: `print(hash.sha1("abc"))`, Want: "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{Name: "sha256", Script: `print(hash.sha256("abc"))`, Want: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{Name: "sha512", Script: `print(hash.sha512("abc"))`,
			Want: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		// RFC 2202 and RFC 4231, test case 2.
		{Name: "hmac", Script: `local k, t = "Jefe", "what do ya want for nothing?" print(hash.hmac_md5(k, t), hash.hmac_sha1(k, t), hash.hmac_sha256(k, t))`,
			Want: "750c783e6ab0b503eaa86e310a5db738\teffcdf6ae5eb2fa2d27416d5f184df9c259a7c79\t5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{Name: "hmac_sha512", Script: `print((hash.hmac_sha512("Jefe", "what do ya want for nothing?"):sub(1, 16)))`, Want: "164b7a7bfcf819e2"},
		{Name: "raw", Script: `print(#hash.md5("", { raw = true }), #hash.hmac_sha256("k", "", { raw = true }), hash.md5(""))`, Want: "16\t32\td41d8cd98f00b204e9800998ecf8427e"},
		{Name: "equal", Script: `print(hash.equal("a", "a"), hash.equal("a", "b"), hash.equal("a", "ab"))`, Want: "true\tfalse\tfalse"},
		{Name: "no text", Script: `hash.md5()`, Error: "hash.md5 needs a text, got nil"},
		{Name: "no key", Script: `hash.hmac_sha256("x")`, Error: "hash.hmac_sha256 needs a key and a text, got nil"},
		{Name: "option", Script: `hash.md5("x", { row = true })`, Error: "did you mean raw?"},
		{Name: "work is charged", Script: `local s = ("x"):rep(8e6) for i = 1, 100 do hash.sha256(s) end`, Error: "must be raised"},
	}, hash.Module{})
}

func TestDefinitions(t *testing.T) { librarytest.Module(t, hash.Module{}, nil, "") }
