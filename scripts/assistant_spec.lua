describe("assistant", function()
  local bot = load_bot("assistant.lua", { env = { OPENAI_API_KEY = "s3cret" } })
  local alice, bob = bot:user("alice"), bot:user("bob")
  local service = "https://api.openai.com/v1/chat/completions"

  -- What the service was asked last.
  local function asked() return http.requests()[#http.requests()] end

  it("answers, and remembers the conversation", function()
    llm.stub("你好！I am well.")
    alice:says("How are you?")
    expect(alice:hears()).to.equal("你好！I am well.")
    expect(asked().headers.authorization).to.equal("Bearer s3cret")
    bot:restart()
    llm.stub("Fine.")
    alice:says("Good.")
    expect(alice:hears()).to.equal("Fine.")
    expect(asked().body).to.contain("How are you?")
    bob:says("Hello")
    expect(bob:hears()).to.equal("Fine.")
    expect(asked().body).never.to.contain("How are you?")
    alice:says("/new")
    expect(alice:hears()).to.contain("something else")
    alice:says("Again.")
    expect(asked().body).never.to.contain("How are you?")
  end)

  it("uses its functions", function()
    local function uses(name, arguments)
      llm.stub({ calls = { [name] = arguments } }, "Done.")
      alice:says("Please.")
      expect(alice:hears()).to.equal("Done.")
      return asked().body
    end

    expect(uses("current_time", { zone = "local" })).to.contain("Monday, 2026-01-05 09:00")
    expect(uses("current_time", { zone = "Atlantis" })).to.contain("Atlantis")
    expect(uses("roll_dice", { sides = 2 })).to.match('"role":"tool"')
    expect(uses("roll_dice", { sides = 1 })).to.contain("two sides or more")
    uses("remember_fact", { fact = "Alice likes tea." })
    alice:says("/new")
    alice:hears()
    bot:restart()
    expect(uses("roll_dice", { sides = 6 })).to.contain("The user wants you to know: Alice likes tea.")
    alice:says("/forget")
    alice:hears()
    expect(uses("roll_dice", { sides = 6 })).never.to.contain("tea")
  end)

  it("excuses itself, and keeps the details for the log", function()
    http.stub("POST", service, { status = 401, json = { error = { message = "Incorrect API key" } } })
    alice:says("Hello")
    expect(alice:hears()).to.contain("key of this bot")
    expect(bot:log()[1]).to.match("^unauthorized: .*Incorrect")
    http.stub("POST", service, { status = 400, json = { error = { message = "no such model" } } })
    alice:says("Hello")
    expect(alice:hears()).to.contain("try again later")
    alice:says { image = { name = "cat.png", data = "\137PNG" } }
    expect(alice:hears()).to.contain("texts and voice")
    for _, line in ipairs(bot:log()) do expect(line).never.to.contain("s3cret") end
  end)

  it("says when the key is missing", function()
    local poor = load_bot("assistant.lua", { env = { OPENAI_API_KEY = false } })
    poor:user("alice"):says("Hello")
    expect(poor:user("alice"):hears()).to.contain("set the environment variable OPENAI_API_KEY")
    expect(poor:log()[1]).to.have { level = "error" }
    expect(http.requests()).to.equal {}
  end)

  it("has enough after two hundred questions a day", function()
    llm.stub("Yes.")
    alice.kv:set("asked", 200)
    alice:says("Are you there?")
    expect(alice:hears()).to.contain("enough for a day")
    bob:says("And for me?")
    expect(bob:hears()).to.equal("Yes.")
  end)
end)
