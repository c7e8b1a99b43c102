---@meta spec

---Groups cases: what it describes goes before their names.
---@param text string What is described, such as "the survey".
---@param body fun() Has the cases, and further groups.
---@example
---```lua
---describe("echo", function()
---  local bot = load_bot("echo.lua")
---  it("answers ping", function()
---    local alice = bot:user("alice")
---    alice:says("ping")
---    expect(alice:hears()).to.equal("pong")
---  end)
---end)
---```
function describe(text, body) end

---Is a case. Each has a world of its own: new bots, no data, and the clock at Monday,
---5 January 2026, 9:00.
---@param text string What the bot does, such as "asks for a name".
---@param body? fun() Plays it. Without it the case is pending.
---@example
---```lua
---it("says hello in Chinese, too")
---it("is on time", function()
---  expect(os.date("%H:%M", clock.now())).to.equal("09:00")
---end)
---```
function it(text, body) end

---Is done before each case of the group, or of the file.
---@param body fun()
---@example
---```lua
---local bot = load_bot("echo.lua")
---before_each(function() bot:write("greeting.txt", "hi") end)
---it("has a file", function() expect(bot:read("greeting.txt")).to.equal("hi") end)
---```
function before_each(body) end

---Is done after each case of the group, or of the file, also if that failed.
---@param body fun()
---@example
---```lua
---local bot = load_bot("echo.lua")
---after_each(function() bot:user("alice"):hears_nothing() end)
---it("says nothing unasked", function() clock.advance(3600) end)
---```
function after_each(body) end

---Begins an expectation about a value. A message that a user has heard may stand
---for its text.
---@param value any
---@return spec.Expectation
---@example
---```lua
---expect(1 + 1).to.equal(2)
---expect("hello").never.to.match("^%d")
---```
function expect(value) end

---Names the bot to be tested. Each case has a new one, loaded when it is first
---needed. The script's folder is copied before the bot reads or writes there.
---@param script? string The script's path, from the spec's folder. Left out it is the script that the spec is named for: echo.lua for echo_spec.lua.
---@param options? spec.BotOptions
---@return spec.Bot bot
---@example
---```lua
---local bot = load_bot("echo.lua", { env = { OPENAI_API_KEY = "test" } })
---it("answers", function()
---  bot:user("alice"):says("ping")
---  expect(bot:user("alice"):hears()).to.equal("pong")
---end)
---```
function load_bot(script, options) end

---How a bot is run.
---@class spec.BotOptions
---@field name? string The bot's name; the script's if left out.
---@field env? table<string, string|false> The environment variables that it may read; false for one that isn't set.
---@field files? string[] The folders and files that it may write, as [bot.allow] files has them; all if left out.
---@field per_inbound? integer How many messages a user's message allows; 10 if left out.
---@field when_full? "defer"|"fail"|"nudge" What becomes of a message that the window has no room for; "defer" if left out.

---What can be expected of a value.
---@class spec.Expectation
---@field to spec.Matchers It is so.
---@field never spec.Never It isn't: expect(x).never.to.equal(1).

---@class spec.Never
---@field to spec.Matchers

---What a value is compared with. Each is called with a dot, and fails the case if the
---value isn't so.
---@class spec.Matchers
local Matchers = {}

---The same value; of tables, the same fields.
---@param want any
---@example
---```lua
---expect({ 1, { name = "x" } }).to.equal { 1, { name = "x" } }
---```
function Matchers.equal(want) end

---A text that a Lua pattern matches.
---@param pattern string
---@example
---```lua
---expect("It is 21 °C.").to.match("%d+ °C")
---```
function Matchers.match(pattern) end

---A text with another in it, or a list with a value in it; of a list of messages, one
---whose text has it.
---@param part any
---@example
---```lua
---expect("tea and coffee").to.contain("tea")
---expect({ "tea", "coffee" }).to.contain("coffee")
---```
function Matchers.contain(part) end

---Nil.
---@example
---```lua
---expect(tonumber("x")).to.be_nil()
---```
function Matchers.be_nil() end

