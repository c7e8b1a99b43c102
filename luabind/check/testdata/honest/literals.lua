-- What is written out may do in place of what the definitions name.
local t = setmetatable({}, { __index = table, __call = function() return "x" end })

function on_message(msg)
  table.insert(t, "x")
  table.insert(t, 1, {})
  table.sort(t, function(a, b) return a < b end)
  local s = string.rep("x", "3") .. ("x"):rep(3) .. string.format("%d %s", "10", 1)
  s = s:gsub("x", { x = "y" }):gsub("y", function() return "z" end):gsub("z", "%0")
  local n = math.max("10", 2, "0x10") + tonumber("10") + tonumber("ff", 16) + tonumber(10)
  local ok, e = pcall(setmetatable, {}, {})
  print(select("#", "a"), select(-1, "a"), os.date("*t").year, os.date("%F", "0"), type({}), tostring({}), ok, e, n)
  for k, v in pairs({ "a" }) do print(k, v) end
  for w in s:gmatch("%a") do print(w) end
  coroutine.wrap(function() coroutine.yield({}, "x", 1) end)()
  http.post("https://example.org", "body", { timeout = "10s", headers = { a = "b" }, json = "x" })
  http.post("https://example.org", { a = 1 }, { timeout = 10, max_bytes = "1000" })
  kv.set("k", "v", { expires = "1 day" })
  kv.set("k", { 1, "two", { three = 3 } }, { expires = 3600 })
  kv.set("k", 1)
  msg:reply("a", 1, true, { "b", { image = "c.png" } }, { mode = "fail", lifetime = "1h" })
  msg:reply({ text = 5 })
  msg:ask({ text = "?", image = "a.png" }, { match = function(m) return m.text end, timeout = "5m", again = { "no", "again" } })
  msg:ask("?", { match = "^%d+$", retries = 1 })
  msg:choose("?", { 1, 2, "three" }, { timeout = 60, again = "again" })
  msg:typing(function() return "x" end)
  ilink.at(1900000000, function() end)
  ilink.after("10m", function() end)
  ilink.log({ 1 }, "x", 2)
  time.sleep("1s")
  llm.chat {
    url = "https://example.org", model = "m", prompt = "p", temperature = 0, headers = {}, extra = { n = 1 },
    messages = { { role = "user", content = "x" }, { role = "user", content = { { type = "text" } } } },
    tools = { f = { call = function() return 1 end, parameters = { a = "string", b = { type = "number" } } } },
    on_text = function(text) print(text) end,
  }
  files.append_csv("data/a.csv", { "a", 1, true }, { header = { "a", "b", "c" } })
  print(files.read_csv("a.csv", { header = true }), json.encode("x"), json.encode({}), json.decode("1"))
end

ilink.hears({ "a", "b" }, function() end)
ilink.hears({ kind = "image" }, function() end)
ilink.every(600, function() end)
ilink.every("@daily", print, { zone = "UTC", missed = "skip" })
