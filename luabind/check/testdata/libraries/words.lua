-- use: lib.translate("hi", { name = "Ann", count = 2 })
-- want: Hi Ann, 2 things
-- Translations, with files next to the module by its own name.
local current_path = (...) and (...):gsub("%.init$", "") or ""
local interpolate, plural
local ok_plural = pcall(function() plural = require(current_path .. ".plural") end)
if not ok_plural then plural = { get = function(_, n) return n == 1 and "one" or "other" end } end
local ok_inter
ok_inter, interpolate = pcall(require, "interpolate_of_words")
if not ok_inter then
  interpolate = function(s, vars) return (s:gsub("%%{(.-)}", function(k) return tostring(vars[k]) end)) end
end
local i18n, store, locale = {}, nil, "en"
local unpack = unpack or table.unpack
local function split(str) local t = {} for part in str:gmatch("[^%.]+") do t[#t + 1] = part end return t end
function i18n.reset() store = { en = { hi = { one = "Hi %{name}, a thing", other = "Hi %{name}, %{count} things" } } } end
function i18n.translate(key, data)
  local node = store[locale]
  for _, k in ipairs(split(key)) do node = node and node[k] end
  if type(node) == "table" then node = node[plural.get(locale, data.count or 1)] end
  return node and interpolate(node, data)
end
function i18n.loadFile(path)
  local chunk = assert(loadfile(path))
  local data = chunk()
  return i18n.translate(unpack(data))
end
setmetatable(i18n, { __call = function(_, ...) return i18n.translate(...) end })
i18n.reset()
return i18n