---Anything but nil and false.
---@example
---```lua
---expect(("x"):find("x")).to.be_truthy()
---```
function Matchers.be_truthy() end

---Nil or false.
---@example
---```lua
---expect(("x"):find("y")).to.be_falsy()
---```
function Matchers.be_falsy() end

---A value of a type.
---@param type "nil"|"boolean"|"number"|"string"|"table"|"function"|"userdata"|"thread"
---@example
---```lua
---expect(clock.now()).to.be_a("number")
---```
function Matchers.be_a(type) end

---A larger number.
---@param number number
---@example
---```lua
---expect(2).to.be_above(1)
---```
function Matchers.be_above(number) end

---A smaller number.
---@param number number
---@example
---```lua
---expect(1).to.be_below(2)
---```
function Matchers.be_below(number) end

---A list with so many values, or a text with so many bytes.
---@param length integer
---@example
---```lua
---expect({ "a", "b" }).to.have_length(2)
---```
function Matchers.have_length(length) end

---A table that has these fields, and perhaps others.
---@param fields table
---@example
---```lua
---expect({ kind = "image", name = "cat.png" }).to.have { kind = "image" }
---```
function Matchers.have(fields) end

---A function that raises an error.
---@param pattern? string A Lua pattern for the error.
---@example
---```lua
---expect(function() error("too late") end).to.raise("late")
---```
function Matchers.raise(pattern) end

---A bot under test.
---@class spec.Bot
---@field kv spec.Data What it keeps.
local Bot = {}

---Returns a user of the bot's.
---@param id string Any text: the bot sees it as msg.from.
---@return spec.User user
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("tells users apart", function()
---  bot:user("alice"):says("ping")
---  bot:user("bob"):hears_nothing()
---end)
---```
function Bot:user(id) end

---Loads the script anew, as saving it does: dialogues that wait go on in the version
---that they began in, and ilink.state is handed over.
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("can be reloaded", function() bot:reload() end)
---```
function Bot:reload() end

---Ends the bot as a crash does, and starts it again: variables are gone, what is kept
---in kv is there, and dialogues go on where they were.
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("can be restarted", function() bot:restart() end)
---```
function Bot:restart() end

---Ends the bot's login: the script's on_session_expired is called.
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("copes with the end of the session", function() bot:expire_session() end)
---```
function Bot:expire_session() end

---Has what the bot sends fail, until it is called with nothing: "quota",
---"window_closed", "throttled", "network" and "session_expired" keep messages back
---until the fault is over, "bad_request" and "uncertain" are what becomes of them.
---"unconfirmed" has the server accept them and throw them away: the script's
---on_suppressed is called, and what follows waits until the user writes.
---@param fault? spec.Fault
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("sends later what can't be sent", function()
---  bot:fault { send = "network" }
---  bot:user("alice"):says("ping")
---  bot:user("alice"):hears_nothing()
---  bot:fault()
---  expect(bot:user("alice"):hears()).to.equal("pong")
---end)
---```
function Bot:fault(fault) end

---How sends fail.
---@class spec.Fault
---@field send? "quota"|"window_closed"|"throttled"|"network"|"session_expired"|"bad_request"|"uncertain"|"unconfirmed"
---@field times? integer For how many sends; for all if left out.
---@field to? string The id of the user whose messages fail; all users' if left out.

---Returns what the bot has logged, line by line.
---@return spec.LogLine[] lines
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("logs nothing", function() expect(bot:log()).to.have_length(0) end)
---```
function Bot:log() end

---A line of a bot's log. It counts as its text.
---@class spec.LogLine
---@field text string
---@field level "debug"|"info"|"warn"|"error"
---@field time number When, in seconds since 1970.

---Returns the errors with which handlers have ended since it was last called. Errors
---that it hasn't returned fail the case.
---@return spec.Error[] errors
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("has no errors", function() expect(bot:errors()).to.equal {} end)
---```
function Bot:errors() end

---An error of a bot's. It counts as its text.
---@class spec.Error
---@field text string
---@field kind? string Such as "runtime" or "limit".
---@field file? string
---@field line? integer

---Reads a file of the bot's folder.
---@param path string
---@return string? text nil if there is none.
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("wrote no file", function() expect(bot:read("survey.csv")).to.be_nil() end)
---```
function Bot:read(path) end

