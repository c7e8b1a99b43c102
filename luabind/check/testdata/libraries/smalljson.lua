-- use: lib.decode('{"a":[1,true,"x\\u0041"]}').a[3]
-- want: xA
-- A decoder by a table of functions for each first character.
local json = { _version = "0.1" }
local parse
local escapes = { b = "\b", n = "\n", t = "\t" }
local function char(n)
  local f = math.floor
  if n <= 0x7f then return string.char(n) end
  return string.char(f(n / 64) + 192, n % 64 + 128)
end
local function create_set(...)
  local res = {}
  for i = 1, select("#", ...) do res[select(i, ...)] = true end
  return res
end
local space = create_set(" ", "\t", "\r", "\n")
local function skip(s, i) while space[s:sub(i, i)] do i = i + 1 end return i end
local function decode_error(_, i, msg) error(string.format("%s at %d", msg, i)) end
local function parse_string(s, i)
  local j = i + 1
  while s:byte(j) ~= 34 do
    if j > #s then decode_error(s, i, "expected a closing quote") end
    j = j + (s:byte(j) == 92 and 2 or 1)
  end
  local text = s:sub(i + 1, j - 1):gsub("\\u(%x%x%x%x)", function(h) return char(tonumber(h, 16)) end)
  return text:gsub("\\(.)", function(c) return escapes[c] or c end), j + 1
end
local function parse_list(s, i, close, item)
  local res = {}
  i = skip(s, i + 1)
  while s:sub(i, i) ~= close do
    i = skip(s, item(s, i, res))
    if s:sub(i, i) == "," then i = skip(s, i + 1) end
  end
  return res, i + 1
end
local function word(text, v) return function(s, i) if s:sub(i, i + #text - 1) ~= text then decode_error(s, i, "invalid literal") end return v, i + #text end end
local kinds = {
  ['"'] = parse_string, t = word("true", true), f = word("false", false), n = word("null", nil),
  ["["] = function(s, i) return parse_list(s, i, "]", function(s, i, res) local v, j = parse(s, i) res[#res + 1] = v return j end) end,
  ["{"] = function(s, i) return parse_list(s, i, "}", function(s, i, res)
    local k, j = parse_string(s, i)
    local v, e = parse(s, skip(s, skip(s, j) + 1))
    res[k] = v
    return e
  end) end,
}
parse = function(s, i)
  local f = kinds[s:sub(i, i)]
  if f then return f(s, i) end
  local n = s:match("^-?[%d.eE+-]+", i)
  return tonumber(n), i + #n
end
function json.decode(s)
  if type(s) ~= "string" then error("expected argument of type string, got " .. type(s)) end
  return (parse(s, skip(s, 1)))
end
return json
