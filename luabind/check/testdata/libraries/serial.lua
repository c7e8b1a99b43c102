-- use: lib.line({ 1, "a", x = true }) .. tostring(lib.load("x"))
-- want: {1, "a", x = true}nil
-- A serializer that looks at all libraries, and loads what it wrote where it can.
local snum = { [tostring(1 / 0)] = "1/0", [tostring(-1 / 0)] = "-1/0" }
local keyword, globals, G = {}, {}, (_G or _ENV)
for _, k in ipairs({ "and", "break", "do" }) do keyword[k] = true end
for k, v in pairs(G) do globals[v] = k end
for _, g in ipairs({ "coroutine", "debug", "io", "math", "string", "table", "os", "utf8" }) do
  for k, v in pairs(type(G[g]) == "table" and G[g] or {}) do globals[v] = g .. "." .. k end
end
local function safestr(s)
  return type(s) == "number" and (snum[tostring(s)] or ("%.17g"):format(s)) or type(s) ~= "string" and tostring(s) or ("%q"):format(s):gsub("\010", "n"):gsub("\026", "\\026")
end
local function line(t)
  if type(t) ~= "table" then return (safestr(t)) end
  local out = {}
  for i, v in ipairs(t) do out[i] = line(v) end
  for k, v in pairs(t) do
    if type(k) == "string" and not keyword[k] then out[#out + 1] = k .. " = " .. line(v) end
  end
  return "{" .. table.concat(out, ", ") .. "}"
end
local function deserialize(data, opts)
  local env = (opts and opts.safe == false) and G or setmetatable({}, { __index = function(t) return t end })
  local f, res = nil, nil
  if loadstring or load then f, res = (loadstring or load)("return " .. data, nil, nil, env) end
  if not f then return nil, res end
  if setfenv then setfenv(f, env) end
  return pcall(f)
end
return { line = line, load = deserialize, dump = function(f) return string.dump and ("((loadstring or load)(%q))"):format(string.dump(f)) end }