---Writes a file into the bot's folder, for this case.
---@param path string
---@param text string
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("has a file", function() bot:write("menu.txt", "tea\ncoffee") end)
---```
function Bot:write(path, text) end

---Has the users of a recording say again what they said, at the same times, and fails
---if they hear something else than they did. "ilinkd record" writes recordings.
---@param path string The recording's, from the spec's folder.
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("answers as it did", function() bot:replay("recordings/ping.json") end)
---```
function Bot:replay(path) end

---What a bot keeps.
---@class spec.Data
local Data = {}

---Returns a kept value, nil if there is none.
---@param key string
---@return any value
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("keeps nothing", function() expect(bot.kv.get("visits")).to.be_nil() end)
---```
function Data.get(key) end

---Keeps a value, or with nil none.
---@param key string
---@param value any
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("begins with a value", function()
---  bot.kv.set("visits", 41)
---  expect(bot.kv.get("visits")).to.equal(41)
---end)
---```
function Data.set(key, value) end

---Lists the keys.
---@param prefix? string Only those that begin with it.
---@return string[] keys
---@example
---```lua
---local bot = load_bot("echo.lua")
---it("keeps nothing", function() expect(bot.kv.keys()).to.equal {} end)
---```
function Data.keys(prefix) end

---What a bot keeps about a user; as kv.user(id) in a bot.
---@class spec.UserData
local UserData = {}

---Returns a kept value, nil if there is none.
---@param key string
---@return any value
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("keeps nothing", function() expect(alice.kv:get("name")).to.be_nil() end)
---```
function UserData:get(key) end

---Keeps a value, or with nil none.
---@param key string
---@param value any
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("knows the name", function() alice.kv:set("name", "Alice") end)
---```
function UserData:set(key, value) end

---Lists the keys.
---@param prefix? string Only those that begin with it.
---@return string[] keys
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("keeps nothing", function() expect(alice.kv:keys()).to.have_length(0) end)
---```
function UserData:keys(prefix) end

---Somebody who writes to the bot.
---@class spec.User
---@field id string
---@field kv spec.UserData What the bot keeps about the user.
local User = {}

---Writes to the bot, and returns once that has done what it can: its handlers have
---ended, or wait for an answer or a time.
---@param what string|number|spec.Said
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("answers", function()
---  alice:says("ping")
---  alice:says { text = "look", image = { name = "cat.png", data = "\137PNG" } }
---  alice:says { text = "that one?", quote = alice:hears() }
---end)
---```
function User:says(what) end

---What a user writes. A file is a path from the spec's folder, or its name and bytes.
---@class spec.Said
---@field text? string
---@field image? string|spec.File
---@field voice? string What was said, as the server understood it.
---@field video? string|spec.File
---@field file? string|spec.File
---@field quote? string|spec.Heard What it quotes: a text, or what the user has heard.

---@class spec.File
---@field name string
---@field data string

---Returns the next message that the user got, from the first on. It is an error if
---there is none.
---@return spec.Heard message
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("answers", function()
---  alice:says("ping")
---  expect(alice:hears()).to.equal("pong")
---end)
---```
function User:hears() end

---A message that a user got. It counts as its text; of a file, as "[image cat.png]".
---@class spec.Heard
---@field id string
---@field kind "text"|"image"|"video"|"file"
---@field text string
---@field time number When, in seconds since 1970.
---@field recalled boolean Whether the bot has taken it back.
---@field name? string A file's name.
---@field data? string A file's bytes.

---Fails if there is a message that hears hasn't returned.
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("says nothing unasked", function() alice:hears_nothing() end)
---```
function User:hears_nothing() end

---Returns all messages that the user got in this case.
---@return spec.Heard[] messages
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("answers each time", function()
---  for _ = 1, 3 do alice:says("ping") end
---  expect(alice:heard()).to.have_length(3)
---  expect(alice:heard()[3]).to.equal("pong")
---end)
---```
function User:heard() end

---Reports whether the user sees "typing…".
---@return boolean
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("isn't typing", function() expect(alice:sees_typing()).to.equal(false) end)
---```
function User:sees_typing() end

