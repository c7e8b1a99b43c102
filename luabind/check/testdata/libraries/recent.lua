-- use: lib.demo()
-- want: b,c
-- A cache of what was used last, with __pairs for those who have it.
local lru = {}
local cut = table.remove
function lru.new(max_size, max_bytes)
  assert(max_size >= 1, "max_size must be >= 1")
  assert(not max_bytes or max_bytes >= 1, "max_bytes must be >= 1")
  local order, map = {}, {}
  local function touch(_, key)
    for i, k in ipairs(order) do if k == key then cut(order, i) break end end
    order[#order + 1] = key
  end
  local mt = { __index = {
    get = function(_, key) if map[key] ~= nil then touch(map, key) end return map[key] end,
    set = function(self, key, value)
      if #order >= max_size and map[key] == nil then map[cut(order, 1)] = nil end
      map[key] = value
      touch(map, key)
      return self
    end,
    keys = function() return table.concat(order, ",") end,
  }, __pairs = function() return next, map, nil end }
  return setmetatable({}, mt)
end
function lru.demo() return lru.new(2):set("a", 1):set("b", 2):set("c", 3):keys() end
return lru
