ilink.use(function(msg, next)
  local began = os.clock()
  next()
  print(msg.id, os.clock() - began)
end)
ilink.use(function(...) local _, next = ... next() end)
for _, name in ipairs { "/one", "/two" } do
  ilink.command(name, function(msg, args) msg:reply(name .. args.text .. (args[1] or "")) end, "counts")
end
local function help(msg) msg:reply("Help yourself.") end
local function setup() ilink.hears("help", help) end
setup()
ilink.hears({ "^hello", "^hi" }, function(msg, ...) msg:reply(..., { mode = "fail" }) end)
ilink.hears({ kind = "image" }, function(msg) msg:reply("Nice.") end)
ilink.hears(".*", help)
