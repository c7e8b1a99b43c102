-- use: lib.pformat({ 1 }) .. lib.level
-- want: {1}0
-- Prints tables, to io where there is one.
local pprint = { VERSION = "0.1" }
local depth = 1
local unpack = table.unpack or unpack
pprint.defaults = { show_nil = true, level_width = 80, indent_size = 2 }
local cache = setmetatable({}, { __mode = "k" })
local is_main = not pcall(debug and debug.getlocal or error, 4, 1)
pprint.level = (is_main and debug and 1 or 0)
local width = tonumber(os.getenv and os.getenv("COLUMNS") or 80)
function pprint.pformat(obj, option, printer)
  local buf = {}
  local p = printer or function(s) buf[#buf + 1] = s end
  cache[obj] = true
  p("{" .. table.concat(obj, ", ") .. "}")
  return table.concat(buf), option, width, depth and nil
end
function pprint.pprint(...)
  local args = { ... }
  for i = 1, select("#", ...) do
    pprint.pformat(args[i], pprint.defaults, io and io.write or print)
    if io then io.write("\n") end
  end
  return unpack(args)
end
setmetatable(pprint, { __call = function(_, ...) pprint.pprint(...) end })
return pprint
