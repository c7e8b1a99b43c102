-- use: tostring(lib("1.2.3-alpha") < lib("1.2.3")) .. tostring(lib(1, 2):nextMinor())
-- want: true1.3.0
-- Semantic versions with operators.
local semver = { _VERSION = "1.2.1" }
local function checkPositiveInteger(number, name)
  assert(number >= 0, name .. " must be a valid positive number")
  assert(math.floor(number) == number, name .. " must be an integer")
end
local function present(value) return value and value ~= "" end
local methods = {}
local mt = { __index = methods }
local function new(major, minor, patch, pre)
  assert(major, "At least one parameter is needed")
  if type(major) == "string" then
    local sMajor, sMinor, sPatch, rest = major:match("^(%d+)%.?(%d*)%.?(%d*)(.-)$")
    assert(type(sMajor) == "string", ("Could not extract version number(s) from %q"):format(major))
    major, minor, patch = tonumber(sMajor), tonumber(sMinor), tonumber(sPatch)
    pre = present(rest) and rest:match("^%-(%w[%.%w-]*)$") or nil
  end
  minor, patch = minor or 0, patch or 0
  checkPositiveInteger(major, "major")
  return setmetatable({ major = major, minor = minor, patch = patch, pre = pre }, mt)
end
function methods:nextMinor() return new(self.major, self.minor + 1, 0) end
function mt:__lt(o)
  if self.major ~= o.major then return self.major < o.major end
  if self.minor ~= o.minor then return self.minor < o.minor end
  if self.patch ~= o.patch then return self.patch < o.patch end
  return self.pre ~= nil and o.pre == nil
end
function mt:__tostring() return ("%d.%d.%d"):format(self.major, self.minor, self.patch) .. (self.pre and "-" .. self.pre or "") end
setmetatable(semver, { __call = function(_, ...) return new(...) end })
return semver
