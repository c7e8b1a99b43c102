local order = {}

describe("survey", function()
  local bot = load_bot()
  local alice, bob = bot:user("alice"), bot:user("bob")

  before_each(function() order[#order + 1] = "before" end)
  after_each(function() order[#order + 1] = "after" end)

  it("asks, and takes an answer that matches", function()
    alice:says("/survey")
    expect(alice:hears()).to.match("name")
    alice:says("Alice")
    expect(alice:hears()).to.contain("old")
    alice:says("many")
    expect(alice:hears()).to.contain("old")
    alice:says("33")
    expect(alice:hears()).to.equal("Hello Alice, 33")
    expect(alice:hears()).to.have { text = "oops", recalled = true }
    alice:hears_nothing()
  end)

  it("keeps the dialogues of users apart", function()
    alice:says("/survey")
    bob:says("/survey")
    bob:says("Bob")
    alice:says("Alice")
    expect(alice:heard()).to.have_length(2)
    bob:says("1")
    expect(bob:heard()[3]).to.equal("Hello Bob, 1")
  end)

  it("goes on after a restart and a reload", function()
    alice:says("/survey")
    bot:restart()
    alice:says("Alice")
    bot:reload()
    bot:restart()
    alice:says("8")
    expect(alice:heard()).to.contain("Hello Alice, 8")
    expect(#alice:heard()).to.equal(4)
    alice:says("handled")
    -- The restart ran the dialogue again.
    expect(alice:heard()[5]).to.equal("2")
  end)

  it("gives up when the time is over", function()
    alice:says("/survey")
    clock.advance(3599)
    expect(alice:heard()).to.have_length(1)
    clock.advance(1)
    expect(alice:heard()[2]).to.equal("No name: timeout")
  end)

  it("can be interrupted", function()
    alice:says("/survey")
    alice:says("/stop")
    expect(alice:heard()[2]).to.equal("No name: interrupted")
  end)

  it("has a new world in each case", function()
    alice:says("handled")
    expect(alice:hears()).to.equal("1")
    expect(bot.kv.get("last")).to.be_nil()
    expect(order[#order]).to.equal("before")
    expect(order[#order - 1]).to.equal("after")
  end)
end)

describe("the world", function()
  local bot = load_bot("survey.lua", { env = { KEY = "k3y" } })
  local alice = bot:user("alice")

  it("has a clock", function()
    alice:says("time")
    expect(alice:hears()).to.equal("2026-01-05 09:00:00")
    clock.advance(61.5)
    clock.set("2026-01-06 17:30")
    alice:says("time")
    expect(alice:hears()).to.equal("2026-01-06 17:30:00")
    clock.set("09:00")
    expect(os.date("%d", clock.now())).to.equal("07")
    clock.set("09:00")
    expect(os.date("%d", clock.now())).to.equal("08")
    expect(function() clock.set("2020-01-01") end).to.raise("put back")
  end)

  it("has windows", function()
    alice:says("many")
    expect(alice:heard()).to.have_length(10)
    expect(bot:log()).to.contain("deferred quota")
    expect(alice:waiting()).to.equal(2)
    alice:says("handled")
    expect(alice:heard()).to.have_length(13)
    expect(alice:heard()[12]).to.equal("12")
  end)

  it("nudges", function()
    alice:says("nudge")
    expect(alice:heard()).to.have_length(10)
    expect(alice:heard()[10]).to.contain("More is waiting")
    expect(alice:waiting()).to.equal(2)
  end)

  it("has windows that close", function()
    alice:says("/survey")
    alice:window { used = 10 }
    alice:says("Alice")
    alice:window { open = false }
    expect(alice:waiting()).to.equal(0)
  end)

  it("has faults", function()
    bot:fault { send = "network" }
    alice:says("strict")
    alice:says("many")
    expect(bot:log()[1]).to.equal("network")
    expect(bot:log()[2]).to.equal("deferred network")
    alice:hears_nothing()
    bot:fault()
    expect(alice:heard()).to.have_length(10)
    bot:fault { send = "quota", times = 1 }
    alice:says("handled")
    expect(alice:waiting()).to.equal(3)
    alice:says("handled")
    expect(alice:waiting()).to.equal(0)
  end)

  it("tells of errors", function()
    alice:says("fail")
    expect(bot:errors()[1]).to.have { text = "on purpose", kind = "runtime", line = 13 }
    expect(bot:errors()).to.equal {}
  end)

  it("keeps data", function()
    alice:says("count")
    alice:says("count")
    bot:restart()
    alice:says("count")
    expect(alice:heard()[3]).to.equal("3")
    expect(alice.kv:get("count")).to.equal(3)
    expect(bot.kv.get("last")).to.equal { from = "alice", list = { 1, 2 } }
    bot.kv.set("last", nil)
    expect(bot.kv.keys()).to.equal {}
    alice.kv:set("count", 41)
    alice:says("count")
    expect(alice:heard()[4]).to.equal("42")
  end)

  it("has files", function()
    alice:says { file = { name = "a.txt", data = "hello" } }
    expect(alice:hears()).to.equal("text/plain 5")
    expect(alice:hears()).to.have { kind = "file", name = "copy.txt", data = "hello" }
    expect(bot:read("saved/a.txt")).to.equal("hello")
    expect(bot:read("saved/b.txt")).to.be_nil()
    bot:write("in.txt", "x")
    expect(bot:read("in.txt")).to.equal("x")
  end)

  it("has quotes and variables", function()
    alice:says("key")
    local key = alice:hears()
    expect(key).to.equal("k3y")
    alice:says { text = "this?", quote = key }
    expect(alice:hears()).to.equal("quoted: k3y")
  end)

  it("ends sessions", function()
    bot:expire_session()
    expect(bot:log()).to.contain("expired")
  end)

  it("has cases that are to be written")
end)
