-- use: lib.parse("a,b\n1,\"x\"\"y\"\n", ",", { loadFromString = true })[1].b
-- want: x"y
-- CSV with a faster way for LuaJIT and the files of io.
local csv = { _VERSION = "fastcsv" }
local sbyte, ssub = string.byte, string.sub
local load = load
if type(jit) == "table" or _ENV then
  load = _G.loadstring or _G.load
  if jit and jit.opt then jit.opt.start("maxtrace=2000") end
end
local function readFile(name)
  local file = io.open(name, "r")
  if not file then error("ftcsv: File not found at " .. name) end
  local all = file:read("*all")
  file:close()
  return all
end
local function fields(line, delimiter)
  local out, i = {}, 1
  while i <= #line + 1 do
    if sbyte(line, i) == 34 then
      local j = i + 1
      while not (sbyte(line, j) == 34 and sbyte(line, j + 1) ~= 34) do j = j + (sbyte(line, j) == 34 and 2 or 1) end
      out[#out + 1] = ssub(line, i + 1, j - 1):gsub('""', '"')
      i = j + 2
    else
      local j = line:find(delimiter, i, true) or #line + 1
      out[#out + 1] = ssub(line, i, j - 1)
      i = j + 1
    end
  end
  return out
end
function csv.parse(input, delimiter, options)
  if not (options and options.loadFromString) then input = readFile(input) end
  local header, rows = nil, {}
  for line in input:gmatch("[^\r\n]+") do
    local row = fields(line, delimiter)
    if not header then
      header = row
    else
      local t = {}
      for i, name in ipairs(header) do t[name] = row[i] end
      rows[#rows + 1] = t
    end
  end
  return rows, load and load("return 1")
end
return csv