---Changes what the user's last message still allows. What waited is sent, if it may.
---@param window? spec.Window
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("has one message left", function() alice:window { used = 9 } end)
---```
function User:window(window) end

---@class spec.Window
---@field open? boolean Whether the bot may send to the user at all; true if left out.
---@field used? integer How many messages it has sent since the user's last one; 0 if left out.

---Returns how many messages wait until the user writes again.
---@return integer
---@example
---```lua
---local alice = load_bot("echo.lua"):user("alice")
---it("has nothing to wait for", function() expect(alice:waiting()).to.equal(0) end)
---```
function User:waiting() end

---The time of the case, which passes only when it is told to. What becomes due on the
---way happens: timers, and ends of waiting.
---@class clock
clock = {}

---Returns the time, in seconds since 1970.
---@return number
---@example
---```lua
---expect(os.date("%Y-%m-%d", clock.now())).to.equal("2026-01-05")
---```
function clock.now() end

---Has time pass.
---@param span ilink.Span
---@example
---```lua
---clock.advance(90)
---expect(os.date("%H:%M:%S", clock.now())).to.equal("09:01:30")
---```
function clock.advance(span) end

---Has time pass until then.
---@param time number|string Seconds since 1970, "2026-01-05 17:30", or "17:30" for the next time that it is that late.
---@param zone? ilink.Zone The time zone of a text, such as "Asia/Shanghai"; the one of the specs if left out, see "ilinkd test --zone".
---@example
---```lua
---clock.set("17:30")
---expect(os.date("%H:%M", clock.now())).to.equal("17:30")
---clock.set("2026-03-01 09:00", "Asia/Shanghai")
---expect(os.date("!%F %H:%M", clock.now())).to.equal("2026-03-01 01:00")
---```
function clock.set(time, zone) end

---Answers what the bot asks of web services. What nothing answers fails the case.
---A later stub goes before an earlier one.
---@param method_or_url string A method, such as "POST", with the URL after it; or the URL alone, for all methods. In a URL * stands for anything; if it has no ?, a query doesn't matter.
---@param ... string|spec.Response|(fun(request: spec.Request): spec.Response|string) The URL if there is a method, and the answer: a text, a table, or a function that returns one.
---@example
---```lua
---http.stub("https://api.example.org/weather", { json = { temperature = 21 } })
---http.stub("POST", "https://api.example.org/*", function(request)
---  return { status = 400, body = "what is " .. request.body .. "?" }
---end)
---```
function http.stub(method_or_url, ...) end

---Returns what the bot has asked of web services in this case.
---@return spec.Request[] requests
---@example
---```lua
---expect(http.requests()).to.equal {}
---```
function http.requests() end

---Plays the language model that the bot asks with llm, at whatever service: it gives these
---answers, one after the other, and the last of them again and again. A tool that the
---model calls is run in the bot, which then asks for the next answer. What the model was
---told is in http.requests(). A service that fails is http.stub's:
---http.stub("*", { status = 500 }).
---@param answer string|spec.ModelAnswer What the model says, or does.
---@param ... string|spec.ModelAnswer Its next answers.
---@example
---```lua
---llm.stub("Hello!")
---llm.stub({ calls = { weather = { city = "Paris" } } }, "It rains in Paris.")
---```
function llm.stub(answer, ...) end

---An answer of a language model.
---@class spec.ModelAnswer
---@field says? string What it says.
---@field calls? table<string, table> The tools that it calls, by their names, with their arguments.

---What a bot asked for.
---@class spec.Request
---@field method string
---@field url string
---@field headers table<string, string> By their names in small letters.
---@field body string

---The answer of a stub.
---@class spec.Response
---@field status? integer 200 if left out.
---@field headers? table<string, string>
---@field body? string
---@field json? any The body, as JSON.
---@field events? (string|table)[] The body, as a stream of events such as those of LLM services; tables as JSON.
---@field error? string There is no answer, but this error, such as "connection refused".
