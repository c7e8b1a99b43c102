-- use: table.concat(lib.split("a,b,,c", ","), "|") .. lib.strip("  x ") .. ("abc"):startswith_of_strings("ab")
-- want: a|b||cxyes
-- Texts, with what it adds to string, and the C version if there is one.
local ok, native = pcall(require, "stringy_core")
if ok and type(native) == "table" then return native end
local stringy = {}
function stringy.split(s, sep)
  local out, from = {}, 1
  local at, to = s:find(sep, from, true)
  while at do
    out[#out + 1] = s:sub(from, at - 1)
    from = to + 1
    at, to = s:find(sep, from, true)
  end
  out[#out + 1] = s:sub(from)
  return out
end
function stringy.strip(s) return (s:match("^%s*(.-)%s*$")) end
function stringy.find(s, sub, ...) return string.find(s, sub, ..., true) end
string.startswith_of_strings = function(s, start) return s:sub(1, #start) == start and "yes" or "no" end
return stringy
