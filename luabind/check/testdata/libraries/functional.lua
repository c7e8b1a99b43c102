-- use: lib.sum(lib.range(4)) .. tostring(lib.exports)
-- want: 10nil
-- Iterators that can be exported into a table.
local exports, methods = {}, {}
if jit and jit.version_num and jit.version_num < 20000 then error("too old") end
local string_byte, min = string.byte or string.gfind, math.min
local return_if_not_empty = function(state_x, ...) if state_x == nil then return nil end return ... end
local mt = { __call = function(self) return self.gen, self.param, self.state end, __index = methods, __tostring = function() return "<generator>" end }
exports.range = function(n)
  local i = 0
  return setmetatable({ gen = function() i = i + 1 if i <= n then return i end end, param = nil, state = min(0, n) }, mt)
end
exports.sum = function(it) local s = 0 for v in it.gen do s = s + return_if_not_empty(v, v) end return s end
methods.sum = exports.sum
methods.bytes = function(_, s) return string_byte(s) end
setmetatable(exports, { __call = function(t, override)
  for k, v in pairs(t) do
    if rawget(_G, k) ~= nil then
      local msg = "function " .. k .. " already exists in global scope."
      if override then rawset(_G, k, v) print("WARNING: " .. msg .. " Overwritten.") else print("NOTICE: " .. msg .. " Skipped.") end
    end
  end
end })
return exports
