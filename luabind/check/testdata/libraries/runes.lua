-- use: lib.len("a世😀") .. lib.char(0x4e16) .. lib.lib
-- want: 3世own
-- utf8 for older versions, by itself.
local utf8x = {}
utf8x.charpattern = "[%z\1-\127\194-\244][\128-\191]*"
utf8x.lib = (_VERSION == "Lua 5.3" or _VERSION == "Lua 5.4") and utf8 and "native" or "own"
if utf8x.lib == "native" then for k, v in pairs(utf8) do utf8x[k] = v end end
local floor, char = math.floor, string.char
function utf8x.char(...)
  local out = {}
  for i = 1, select("#", ...) do
    local c = select(i, ...)
    if c < 0x80 then out[i] = char(c)
    elseif c < 0x800 then out[i] = char(0xC0 + floor(c / 64), 0x80 + c % 64)
    elseif c < 0x10000 then out[i] = char(0xE0 + floor(c / 4096), 0x80 + floor(c / 64) % 64, 0x80 + c % 64)
    else out[i] = char(0xF0 + floor(c / 262144), 0x80 + floor(c / 4096) % 64, 0x80 + floor(c / 64) % 64, 0x80 + c % 64) end
  end
  return table.concat(out)
end
function utf8x.len(s) local n = 0 for _ in s:gmatch(utf8x.charpattern) do n = n + 1 end return n end
return utf8x
