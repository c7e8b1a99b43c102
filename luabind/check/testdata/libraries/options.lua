-- use: lib("tool"):flag("-v"):parse({ "-v", "x" }).v .. lib("tool"):usage()
-- want: trueUsage: tool
-- A parser of command lines: arg, io and os where they are.
local class = {}
class.__index = class
local usage_width = tonumber((os.getenv or function() return nil end)("COLUMNS")) or 80
local function deep_update(t1, t2) for k, v in pairs(t2) do t1[k] = type(v) == "table" and deep_update({}, v) or v end return t1 end
function class:flag(name) self.flags[#self.flags + 1] = name return self end
function class:usage()
  local usage = { "Usage: " .. self.name }
  for _, f in ipairs(self.flags) do usage[#usage + 1] = "[" .. f .. "]" end
  return table.concat(usage, " "):sub(1, usage_width)
end
function class:error(msg)
  io.stderr:write(("%s\n\nError: %s\n"):format(self:usage(), msg))
  os.exit(-1)
end
function class:parse(args)
  args = args or (type(_G.arg) == "table" and _G.arg) or {}
  local result = {}
  for _, a in ipairs(args) do
    for _, f in ipairs(self.flags) do if f == a then result[f:sub(2)] = "true" end end
  end
  return deep_update({}, result)
end
local argparse = { version = "0.7.1" }
return setmetatable(argparse, { __call = function(_, default) return setmetatable({ name = default or (arg and arg[0]) or "?", flags = {} }, class) end })
