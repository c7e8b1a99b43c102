-- use: lib(function(a, b) return a + b end)(1, 2) .. tostring(lib.calls)
-- want: 31
-- Memoizes by all arguments, with varargs and nil.
local unpack = unpack or table.unpack
local memoize = { calls = 0 }
local NIL = {}
local function is_callable(f)
  local tf = type(f)
  if tf == "function" then return true end
  if tf == "table" then
    local mt = getmetatable(f)
    return type(mt) == "table" and is_callable(mt.__call)
  end
  return false
end
function memoize.memoize(f, cache)
  if not is_callable(f) then error(string.format("Only functions and callable tables are memoizable. Received %s (a %s)", tostring(f), type(f))) end
  cache = cache or {}
  return function(...)
    local node = cache
    for i = 1, select("#", ...) do
      local k = select(i, ...)
      if k == nil then k = NIL end
      node.children = node.children or {}
      node.children[k] = node.children[k] or {}
      node = node.children[k]
    end
    if not node.results then
      memoize.calls = memoize.calls + 1
      node.results = { f(...) }
    end
    return unpack(node.results)
  end
end
setmetatable(memoize, { __call = function(_, ...) return memoize.memoize(...) end })
return memoize
