describe("assistant", function()
  local alice = load_bot(nil, { env = { KEY = "secret" } }):user("alice")

  it("streams an answer", function()
    http.stub("POST", "https://llm.example.org/v1/chat/completions", {
      events = {
        { choices = { { delta = { content = "Hello" } } } },
        { choices = { { delta = { content = ", you." }, finish_reason = "stop" } } },
        "[DONE]",
      },
    })
    alice:says("hi")
    expect(alice:hears()).to.equal("Hello, you.")
    expect(http.requests()[1].headers.authorization).to.equal("Bearer secret")
    expect(json.decode(http.requests()[1].body)).to.have { model = "small" }
  end)

  it("calls tools", function()
    local answers = {
      { message = { tool_calls = { { id = "1", type = "function", ["function"] = { name = "weather", arguments = "{}" } } } } },
      { message = { content = "It is sunny." }, finish_reason = "stop" },
    }
    http.stub("POST", "*", function() return { json = { choices = { table.remove(answers, 1) } } } end)
    alice:says("plain")
    expect(alice:hears()).to.equal("It is sunny.")
    expect(http.requests()[2].body).to.contain("sunny")
  end)

  it("has a model that llm.stub plays", function()
    llm.stub("Hello, 世界!")
    alice:says("hi")
    expect(alice:hears()).to.equal("Hello, 世界!")
    llm.stub({ says = "Wait.", calls = { weather = {} } }, "It is fine.", { says = "As I said." })
    alice:says("plain")
    expect(alice:hears()).to.equal("Wait.")
    expect(alice:hears()).to.equal("It is fine.")
    expect(http.requests()[3].body).to.contain("sunny")
    for _ = 1, 2 do
      alice:says("plain")
      expect(alice:hears()).to.equal("As I said.")
    end
    for call, message in pairs {
      [function() llm.stub() end] = "needs what the model answers",
      [function() llm.stub {} end] = "neither says nor calls",
      [function() llm.stub { say = "x" } end] = "did you mean says%?",
      [function() llm.stub { calls = { "weather" } } end] = "the arguments of each tool by its name",
    } do
      expect(call).to.raise(message)
    end
  end)

  it("tries again, in the clock's time", function()
    http.stub("*", { status = 429 })
    alice:says("hi")
    expect(function() alice:hears() end).to.raise("waits for time to pass")
    clock.advance(60)
    expect(alice:hears()).to.equal("Sorry: rate_limited")
    expect(http.requests()).to.have_length(3)
  end)
end)

it("does things once, also when it is restarted on the way", function()
  local bot = load_bot("once.lua")
  local alice = bot:user("alice")
  http.stub("*", { status = 429 })
  alice:says("hi")
  bot:restart()
  clock.advance(60)
  expect(alice:heard()).to.have_length(2)
  expect(alice:heard()[2]).to.equal("1 rate_limited")
end)
