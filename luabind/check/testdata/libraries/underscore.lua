-- use: lib.sum(lib.map({ 1, 2, 3 }, function(v) return v * 2 end)) .. " " .. tostring(lib.isInteger(3)) .. lib.chain({ 3, 4 }):sum():value()
-- want: 12 true7
-- Functions over tables, with chains, and with globals of whichever version.
local _MODULEVERSION = "2.1.0"
local next, type, pcall = next, type, pcall
local setmetatable, getmetatable = setmetatable, getmetatable
local t_insert, t_sort = table.insert, table.sort
local strsub = string.sub
local floor, max, min = math.floor, math.max, math.min
local rawget = rawget
local unpack = table.unpack or unpack
local G = _ENV or _G
local pack = table.pack or function(...) return { n = select("#", ...), ... } end
local M = {}
local function count(t) local i = 0 for _ in pairs(t) do i = i + 1 end return i end
function M.map(t, f) local r = {} for k, v in pairs(t) do r[k] = f(v, k) end return r end
function M.sum(t) local s = 0 for _, v in ipairs(t) do s = s + v end return s end
function M.isInteger(x) return type(x) == "number" and floor(x) == x end
function M.bind(f, ...) local a = pack(...) return function(...) return f(unpack(a, 1, a.n), ...) end end
function M.import(context, noConflict)
  context = context or G
  for k, v in pairs(M) do
    if not (noConflict and rawget(context, k)) then context[k] = v end
  end
  return context
end
local f, i = {}, {}
i.__index = f
f.chain = function(value) return setmetatable({ _value = value, _wrapped = true }, i) end
f.value = function(obj) return obj._value end
f.safe = function(obj, fn) return pcall(fn, max(obj._value, min(1, count({ next, getmetatable, strsub, t_sort, t_insert })))) end
for name, fn in pairs(M) do f[name] = function(obj, ...) return f.chain(fn(obj._value, ...)) end end
M.chain, M._VERSION = f.chain, _MODULEVERSION
return M
