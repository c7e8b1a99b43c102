// Package spec runs specs: Lua files that say how a bot behaves, and that play its
// users.
//
//	describe("echo", function()
//	  local bot = load_bot()
//	  it("answers ping", function()
//	    local alice = bot:user("alice")
//	    alice:says("ping")
//	    expect(alice:hears()).to.equal("pong")
//	  end)
//	end)
//
// [Find] finds the files, [Run] runs them, several at a time, and a [Report] is
// what came of it. Each case has a world of its own (see the package world), so that
// none sees what another did.
package spec
