if DEBUG then print("debugging") end
local clock = get_clock and get_clock() or os.clock
local has_unpack = type(unpack_all) == "function"
local trunc = math.trunc or function(x) return x < 0 and math.ceil(x) or math.floor(x) end
if string.startswith == nil then print("none", trunc(1.5)) end
function on_message(msg)
  if not started then print("first") end
  if has_unpack and _G.unpack_all then msg:reply("x") end
  msg:reply(tostring(clock()))
end
