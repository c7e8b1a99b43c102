-- use: lib.to_base16("Az") .. lib.from_base16("417A") .. lib.to_bit("A")
-- want: 417AAz01000001
-- Bases by gsub.
local M = {}
local function divide_string(str, max) local out = {} for i = 1, #str, max do out[#out + 1] = str:sub(i, i + max - 1) end return out end
local function number_to_bit(num, length)
  local bits = {}
  while num > 0 do
    local rest = math.floor(math.fmod(num, 2))
    table.insert(bits, rest)
    num = (num - rest) / 2
  end
  while #bits < length do table.insert(bits, "0") end
  return string.reverse(table.concat(bits))
end
local ignore_set = function(str, set) return set and (str:gsub("[" .. set .. "]", "")) or str end
function M.to_bit(str) return (str:gsub(".", function(c) return number_to_bit(c:byte(), 8) end)) end
function M.to_base16(str) return (str:gsub(".", function(c) return ("%02X"):format(c:byte()) end)) end
function M.from_base16(str, ignore)
  local out = {}
  for _, pair in ipairs(divide_string(ignore_set(str, ignore), 2)) do
    local n = tonumber(pair, 16)
    if not n then return nil, "unexpected character" end
    out[#out + 1] = string.char(n)
  end
  return table.concat(out)
end
return M
