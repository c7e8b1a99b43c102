--- modules json decode of many numbers | limit
for i = 1, 100 do json.decode("[" .. ("1,"):rep(3e6) .. "1]") end
--- modules json decode of many tables kept | limit
keep = {} for i = 1, 100 do keep[i] = json.decode("[" .. ("{},"):rep(2e6) .. "1]") end
--- modules json decode of many names | limit
local t = {} for i = 1, 2e5 do t[i] = '"k' .. i .. '":1' end local s = "{" .. table.concat(t, ",") .. "}" keep = {} while true do keep[#keep + 1] = json.decode(s) end
--- modules json decode of a long number | limit
assert(json.decode(("9"):rep(7e6)))
--- modules json decode of deep lists | fine
assert(not json.decode(("["):rep(5e6))) assert(not json.decode(("["):rep(4e6) .. ("]"):rep(4e6)))
--- modules json decode of many escapes | limit
local s = '"' .. ("\\u4f60"):rep(1e6) .. '"' while true do json.decode(s) end
--- modules json encode of many names | limit
local t = {} for i = 1, 1e5 do t["k" .. i] = i end while true do json.encode(t) end
--- modules json encode of control characters | error
for i = 1, 1e6 do json.encode(("\1"):rep(8e6)) end
--- modules json encode of deep tables | error
local t = {} for i = 1, 1e4 do t = { t } end json.encode(t)
--- modules json encode of cycles | error
local t = {} t[1] = t json.encode(t)
--- modules json encode with indent | limit error
local t = {} for i = 1, 1e5 do t[i] = { 1 } end while true do json.encode(t, { indent = 8 }) end
--- modules json encode with an indent of its own | error
json.encode({ {} }, { indent = ("x"):rep(1e6) })
--- modules json arrays marked without end | limit
keep = {} while true do keep[#keep + 1] = json.array({}) end
--- modules json arrays dropped without end | limit
while true do json.array({}) end
--- modules re of huge patterns | error limit
re.match("a", ("(a|b)"):rep(1e5))
--- modules re of nested repetitions | error
re.match("a", "(((a{100}){100}){100})")
--- modules re of nested stars | fine
re.match(("a"):rep(1e6), "((((a*)*)*)*)*b")
--- modules re of huge classes | fine
re.match("a", "[\\pL]{1,500}")
--- modules re of many patterns | limit
for i = 1, 1e6 do re.match("a" .. i, "a" .. i) end
--- modules re of slow patterns | limit error
for i = 1, 1e5 do re.match(("x"):rep(8e6), "(x+x+)+y") end
--- modules re.find_all of nothing | limit
for i = 1, 100 do re.find_all(("a"):rep(8e6), "") end
--- modules re.find_all of each | limit
keep = re.find_all(("a"):rep(8e6), "a")
--- modules re.find_all with groups | limit
keep = {} for i = 1, 100 do keep[i] = re.find_all(("ab"):rep(2e5), "(?P<x>a)(?P<y>b)") end
--- modules re.split at each | limit
keep = {} for i = 1, 100 do keep[i] = re.split((","):rep(8e6), ",") end
--- modules re.replace by long texts | error
re.replace(("a"):rep(8e6), "a", ("b"):rep(1e5))
--- modules re.replace by groups | error
re.replace(("a"):rep(1e6), "(a+)", ("$1"):rep(1e5))
--- modules re.replace by dollars | limit
while true do re.replace("aaa", "a", ("$$"):rep(1e6)) end
--- modules re.replace by a function | error limit
re.replace(("a"):rep(8e6), "a", function() return ("b"):rep(1e5) end)
--- modules re.replace by a function that replaces | error limit
local function f() return re.replace("aaa", "a", f) end f()
--- modules re.replace by a function that waits | limit
re.replace(("a"):rep(1e6), "a", function() kv.incr("n") end)
--- modules base64 of huge texts | limit
local s = ("x"):rep(5e6) while true do base64.encode(s) end
--- modules base64 that grows | error
local s = ("x"):rep(5e6) while true do s = base64.encode(s) end
--- modules base64 kept | limit
keep = {} local s = ("x"):rep(1e6) while true do keep[#keep + 1] = base64.encode(s) end
--- modules base64 decode | limit
local s = base64.encode(("x"):rep(5e6)) while true do base64.decode(s) end
--- modules hex that grows | error
local s = ("x"):rep(5e6) while true do s = hex.encode(s) end
--- modules hex decode | limit
local s = ("41"):rep(3e6) while true do hex.decode(s) end
--- modules hash of huge texts | limit
local s = ("x"):rep(8e6) while true do hash.sha512(s) end
--- modules hash with huge keys | limit
local s = ("x"):rep(8e6) while true do hash.hmac_sha256(s, s) end
--- modules hash of short texts | limit
while true do hash.md5("x") end
--- modules hash compared | limit
local a, b = ("x"):rep(8e6), ("x"):rep(8e6) while true do hash.equal(a, b) end
--- modules url decode | limit
local s = ("%41"):rep(2e6) while true do url.decode(s) end
--- modules url encode that grows | limit error
local s = ("%"):rep(4e6) while true do s = url.encode(s) end
--- modules url parse | limit
local s = "http://a/?" .. ("a=1&"):rep(1e6) while true do url.parse(s) end
--- modules url decode_query of many | limit error
local t = {} for i = 1, 3e5 do t[i] = "k" .. i .. "=1" end local s = table.concat(t, "&") while true do url.decode_query(s) end
--- modules url encode_query of many | limit error
local t = {} for i = 1, 1e5 do t["k" .. i] = ("%"):rep(10) end while true do url.encode_query(t) end
--- modules url join | limit error
local s = "http://a/" .. ("../"):rep(1e6) while true do url.join(s, s) end
--- modules time formats | limit error
while true do time.format(0, ("%c"):rep(1e6)) end
--- modules time of strange times | error fine
time.format(1e300) time.format(0 / 0) time.format(-1e300)
--- modules time zones | limit
for i = 1, 1e6 do pcall(time.format, 0, "%c", "Zone/" .. i) end
--- modules time zones outside | error
time.format(0, "%c", "../../../../etc/passwd")
--- modules time parse | limit error
local s = ("1"):rep(8e6) while true do time.parse(s) end
--- modules time durations | limit error
local s = ("1h"):rep(1e6) while true do time.seconds(s) end
--- modules time sleeps without end | error limit
for i = 1, 1e9 do time.sleep(0) end
--- modules time sleep too long | error limit
time.sleep(1e10)
--- modules time of day asked without end | limit
while true do os.time() end
--- modules time now asked without end | limit
while true do time.now() end
--- modules random numbers without end | limit
while true do math.random() end
--- modules random integers without end | limit
while true do random.int(1, 10) end
--- modules random bytes | error limit
random.bytes(1e12)
--- modules random bytes kept | limit
keep = {} while true do keep[#keep + 1] = random.bytes(1e6) end
--- modules random shuffles | limit
local t = {} for i = 1, 1e6 do t[i] = i end while true do random.shuffle(t) end
--- modules random shuffles kept | limit
local t = {} for i = 1, 1e5 do t[i] = i end keep = {} while true do keep[#keep + 1] = random.shuffle(t) end
--- modules text markdown of stars | limit
local s = ("*_`["):rep(1e6) while true do text.strip_markdown(s) end
--- modules text markdown of brackets | limit fine
for i = 1, 100 do text.strip_markdown(("["):rep(4e6)) end
--- modules text markdown of quotes | limit fine
for i = 1, 100 do text.strip_markdown(("> "):rep(3e6) .. "x") end
--- modules text markdown of images | limit fine
for i = 1, 100 do text.strip_markdown(("![a]("):rep(1e6)) end
--- modules text markdown of tables | limit fine
for i = 1, 100 do text.strip_markdown(("|a"):rep(1e6) .. "\n" .. ("|-"):rep(1e6)) end
--- modules text markdown of lists | limit fine
local s = {} for i = 1, 1000 do s[i] = (" "):rep(i) .. "- x" end s = table.concat(s, "\n") while true do text.strip_markdown(s) end
--- modules text chunks of one | limit
keep = {} for i = 1, 100 do keep[i] = text.chunks(("x"):rep(8e6), 1) end
--- modules text lines | limit
keep = {} for i = 1, 50 do keep[i] = text.lines(("\n"):rep(8e6)) end
--- modules text split into characters | limit
keep = {} for i = 1, 50 do keep[i] = text.split(("x"):rep(8e6), "") end
--- modules text split at each | limit
keep = {} for i = 1, 50 do keep[i] = text.split((","):rep(8e6), ",") end
--- modules text pad | error limit
text.pad("x", 1e15)
--- modules text of combined characters | limit
local s = ("👨‍👩‍👧‍👦"):rep(3e5) while true do text.truncate(s, 1e5) end
--- modules text of endless combinations | limit
local s = "e" .. ("\204\129"):rep(3e6) while true do text.len(s) end
--- modules text sub far within | limit
local s = ("语"):rep(2e6) for i = 1, 1e6 do text.sub(s, 1e6, 2e6) end
--- modules text width | limit
local s = ("语"):rep(2e6) while true do text.width(s) end
--- modules text fold | limit
local s = ("ß"):rep(3e6) while true do text.fold(s) end
--- modules text contains | limit
local s, p = ("a"):rep(8e6), ("a"):rep(4e6) .. "b" while true do text.contains(s, p) end
--- modules text trim | limit
local s = (" "):rep(8e6) while true do text.trim(s) end
--- modules env without end | limit
for i = 1, 1e9 do pcall(function() return env["X" .. i] end) end
--- modules env of the host | error
msg:reply(env.PATH)
--- modules files of the host | error
assert(files.read("../../../../../../etc/passwd"))
--- modules files read without end | limit
while true do files.read("hazard.lua") end
--- modules files lines without end | limit
while true do assert(files.lines("hazard.lua")) end
--- modules files list without end | limit
assert(files.write("out/c", "x")) while true do assert(files.list("out")) end
--- modules files written outside | error
assert(files.write("hazard.lua", "x = 1"))
--- modules files written without end | limit
local s = ("x"):rep(1e5) while true do assert(files.append("out/a", s)) end
--- modules files many | limit
for i = 1, 1e9 do assert(files.write("out/f" .. i, "x")) end
--- modules files names | error
files.write("out/" .. ("x"):rep(1e6), "x")
--- modules files csv | limit error
local t = {} for i = 1, 1e5 do t[i] = ("\""):rep(8) end while true do assert(files.append_csv("out/a.csv", t)) end
--- modules files csv read of wide rows | error
assert(files.write("out/b.csv", (","):rep(4e6))) assert(files.read_csv("out/b.csv"))
--- modules files csv read of many rows | limit
assert(files.write("out/b.csv", (",\n"):rep(1e6))) keep = {} while true do keep[#keep + 1] = assert(files.read_csv("out/b.csv")) end
--- modules kv counts without end | limit
while true do kv.incr("a") end
--- modules kv keys without end | limit
for i = 1, 1e9 do kv.set("k" .. i, i) end
--- modules kv filled | error limit
for i = 1, 1e9 do local _, err = kv.set("k" .. i, ("x"):rep(1e6)) if err then error(err) end end
--- modules kv of large values | error
kv.set("a", ("x"):rep(8e6))
--- modules kv of large tables | error limit
local t = {} for i = 1, 1e6 do t[i] = i end while true do kv.set("a", t) end
--- modules kv of cycles | error
local t = {} t.t = t kv.set("a", t)
--- modules kv of deep tables | error
local t = {} for i = 1, 1e4 do t = { t } end kv.set("a", t)
--- modules kv of long keys | error
kv.set(("k"):rep(8e6), 1)
--- modules kv listed without end | limit
while true do kv.keys("") end
--- modules kv large values read without end | limit
kv.set("a", ("x"):rep(1e6)) keep = {} while true do keep[#keep + 1] = kv.get("a") end
--- modules kv update that changes | error limit
kv.update("a", function(o) kv.set("a", math.random()) return 1 end)
--- modules kv update without end | limit
kv.update("a", function(o) while true do end end)
--- modules kv update in update | error limit
local function f() return kv.update("a", f) end kv.update("a", f)
--- modules kv update of many | limit
for i = 1, 1e9 do kv.update("a", function(o) return (o or 0) + 1 end) end
--- modules kv in a sort | error limit
local t = {} for i = 1, 1e4 do t[i] = i end table.sort(t, function(a, b) kv.incr("z") return math.random() < 0.5 end)
--- modules timers that start timers | fine error | messages=2
local function f() ilink.after(0, f) ilink.after(0, f) end f()
--- modules timers without end | error limit fine
while true do assert(ilink.after(1, function() end)) end
--- modules timers that hold much | limit error
for i = 1, 1e4 do local big = ("x"):rep(1e6) .. i ilink.after(1e6, function() return big end) end
--- modules timers that never end | limit | timers=1
ilink.after(0, function() while true do end end)
--- modules timers that take memory | limit | timers=1
ilink.after(0, function() keep = {} while true do keep[#keep + 1] = {} end end)
--- modules timers that fail | error | timers=1
ilink.after(0, function() error(("x"):rep(8e6)) end)
--- modules timers at strange times | error
ilink.at(0 / 0, function() end)
--- modules timers far away | error
ilink.after(1e300, function() end)
--- modules timers stopped by each other | fine
local a a = ilink.after(1, function() a:cancel() end) local b = ilink.after(0, function() a:cancel() end)
--- modules schedules at loading | load
for i = 1, 1e6 do ilink.every("1h", print, { name = "s" .. i }) end
function on_message(msg) end
--- modules schedules each second that never end | fine limit
ilink.every("1s", function() while true do end end, { name = "x" })
function on_message(msg) end
--- modules asks without end | limit fine
while true do msg:ask(nil, { timeout = 0 }) end
--- modules ten thousand asks | limit
for i = 1, 1e4 do msg:ask("x", { timeout = 0 }) end
--- modules asks of huge texts | fine error limit
msg:ask(("x"):rep(8e6), { timeout = 0 })
--- modules asks in asks | fine error
msg:ask("x", { match = function(m) return msg:ask("y", { timeout = 0 }) end, timeout = 0 })
--- modules asks in coroutines | fine error limit
for i = 1, 1000 do coroutine.wrap(function() msg:ask("x", { timeout = 0 }) end)() end
--- modules asks in gsub | fine error limit
(("x"):rep(1000)):gsub(".", function() msg:ask(nil, { timeout = 0 }) end)
--- modules choices without end | fine error limit
local t = {} for i = 1, 1e5 do t[i] = "x" .. i end msg:choose("q", t, { timeout = 0 })
--- modules choices that are no list | error
msg:choose("q", setmetatable({}, { __index = function() return "x" end }), { timeout = 0 })
--- modules confirmations without end | limit
for i = 1, 1e9 do msg:confirm("?", { timeout = 0 }) end
--- modules typing without end | limit
while true do msg:typing(true) end
--- modules typing in typing | error limit
local function f() msg:typing(f) end msg:typing(f)
--- modules typing of functions | limit
for i = 1, 1e9 do msg:typing(function() end) end
--- modules commands while handling | error
ilink.command("/x", print)
--- modules commands without end | load
for i = 1, 1e9 do ilink.command("/x" .. i, print) end
function on_message(msg) end
--- modules patterns of hears | limit
ilink.hears(("a?"):rep(30) .. ("a"):rep(30) .. "b", print)
for i = 1, 300 do ilink.hears((".-"):rep(20) .. "b" .. i, print) end
function on_message(msg) msg.text = ("a"):rep(1e4) string.find(msg.text, (".-"):rep(20) .. "b") end
--- modules middleware without end | error
ilink.use(function(msg, next) while true do next() end end)
function on_message(msg) end
--- modules middleware many | limit error fine
for i = 1, 1000 do ilink.use(function(msg, next) return next() end) end
function on_message(msg) end
--- modules uploads without end | limit error
for i = 1, 1e9 do assert(ilink.upload("hazard.lua")) end
--- modules http to this machine | error
assert(http.get("http://127.0.0.1:1/"))
--- modules http to this machine by other names | error
for _, h in ipairs({ "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]" }) do local r = http.get("http://" .. h .. ":1/") if r then return end end error("refused")
--- modules http refused without end | limit
while true do http.get("http://127.0.0.1:1/") end
--- modules http to strange URLs | error
for i = 1, 100 do pcall(http.get, ("http://"):rep(i)) end assert(http.get(("x"):rep(8e6)))
--- modules http of huge bodies | fine error
assert(http.post("SERVER/ok", ("x"):rep(8e6)))
--- modules http of huge headers | limit error
local h = {} for i = 1, 1e5 do h["X" .. i] = ("y"):rep(1000) end assert(http.get("SERVER/ok", { headers = h }))
--- modules http headers that split | error
assert(http.get("SERVER/ok", { headers = { ["X-A"] = "a\r\nHost: b" } }))
--- modules http without end | limit
while true do http.get("SERVER/ok") end
--- modules http of an endless answer | error
assert(http.get("SERVER/endless"))
--- modules http of endless answers kept | limit error
keep = {} while true do keep[#keep + 1] = http.get("SERVER/large").body end
--- modules http of endless headers | error
assert(http.get("SERVER/headers"))
--- modules http of a packed answer | error
assert(http.get("SERVER/packed"))
--- modules http redirected without end | error
assert(http.get("SERVER/redirect"))
--- modules http redirected elsewhere | error
assert(http.get("SERVER/elsewhere"))
--- modules http that never answers | error limit
assert(http.get("SERVER/silent", { timeout = 0.05 }))
--- modules http of events without end | limit
local s = assert(http.stream("SERVER/events")) for e in s:events() do end assert(not s.err, s.err)
--- modules http of events kept | limit
keep = {} local s = assert(http.stream("SERVER/events")) for e in s:events() do keep[#keep + 1] = e end
--- modules http of an endless event | error limit
local s = assert(http.stream("SERVER/event")) for e in s:events() do end error(s.err)
--- modules http of an endless line | error limit
local s = assert(http.stream("SERVER/endless")) for l in s:lines() do end error(s.err)
--- modules http streams never read | limit error
for i = 1, 1e9 do assert(http.stream("SERVER/events")) end
--- modules http streams dropped | limit error
while true do local s = http.stream("SERVER/events") if s then s:close() end end
--- modules llm refused | error
assert(llm.chat({ url = "http://127.0.0.1:1/", model = "x", prompt = "y" }))
--- modules llm without end | limit error
while true do pcall(llm.chat, { url = "SERVER/ok", model = "x", prompt = "y", stream = false }) end
--- modules llm of endless events | limit error
assert(llm.chat({ url = "SERVER/events", model = "x", prompt = "y" }))
--- modules llm of an endless answer | limit error
assert(llm.chat({ url = "SERVER/tokens", model = "x", prompt = "y" }))
--- modules llm of endless calls | limit error
assert(llm.chat({ url = "SERVER/calls", model = "x", prompt = "y", tools = { f = { call = function() return "x" end } } }))
--- modules llm of huge prompts | limit error fine
assert(llm.chat({ url = "SERVER/ok", model = "x", prompt = ("x"):rep(8e6) }))
--- modules logs without end | limit
for i = 1, 1e9 do ilink.log.warn("x" .. i) end
--- modules logs of huge texts | limit
while true do ilink.log.info(("x"):rep(8e6)) end
--- modules logs of huge tables | limit
local t = {} for i = 1, 1e6 do t[i] = { i } end while true do print(t) end
--- modules state by huge texts | fine limit
for i = 1, 100 do ilink.state.x = ("y"):rep(8e6) end
--- modules state of many tables | limit
local t = {} for i = 1, 2e6 do t[i] = {} end ilink.state.x = t
--- modules required without end | limit
for i = 1, 1e9 do pcall(require, "m" .. i) end
--- modules reply of many long texts | limit error
local t = {} for i = 1, 1e5 do t[i] = ("x"):rep(2000) .. i end msg:reply(t)
--- modules reply of many parts | fine error limit
msg:reply(("x\n\n"):rep(2e6))
--- modules reply without end in a coroutine | limit
local c = coroutine.wrap(function() while true do msg:reply("a") coroutine.yield() end end) while true do c() end
--- modules errors of huge texts | error
error(("x"):rep(8e6))
--- modules errors with __tostring that never ends | error
error(setmetatable({}, { __tostring = function() while true do end end }))
--- modules on_error that never ends | limit error
function on_message(msg) error("x") end
function on_error(err) while true do end end
--- modules on_error that fails | error
function on_message(msg) error("x") end
on_error = error
--- modules on_start that never ends | fine
function on_start() while true do end end
function on_message(msg) end
--- modules on_start that takes memory | memory | renewals=1
function on_start() keep = {} while true do keep[#keep + 1] = {} end end
function on_message(msg) end
--- modules on_start that takes memory again and again | memory | renewals=3
function on_start() keep = {} while true do keep[#keep + 1] = {} end end
function on_message(msg) end
--- modules on_stop that never ends | fine
function on_stop() while true do end end
function on_message(msg) end
