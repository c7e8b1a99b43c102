-- use: lib.diff("2026-11-27", "2026-11-25") .. lib(0):year()
-- want: 21970
-- Days between dates, with a module shim of older versions.
local _MODULE = ...
local gmatch = string.gmatch or string.gfind
local fmt, floor = string.format, math.floor
local fmod = math.fmod or math.mod
local clock = os.clock or socket and socket.gettime
local date = module and module(_MODULE, package.seeall) or {}
local function days(y, m, d)
  if m <= 2 then y, m = y - 1, m + 12 end
  return 365 * y + floor(y / 4) - floor(y / 100) + floor(y / 400) + floor((153 * m - 457) / 5) + d - 306
end
local dobj = {}
dobj.__index = dobj
function dobj:year() return tonumber(os.date("!%Y", self.seconds)) end
local function number(s) return assert(tonumber(s), fmt("no number: %s", tostring(s))) end
function date.parse(s)
  local parts = {}
  for n in gmatch(s, "%d+") do parts[#parts + 1] = number(n) end
  return days(parts[1], parts[2], parts[3])
end
function date.diff(a, b) return fmod(date.parse(a) - date.parse(b), 1e9) end
function date.elapsed() return clock() end
return setmetatable(date, { __call = function(_, s) return setmetatable({ seconds = s }, dobj) end })
