-- use: lib.name .. lib.encode({ 1 })
-- want: jsonmodule[1]
-- The first JSON library that there is.
local function try(...)
  for i = 1, select("#", ...) do
    local ok, lib = pcall(require, (select(i, ...)))
    if ok and type(lib) == "table" then return lib, (select(i, ...)) end
  end
end
local cjson = ngx and require("cjson.safe") or nil
local lib, name = try("cjson_safe", "rapidjson_of_c", "json")
local has_dk = pcall(require, "dkjson")
local null = cjson and cjson.null or ngx and ngx.null or setmetatable({}, { __tostring = function() return "null" end })
return {
  name = (name or "none") .. "module", null = null, has_dk = has_dk,
  encode = function(v) return (lib.encode(v):gsub("%s+", "")) end,
  decode = function(s) local ok, v = pcall(lib.decode, s) if ok then return v end return nil, v end,
}
