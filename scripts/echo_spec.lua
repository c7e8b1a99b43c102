describe("echo", function()
  local bot = load_bot()
  local alice = bot:user("alice")

  it("answers ping with pong", function()
    alice:says("ping")
    expect(alice:hears()).to.equal("pong")
    alice:hears_nothing()
  end)

  it("repeats what was written or said", function()
    alice:says("你好")
    expect(alice:hears()).to.equal("You said: 你好")
    alice:says { voice = "good morning" }
    expect(alice:hears()).to.match("good morning$")
  end)

  it("is polite about pictures", function()
    alice:says { image = { name = "cat.png", data = "\137PNG" } }
    expect(alice:hears()).to.contain("nice image")
  end)
end)
