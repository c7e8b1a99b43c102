-- What services send that isn't as OpenAI's: see llm.reply.
local bot = load_bot("services.lua")

local function delta(d, finish) return { choices = { { index = 0, delta = d, finish_reason = finish } } } end
local function call(index, id, arguments)
  return delta { tool_calls = { { index = index, id = id, type = "function", ["function"] = { name = "weather", arguments = arguments } } } }
end

-- asked plays these events and then "done". It returns what the tool was called with, and
-- the last message that the user heard.
local function asked(events)
  local n = 0
  events[#events + 1] = delta({ content = "" }, "stop")
  events[#events + 1] = "[DONE]"
  http.stub("POST", "https://api.example.org/*", function()
    n = n + 1
    return { events = n == 1 and events or { delta({ content = "done" }, "stop"), "[DONE]" } }
  end)
  bot:user("ann"):says("hi")
  local cities = {}
  local second = http.requests()[2]
  for _, m in ipairs(second and json.decode(second.body).messages or {}) do
    if m.role == "tool" then cities[#cities + 1] = m.content end
  end
  local heard = bot:user("ann"):heard()
  return table.concat(cities, ";"), heard[#heard].text
end

describe("tools", function()
  it("have their name in each piece", function() expect((asked { call(0, "a", '{"city":'), call(0, "a", '"Rome"}') })).to.equal("Rome") end)
  it("have ids of their own at one index", function()
    expect((asked { call(0, "a", '{"city":"Rome"}'), call(0, "b", '{"city":"Oslo"}') })).to.equal("Rome;Oslo")
  end)
  it("begin at index 1", function() expect((asked { delta { content = "I look. " }, call(1, "a", '{"city":"Rome"}') })).to.equal("Rome") end)
  it("get an object", function() expect((asked { call(0, "a", { city = "Rome" }) })).to.equal("Rome") end)
  it("have no id", function() expect((asked { call(0, nil, '{"city":"Rome"}') })).to.equal("Rome") end)
end)

describe("the answer", function()
  local function said(events) return (select(2, asked(events))) end
  it("comes as a list", function()
    expect(said { delta { content = { { type = "thinking", thinking = "hm" }, { type = "text", text = "Hello" } } } }).to.equal("Hello")
  end)
  it("is without thoughts", function() expect(said { delta { content = "<think>\nhm\n</th" }, delta { content = "ink>\n\nHello" } }).to.equal("Hello") end)
  it("is a refusal", function() expect(said { delta { refusal = "I can't help with that." } }).to.equal("I can't help with that.") end)
  it("has a character in two halves", function()
    local half = '{"choices":[{"index":0,"delta":{"content":"%s"}}]}'
    expect(said { half:format("\\ud83d"), half:format("\\ude00") }).to.equal("😀")
  end)
  it("outlives a bad line", function() expect(said { '{"choices":[{"del', delta { content = "Hello" } }).to.equal("Hello") end)
  it("is an error", function() expect(said { { error = { message = "overloaded", code = 503 } } }).to.equal("server: the service broke off: overloaded") end)
end)
