-- use: (lib("%{red}hi"):gsub("\27", "ESC")) .. tostring(lib.supported)
-- want: ESC[0m/ESC[31m/hi/ESC[0mfalse
-- Colors for terminals that have them.
local pairs, tostring, setmetatable = pairs, tostring, setmetatable
local schar = string.char
local function isWindows() return package and package.config and type(package.config) == "string" and package.config:sub(1, 1) == "\\" end
local supported = not isWindows()
if isWindows() then supported = os.getenv("ANSICON") end
supported = supported and io and io.stdout and true or false
local keys = { reset = 0, bright = 1, red = 31, green = 32 }
local escapeString = schar(27) .. "[%dm"
local function escapeNumber(number) return escapeString:format(number) end
local function replaceCodes(str)
  str = tostring(str or "")
  return (str:gsub("(%%{(.-)})", function(_, words)
    local buffer = {}
    for word in words:gmatch("%w+") do
      local n = keys[word]
      assert(n, "Unknown key: " .. word)
      buffer[#buffer + 1] = escapeNumber(n)
    end
    return table.concat(buffer) .. "/"
  end))
end
for k in pairs(keys) do assert(k) end
return setmetatable({ supported = supported }, { __call = function(_, str) return (replaceCodes("%{reset}" .. tostring(str or "")) .. "/" .. escapeNumber(0)) end })
