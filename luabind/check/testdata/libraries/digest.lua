-- use: lib.xor(12, 10) .. lib.hex("az") .. tostring(lib.fast)
-- want: 6617abit32
-- Bits by whichever library there is, or by arithmetic.
local md5 = { _VERSION = "md5.lua" }
local char, byte, format, rep = string.char, string.byte, string.format, string.rep
local ok_bit, bit = pcall(require, "bit_of_luajit")
local ok_bit32, bit32 = pcall(require, "bit32")
local ok_ffi, ffi = pcall(require, "ffi")
local bit_xor
if ok_bit then
  md5.fast, bit_xor = "bit", bit.bxor
elseif ok_bit32 then
  md5.fast, bit_xor = "bit32", bit32.bxor
else
  local native = _VERSION ~= "Lua 5.1" and (loadstring or load)("return function(a, b) return a ~ b end")
  bit_xor = native and native() or function(a, b)
    local r, p = 0, 1
    while a > 0 or b > 0 do
      if a % 2 ~= b % 2 then r = r + p end
      a, b, p = math.floor(a / 2), math.floor(b / 2), p * 2
    end
    return r
  end
end
if ok_ffi then md5.buffer = ffi.new("uint8_t[?]", 64) end
function md5.xor(a, b) return bit_xor(a, b) end
function md5.hex(s) return (s:gsub(".", function(c) return format("%02x", byte(c)) end)) .. rep(char(), 0) end
function md5.sumfile(name)
  local f = io.open(name, "rb")
  local s = f:read("*a")
  f:close()
  return md5.hex(s)
end
return md5
