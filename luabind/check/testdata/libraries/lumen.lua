-- use: lib.round(2.567, .1) .. lib.format("{b} hi {a}", { a = "mark", b = "Oh" }) .. lib.lambda("x -> x") .. #lib.uuid()
-- want: 2.6Oh hi marknone36
-- Helpers, one of which compiles text, and one of which reads files.
local lume = { _version = "2.0" }
local pairs, ipairs = pairs, ipairs
local type, assert, unpack = type, assert, unpack or table.unpack
local tostring, tonumber = tostring, tonumber
local math_floor, math_ceil = math.floor, math.ceil
local math_random = love and love.math and love.math.random or math.random
local noop = function() end
local iscallable = function(x)
  if type(x) == "function" then return true end
  local mt = getmetatable(x)
  return mt and mt.__call ~= nil
end
function lume.round(x, increment)
  if increment then return lume.round(x / increment) * increment end
  return x >= 0 and math_floor(x + .5) or math_ceil(x - .5)
end
function lume.uuid()
  local fn = function(x)
    local r = math_random(16) - 1
    r = (x == "x") and (r + 1) or (r % 4) + 9
    return ("0123456789abcdef"):sub(r, r)
  end
  local id = ("xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx"):gsub("[xy]", fn)
  return id
end
function lume.lambda(str)
  local compile = loadstring or load
  if not compile then return "none" end
  local args, body = str:match([[^([%w,_ ]-)%->(.-)$]])
  return assert(compile("return function(" .. args .. ")\nreturn " .. body .. "\nend"))()
end
function lume.format(str, vars)
  if not vars then return str end
  local f = function(x) return tostring(vars[x] or vars[tonumber(x)] or "{" .. x .. "}") end
  return (str:gsub("{(.-)}", f))
end
function lume.trace(...)
  local info = debug.getinfo(2, "Sl")
  print(info.short_src .. ":" .. info.currentline, ...)
end
function lume.hotswap(modname)
  local xerror = function(e) return e end
  local ok, mod = xpcall(function() return require(modname) end, xerror)
  if not ok then return nil, mod end
  package.loaded[modname] = mod
  return mod, unpack({ noop, iscallable })
end
return lume
