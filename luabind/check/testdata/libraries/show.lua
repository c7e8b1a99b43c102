-- use: lib({ 1, 2, a = { b = "x" } })
-- want: { 1, 2, a = { b = "x" } }
-- Tables as text, with the module as a function.
local show = {}
local huge = math.huge or 1 / 0
local gsub = string.gsub
local function rawpairs(t) return next, t, nil end
local function rank(v) return type(v) == "number" and "0" or type(v) end
local math_type = math.type or function(x) return x == math.floor(x) and "integer" or "float" end
local function quoted(s) return '"' .. gsub(s, '[%c"\\]', function(c) return "\\" .. c:byte() end) .. '"' end
function show.show(v, depth)
  depth = depth or huge
  if type(v) == "string" then return quoted(v) end
  if type(v) ~= "table" then return tostring(v) end
  if depth <= 0 then return "{...}" end
  local keys, parts = {}, {}
  for i = 1, #v do parts[i] = show.show(v[i], depth - 1) end
  for k in rawpairs(v) do
    if not (type(k) == "number" and math_type(k) == "integer" and k >= 1 and k <= #v) then keys[#keys + 1] = k end
  end
  table.sort(keys, function(a, b) return rank(a) < rank(b) or rank(a) == rank(b) and tostring(a) < tostring(b) end)
  for _, k in ipairs(keys) do parts[#parts + 1] = tostring(k) .. " = " .. show.show(v[k], depth - 1) end
  return "{ " .. table.concat(parts, ", ") .. " }"
end
setmetatable(show, { __call = function(_, ...) return show.show(...) end })
return show
