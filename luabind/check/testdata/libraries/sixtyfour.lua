-- use: lib.decode(lib.encode("Hello, 世界"))
-- want: Hello, 世界
-- Base 64 with bits from wherever.
local base64 = {}
local extract = _G.bit32 and _G.bit32.extract
if not extract then
  if _G.bit then
    local shl, shr, band = _G.bit.lshift, _G.bit.rshift, _G.bit.band
    extract = function(v, from, width) return band(shr(v, from), shl(1, width) - 1) end
  elseif _G._VERSION == "Lua 5.4" then
    extract = load [[return function(v, from, width) return (v >> from) & ((1 << width) - 1) end]]()
  else
    extract = function(v, from, width) return math.floor(v / 2 ^ from) % 2 ^ width end
  end
end
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
function base64.encode(s)
  local out = {}
  for i = 1, #s, 3 do
    local a, b, c = s:byte(i, i + 2)
    local v = a * 0x10000 + (b or 0) * 0x100 + (c or 0)
    for j = 3, 0, -1 do
      local at = extract(v, j * 6, 6) + 1
      out[#out + 1] = (j == 0 and not c or j == 1 and not b) and "=" or alphabet:sub(at, at)
    end
  end
  return table.concat(out)
end
function base64.decode(s)
  local bytes = s:gsub("[^%w%+/]", ""):gsub(".", function(c)
    local at, bits = alphabet:find(c, 1, true) - 1, ""
    for i = 5, 0, -1 do bits = bits .. extract(at, i, 1) end
    return bits
  end)
  return (bytes:gsub("%d%d%d?%d?%d?%d?%d?%d?", function(b) return #b == 8 and string.char(tonumber(b, 2)) or "" end))
end
return base64
