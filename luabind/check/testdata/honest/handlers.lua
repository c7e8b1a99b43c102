-- Handlers in tables and variables, and hooks that are used otherwise.
local handlers = {}
function handlers.ping(msg) msg:reply("pong") end
function handlers:help(msg, ...) self.ping(msg, ...) end
local function fallback(msg, extra) msg:reply(msg.text .. (extra or "")) end
local function on_start() return 1 end
print(on_start())
local handle
local function recurse(n) if n > 0 then return recurse(n - 1) end return n end
function handle(msg)
  local h = handlers[msg.text] or fallback
  return h(msg, recurse(3))
end
on_message = function(msg) return handle(msg) end
local old = on_message
on_message = function(msg) return old(msg) end
if os.time() > 0 then
  function on_interrupt(msg) return msg.text == "stop" end
else
  function on_interrupt() return false end
end
