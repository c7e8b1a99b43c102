-- use: lib.pack(5) .. #lib.pack({ 1, 2 }) .. lib.kind
-- want: 53lua
-- Binary texts, by string.pack where there is one.
local m = {}
local char, floor, type = string.char, math.floor, type
local SIZEOF_NUMBER = string.pack and #string.pack("n", 0.0) or 8
local maxinteger = math.maxinteger or 2 ^ 53
local utf8_len = utf8 and utf8.len or function(s) return #s end
local math_type = math.type
m.kind = math_type and "native" or "lua"
if string.pack then
  m.double = function(n) return string.pack(">d", n) end
else
  local frexp = math.frexp or require("math").frexp or function(x) return x, 0 end
  m.double = function(n) local mant, exp = frexp(n) return char(mant % 256) .. exp end
end
local packers = setmetatable({}, { __index = function(_, k) error("pack '" .. k .. "' is unimplemented") end })
packers.number = function(n) return n < maxinteger and tostring(n) or m.double(n) end
packers.string = function(s) return char(160 + utf8_len(s) % 32) .. s end
packers.table = function(t)
  local out = { char(144 + #t) }
  for i = 1, #t do out[#out + 1] = packers[type(t[i])](t[i]) end
  return table.concat(out)
end
function m.pack(v) return packers[type(v)](v) end
m.size = floor(SIZEOF_NUMBER)
return m
