-- use: lib.encode({ a = lib.null, b = { 1, 2 } }) .. lib.VERSION .. tostring(lib.use_lpeg and lib.use_lpeg())
-- want: {"a":null,"b":[1,2]}1.0nil
-- JSON with an optional faster way, and no access to globals.
local always_use_lpeg = false
local register_global = false
local pairs, type, tostring, getmetatable, setmetatable = pairs, type, tostring, getmetatable, setmetatable
local error, require, pcall, select = error, require, pcall, select
local floor, huge = math.floor, math.huge
local strrep, gsub, strmatch, strformat, concat = string.rep, string.gsub, string.match, string.format, table.concat
local json = { VERSION = "1.0" }
local jsonlpeg = {}
if register_global then _G.plainjson = json end
local _ENV = nil -- blocks globals in later versions
pcall(function() local debmeta = require("debug").getmetatable if debmeta then getmetatable = debmeta end end)
json.null = setmetatable({}, { __tojson = function() return "null" end })
local function isarray(t)
  local n = 0
  for k in pairs(t) do
    if type(k) ~= "number" or k < 1 or floor(k) ~= k then return false end
    n = n + 1
  end
  return n == #t
end
function json.encode(v)
  local mt = getmetatable(v)
  if type(v) == "table" and mt and mt.__tojson then return mt.__tojson(v) end
  if type(v) == "string" then return '"' .. gsub(v, '["\\%c]', function(c) return strformat("\\u%04x", c:byte()) end) .. '"' end
  if type(v) == "number" then return (v ~= v or v == huge or v == -huge) and "null" or tostring(v) end
  if type(v) ~= "table" then return tostring(v) end
  local out = {}
  if isarray(v) then
    for i = 1, #v do out[i] = json.encode(v[i]) end
    return "[" .. concat(out, ",") .. "]"
  end
  local keys = {}
  for k in pairs(v) do keys[#keys + 1] = k end
  for i = 1, #keys do
    for j = i + 1, #keys do if keys[j] < keys[i] then keys[i], keys[j] = keys[j], keys[i] end end
  end
  for i = 1, #keys do out[i] = json.encode(keys[i]) .. ":" .. json.encode(v[keys[i]]) end
  return strrep("{", 1) .. concat(out, ",") .. "}"
end
function jsonlpeg.use_lpeg()
  local g = require("lpeg")
  if g.version() == "0.11" then error("due to a bug in LPeg 0.11, it cannot be used") end
  json.match, json.strmatch, json.select = g.match, strmatch, select
  return json
end
if always_use_lpeg then pcall(jsonlpeg.use_lpeg) end
return json
